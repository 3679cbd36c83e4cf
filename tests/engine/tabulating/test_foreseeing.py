"""Distributions that a preview foresees, held against those of the rows."""

from typing import Any

import numpy as np
import pytest

import simulacra
from simulacra.engine import errors
from simulacra.engine.report.distributions import Distribution
from simulacra.engine.tabulating import distributing
from simulacra.engine.tabulating.foreseeing import DIGITS

ASKED: dict[str, Any] = {
    "categorical": {"segment": {"Premium": 0.8}},
    "numeric": {"age": {"min": 20, "max": 60}},
}
COLUMNS = ("segment", "age", "channel", "region", "monthly_spend")


@pytest.fixture(scope="module")
def foreseen(meal_kit_model: simulacra.Model) -> dict[str, Distribution]:
    found = meal_kit_model.preview(4_000, seed=1, columns=COLUMNS, **ASKED).distributions
    return {each.column: each for each in found}


@pytest.fixture(scope="module")
def made(meal_kit_model: simulacra.Model) -> dict[str, Distribution]:
    rows = meal_kit_model.generate(4_000, seed=1, **ASKED).sample
    found = distributing.distributions(meal_kit_model.sample, rows, COLUMNS)
    return {each.column: each for each in found}


def test_conditioned_columns_are_told_as_they_will_be(
    foreseen: dict[str, Distribution], made: dict[str, Distribution]
) -> None:
    for name in ("segment", "age"):
        shares = [[part.rows for part in found[name].parts] for found in (foreseen, made)]
        assert shares[0] == pytest.approx(shares[1], abs=0.02)
        assert foreseen[name].is_conditioned
    premium = next(part for part in foreseen["segment"].parts if part.name == "Premium")
    assert premium.rows == pytest.approx(0.8, abs=1e-4)


def test_others_are_estimated_nearer_to_the_rows_than_the_study_is(
    foreseen: dict[str, Distribution], made: dict[str, Distribution]
) -> None:
    off, before = [], []
    for name in ("channel", "region"):
        for told, true in zip(foreseen[name].parts, made[name].parts, strict=True):
            assert told.study == true.study
            assert told.rows is not None
            assert true.rows is not None
            assert true.study is not None
            assert told.rows == round(told.rows, DIGITS)
            off.append(abs(told.rows - true.rows))
            before.append(abs(true.study - true.rows))
        assert not foreseen[name].is_conditioned
    assert np.mean(off) < np.mean(before)
    assert max(off) < 0.06
    assert foreseen["monthly_spend"].rows_mean == pytest.approx(
        made["monthly_spend"].rows_mean, rel=0.1
    )


def test_little_is_told_of_few_respondents(meal_kit_model: simulacra.Model) -> None:
    tight: dict[str, Any] = {
        "numeric": {"age": {"min": 25, "max": 25}},
        "categorical": {"segment": {"Premium": 1}},
    }
    shown = meal_kit_model.preview(50, seed=1, columns=["channel", "segment"], **tight)
    assert shown.support.seed_rows < 5
    assert [each.column for each in shown.distributions] == ["segment"]  # as it was asked for


def test_without_conditions_it_is_the_study(meal_kit_model: simulacra.Model) -> None:
    (shown,) = meal_kit_model.preview(50, seed=1, columns="channel").distributions
    for part in shown.parts:
        assert part.study is not None
        assert part.rows == pytest.approx(part.study, abs=0.006)


def test_a_name_that_is_not_there_is_refused(meal_kit_model: simulacra.Model) -> None:
    with pytest.raises(errors.TableError, match="channell"):
        meal_kit_model.preview(50, columns=["channell"], **ASKED)
