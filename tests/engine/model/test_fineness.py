"""Privacy levels: strict models tell fewer groups apart, and larger ones."""

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine import privacy_levels
from simulacra.engine.model import forest, kernels, saving


@pytest.fixture(scope="module")
def table() -> pa.Table:
    rng = np.random.default_rng(0)
    score = rng.normal(size=600)
    return pa.table(
        {
            "segment": np.where(score > 1, "Premium", np.where(score > 0, "Plus", "Value")),
            "channel": rng.choice(["online", "shop"], 600),
            "spend": np.round(50 + 20 * score + rng.normal(size=600), 2),
            "visits": np.round(30 + 10 * score + rng.normal(size=600), 2),
        }
    )


@pytest.fixture(scope="module", params=privacy_levels.ALL)
def model(request: pytest.FixtureRequest, table: pa.Table) -> simulacra.Model:
    return simulacra.fit(table, privacy=request.param)


def test_no_leaf_is_smaller_than_its_level_allows(model: simulacra.Model) -> None:
    for each in model._models:
        is_fine = model._pool.codings[each.column].is_fine
        fineness = forest.FINENESS[model.privacy]
        growth = fineness.of_numbers if is_fine else fineness.of_levels
        counts = each.forest.count[each.forest.feature == kernels.LEAF]
        assert counts.min() >= growth.min_rows


def test_the_level_is_saved_and_kept_when_a_scenario_refits(
    model: simulacra.Model, tmp_path: Path
) -> None:
    model.save(tmp_path / "saved")
    loaded = simulacra.load(tmp_path / "saved")
    assert loaded.privacy == model.privacy
    scenario = {"channel": {"online": 0.8}}
    made, again = (each.generate(200, seed=1, categorical=scenario) for each in (model, loaded))
    assert made.table == again.table


def test_strict_models_have_fewer_leaves(table: pa.Table) -> None:
    standard, strict = (
        sum(len(each.forest.feature) for each in simulacra.fit(table, privacy=level)._models)
        for level in (privacy_levels.STANDARD, privacy_levels.STRICT)
    )
    assert strict < 0.7 * standard


def test_a_level_that_there_is_not_is_refused(table: pa.Table) -> None:
    with pytest.raises(simulacra.StudyError, match="use one of 'standard', 'strict'"):
        simulacra.fit(table, privacy="none")


def test_a_forged_level_is_refused(model: simulacra.Model, tmp_path: Path) -> None:
    pool = dataclasses.replace(model._pool, privacy="none")
    saving.save(tmp_path / "forged", pool, model._models)
    with pytest.raises(simulacra.SavedModelError):
        simulacra.load(tmp_path / "forged")
