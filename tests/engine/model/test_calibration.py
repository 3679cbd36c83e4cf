"""Marginals of free rows are those of the study, whatever errors add up along the chain."""

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine.model import calibration, drawing
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool, Draws

ROWS = 900


def study(seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    first = rng.choice(["a", "b", "c"], ROWS, p=[0.5, 0.3, 0.2])
    second = np.where(rng.random(ROWS) < 0.7, first, rng.choice(["a", "b", "c"], ROWS))
    score = rng.normal(50, 10, ROWS).round(1) + 15 * (second == "a")
    return pa.table({"first": first, "second": second, "score": score})


@pytest.fixture(scope="module")
def model() -> simulacra.Model:
    return simulacra.fit(study())


def skewed(model: ConditionalModel, size: int) -> ConditionalModel:
    """Return a model that draws one code far too often."""
    odds = np.ones(size)
    odds[-2] = 5.0
    return dataclasses.replace(model, odds=odds)


def shares_of(pool: DonorPool, model: ConditionalModel, before: ConditionalModel) -> np.ndarray:
    """Return the shares of a column's states in rows that two models draw."""
    draws, rng = Draws(), np.random.default_rng(0)
    for each in (before, model):
        column, _ = drawing.draw_column(pool, each, draws, 6_000, rng)
        codes = pool.codings[each.column].codes(column.values)
        draws.add(each.column, column.values, codes, column.donors)
    return np.bincount(codes, minlength=pool.codings[model.column].size) / 6_000


def test_a_marginal_that_drifts_is_taken_back(model: simulacra.Model) -> None:
    pool, (first, second, *_) = model._pool, model._models
    size = pool.codings[second.column].size
    wanted = np.bincount(pool.codes[second.column], minlength=size) / ROWS
    drifting = skewed(second, size)
    assert np.abs(shares_of(pool, drifting, first) - wanted).max() > 0.1
    _, mended = calibration.calibrate(pool, [first, drifting], lambda *_: None)
    assert np.abs(shares_of(pool, mended, first) - wanted).max() < 0.015


def test_a_marginal_that_does_not_drift_is_left_alone() -> None:
    """Of independent columns, each model is its marginal, and dealt rows keep it."""
    rng = np.random.default_rng(3)
    table = pa.table({f"c{i}": rng.choice(["x", "y", "z"], ROWS) for i in range(4)})
    assert all(each.odds is None for each in simulacra.fit(table)._models)


def test_progress_is_reported_after_each_column(model: simulacra.Model) -> None:
    steps: list[tuple[int, int]] = []
    calibration.calibrate(model._pool, model._models, lambda *step: steps.append(step))
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_odds_that_do_not_fit_their_column_are_refused(
    model: simulacra.Model, tmp_path: Path
) -> None:
    pool, (first, second, *others) = model._pool, model._models
    size = pool.codings[second.column].size
    for odds in (np.ones(size + 1), np.zeros(size), np.full(size, np.nan)):
        forged = dataclasses.replace(second, odds=odds)
        simulacra.Model(pool, [first, forged, *others]).save(tmp_path / "it.model")
        with pytest.raises(simulacra.SavedModelError):
            simulacra.load(tmp_path / "it.model")


def test_odds_are_saved_with_the_model(model: simulacra.Model, tmp_path: Path) -> None:
    pool, (first, second, *others) = model._pool, model._models
    changed = simulacra.Model(pool, [first, skewed(second, pool.codings[1].size), *others])
    changed.save(tmp_path / "it.model")
    again = simulacra.load(tmp_path / "it.model")
    assert again.generate(500, seed=2).table == changed.generate(500, seed=2).table
    assert again.generate(500, seed=2).table != model.generate(500, seed=2).table


def children(rows: int = 2_000, seed: int = 1) -> pa.Table:
    """Return a health survey: children under 12 give no blood, and cholesterol is below age."""
    rng = np.random.default_rng(seed)
    age = rng.integers(0, 80, rows)
    cholesterol = np.clip(2 + 0.04 * age + rng.normal(0, 0.8, rows), 2, 9).round(1)
    return pa.table(
        {
            "cholesterol": pa.array(cholesterol, mask=age < 12),
            "age": age,
            "region": rng.choice(["north", "south"], rows),
        }
    )


def test_nobody_gets_lost_by_a_rule_of_chance() -> None:
    """A fifth of the study is under 16, though cholesterol is below age wherever it is known.

    Rows are dealt: 10,000 of them are within 0.01 of the model's share; 0.01 is left to the model.
    """
    table = children()
    model = simulacra.fit(table)
    assert "cholesterol <= age" not in set(model.rules)
    rows = model.generate(10_000, seed=1).table
    young = [float(np.mean(np.array(each["age"]) < 16)) for each in (table, rows)]
    assert young[1] == pytest.approx(young[0], abs=0.02)


def test_parts_of_a_total_keep_their_marginal_and_add_up() -> None:
    """Five items of a scale and their sum, which stands before them in the file."""
    rng = np.random.default_rng(2)
    trait = rng.normal(0, 1, 700)
    items = [
        np.clip(np.round(4 + trait + rng.normal(0, 1, 700)), 1, 7).astype(int) for _ in range(5)
    ]
    table = pa.table({"total": np.sum(items, axis=0), **{f"q{i}": x for i, x in enumerate(items)}})
    rows = simulacra.fit(table).generate(10_000, seed=1).table.to_pandas()
    assert (rows.total == rows[[f"q{i}" for i in range(5)]].sum(axis=1)).all()
    for name in table.column_names:
        before, after = np.sort(np.array(table[name])), np.sort(rows[name].to_numpy())
        grid = np.unique(before)
        distance = np.searchsorted(before, grid, "right") / 700
        distance -= np.searchsorted(after, grid, "right") / 10_000
        assert np.abs(distance).max() < 0.03, name
