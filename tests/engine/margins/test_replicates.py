"""Refits for margins of error in a file: what is written, and what is found again."""

import dataclasses
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine.margins import replicates
from simulacra.engine.margins.replicates import Replicate
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.forest import Forest

PEOPLE = 400


@pytest.fixture(scope="module")
def model() -> simulacra.Model:
    """Of a weighted study with a question for some respondents, and a number that repeats."""
    rng = np.random.default_rng(3)
    segment = rng.choice(["a", "b", "c"], PEOPLE)
    price = np.round(np.exp(rng.normal(3, 0.5, PEOPLE)) + 5 * (segment == "a"), 2)
    paid = np.where(rng.random(PEOPLE) < 0.5, price, np.round(price * rng.random(PEOPLE), 2))
    rating = np.where(rng.random(PEOPLE) < 0.3, np.nan, np.round(rng.normal(50, 20, PEOPLE), 1))
    table = pa.table(
        {
            "segment": segment,
            "price": price,
            "paid": paid,
            "rating": pa.array(rating, from_pandas=True),
            "w": rng.uniform(0.5, 2, PEOPLE),
        }
    )
    return simulacra.fit(table, weight="w")


def refits(model: simulacra.Model, number: int) -> list[Replicate]:
    return [replicates.refit(model._pool, model._sequence([]), 0, at) for at in range(number)]


def forests(models: list[ConditionalModel]) -> Iterator[Forest]:
    for model in models:
        yield model.forest
        if model.absence is not None:
            yield model.absence
        if model.repetition is not None:
            yield model.repetition.forest


def test_what_is_loaded_is_what_was_refitted(model: simulacra.Model, tmp_path: Path) -> None:
    made = refits(model, 3)
    assert any(each.absence is not None for each in made[0].models)
    assert any(each.repetition is not None for each in made[0].models)
    replicates.save(tmp_path / "refits", [], made)
    conditioned, loaded = replicates.load(
        tmp_path / "refits", model._pool, model._sequence([]), most=2
    )
    assert (conditioned, len(loaded)) == ((), 2)
    for one, other in zip(made[:2], loaded, strict=True):
        assert np.array_equal(one.pool.values, other.pool.values, equal_nan=True)
        assert np.array_equal(one.pool.weights, other.pool.weights)
        pairs = zip(forests([*one.models]), forests([*other.models]), strict=True)
        for grown, found in pairs:
            for field in dataclasses.fields(Forest):
                array = getattr(grown, field.name)
                assert array.dtype == getattr(found, field.name).dtype
                assert array.tolist() == getattr(found, field.name).tolist()


def test_no_respondents_are_written(model: simulacra.Model, tmp_path: Path) -> None:
    replicates.save(tmp_path / "refits", [], refits(model, 1))
    with zipfile.ZipFile(tmp_path / "refits") as file, file.open("donors.npy") as donors:
        assert np.load(donors).size == 0


def test_another_process_refits_nothing_and_has_the_same_margins(
    model: simulacra.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = {"segment": {"a": 0.5}}
    model.save(tmp_path / "model")
    first = model.generate(200, seed=1, categorical=shares, margins="quick")
    model.save_refits(tmp_path / "refits")
    other = simulacra.load(tmp_path / "model")
    with pytest.raises(ValueError, match="nothing was refitted"):
        other.save_refits(tmp_path / "none")
    assert other.load_refits(tmp_path / "refits") == other.refits == 8
    monkeypatch.setattr(replicates, "refit", None)
    second = other.generate(200, seed=1, categorical=shares, margins="quick")
    assert second.report.margins == first.report.margins


def test_refits_of_another_study_or_a_damaged_file_are_refused(
    model: simulacra.Model, mixed_model: simulacra.Model, tmp_path: Path
) -> None:
    replicates.save(tmp_path / "refits", [], refits(model, 1))
    with pytest.raises(simulacra.SavedModelError):
        mixed_model.load_refits(tmp_path / "refits")
    whole = (tmp_path / "refits").read_bytes()
    for size in range(0, len(whole), len(whole) // 10):
        (tmp_path / "refits").write_bytes(whole[:size])
        with pytest.raises(simulacra.SavedModelError):
            model.load_refits(tmp_path / "refits")
    model.save(tmp_path / "model")
    with pytest.raises(simulacra.SavedModelError):
        model.load_refits(tmp_path / "model")
