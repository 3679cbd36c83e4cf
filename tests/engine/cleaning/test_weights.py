"""Survey weights: what they may be, who stands for nobody, and what looks like one."""

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from simulacra.engine import errors, limits
from simulacra.engine.cleaning import clean
from simulacra.engine.cleaning.clean import Study
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.columns.schema import Schema, SurveyWeight
from simulacra.engine.options import Options

ROWS = 60
RNG = np.random.default_rng(0)
AGES, MOODS = RNG.integers(18, 80, ROWS), RNG.choice(["low", "mid", "high"], ROWS)
WEIGHTS = np.tile([0.5, 1.0, 2.5], ROWS // 3)


def study(weights: object, name: str = "wgt", label: str = "", **overrides: Any) -> Study:  # noqa: ANN401 - of any kind
    """Clean a study of two columns and a third one, by default as its weight."""
    table = pa.table({"age": AGES, "mood": MOODS, name: weights})
    raw = RawStudy(table, {name: Variable(label=label)})
    return clean.clean(raw, limits.DEFAULT, Options.of(**(overrides or {"weight": name})))


def told(schema: Schema, action: str) -> list[str]:
    return [one.reason for one in schema.cleaning if one.action == action]


def test_a_weight_is_no_column_of_the_schema() -> None:
    cleaned = study(WEIGHTS)
    assert cleaned.schema.names == ["age", "mood"]
    assert cleaned.schema.weight == SurveyWeight("wgt", round(60 * (4 / 3) ** 2 / 2.5, 1))
    assert cleaned.weights is not None
    np.testing.assert_allclose(cleaned.weights, WEIGHTS / WEIGHTS.mean())
    assert len(told(cleaned.schema, "weighted")) == 1
    assert Schema.from_json(cleaned.schema.to_json()) == cleaned.schema


@pytest.mark.parametrize(
    "weights",
    [
        *(WEIGHTS * 1000, pa.array(WEIGHTS).cast(pa.string()), WEIGHTS.astype(np.float32)),
        [f"{weight:.2f}".replace(".", ",") for weight in WEIGHTS],
    ],
    ids=["a population", "texts of numbers", "single precision", "decimal commas"],
)
def test_only_proportions_count(weights: object) -> None:
    found = study(weights).weights
    assert found is not None
    np.testing.assert_allclose(found, WEIGHTS / WEIGHTS.mean(), rtol=1e-6)


def test_shares_and_quantiles_are_those_of_the_people() -> None:
    weights = np.where(AGES < 40, 3.0, 1.0)
    columns = study(weights).schema
    of_levels = [np.average(level == MOODS, weights=weights) for level in columns["mood"].levels]
    assert columns["mood"].shares == pytest.approx(of_levels, abs=1e-6)
    repeated = np.sort(np.repeat(AGES, weights.astype(int)))
    median = columns["age"].quantiles[2]
    assert isinstance(median, int)
    assert np.mean(repeated < median - 1.5) <= 0.5 <= np.mean(repeated <= median + 1.5)


def test_who_has_no_weight_stands_for_nobody() -> None:
    weights = WEIGHTS.copy()
    weights[:5], weights[5:9] = 0, np.nan
    cleaned = study(weights)
    assert (cleaned.schema.row_count, len(cleaned.values)) == (51, 51)
    assert told(cleaned.schema, "skipped") == [
        "9 rows stand for nobody: their weight is zero (5) or missing (4)"
    ]


def test_equal_weights_change_nothing() -> None:
    cleaned = study(np.full(ROWS, 0.1))
    assert cleaned.weights is None
    assert cleaned.schema.weight == SurveyWeight("wgt", 60.0)
    assert "changes nothing" in told(cleaned.schema, "weighted")[0]


def test_a_filter_is_a_weight() -> None:
    assert study(np.arange(ROWS) % 2).schema.row_count == 30


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.where(np.arange(ROWS) < 3, -1.0, 1.0), "is negative in 3 rows"),
        (np.zeros(ROWS), "zero or missing in every row"),
        (pa.nulls(ROWS), "zero or missing in every row"),
        (MOODS, "holds texts"),
        (["heavy", *map(str, WEIGHTS[1:])], "holds texts in 1 rows"),
        (np.full(ROWS, np.datetime64("2024-01-01")), "holds values of type date"),
        (np.where(np.arange(ROWS) < 20, 1.0, 0.0), "The table has 20 rows with a weight"),
    ],
    ids=["negative", "zero", "missing", "text", "a text", "dates", "too few"],
)
def test_what_cannot_be_a_weight_is_refused(weights: object, message: str) -> None:
    with pytest.raises(errors.StudyError, match=re.escape(message)):
        study(weights)


def test_a_weight_that_the_file_does_not_have_is_named_with_what_is_near() -> None:
    with pytest.raises(errors.StudyError, match=r"weight names a column 'wt'.*nearest: 'wgt'"):
        study(WEIGHTS, weight="wt")


@pytest.mark.parametrize("option", ["keep", "drop"])
def test_a_weight_is_named_as_the_weight_alone(option: str) -> None:
    with pytest.raises(errors.StudyError, match=r"named in .*weight.*; a weight is not modelled"):
        Options.of(**{"weight": "wgt", option: ["wgt"]})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "label", "values"),
    [
        ("wgt", "", WEIGHTS / WEIGHTS.mean()),
        ("gewicht_haushalt", "", WEIGHTS / WEIGHTS.mean()),
        ("v17", "Poids de sondage", WEIGHTS / WEIGHTS.mean()),
        ("pesos", "", np.round(WEIGHTS * RNG.uniform(800, 1200, ROWS))),
        ("WTSALL", "Final weight", WEIGHTS * 5_000.123),
    ],
    ids=["mean 1", "German", "a label", "a population", "exact"],
)
def test_what_looks_like_a_weight_is_noticed_and_modelled(
    name: str, label: str, values: np.ndarray
) -> None:
    cleaned = study(values, name, label, sheet="")
    assert name in cleaned.schema.names
    assert len(told(cleaned.schema, "noticed")) == 1


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("weight", np.round(RNG.normal(75, 12, ROWS), 1)),
        ("weight", RNG.integers(40, 120, ROWS)),
        ("spend", WEIGHTS / WEIGHTS.mean()),
        ("weight_change", RNG.normal(1, 5, ROWS)),
        ("weight_group", MOODS),
    ],
    ids=["kilograms", "whole kilograms", "another name", "negative", "levels"],
)
def test_nothing_else_is_noticed(name: str, values: np.ndarray) -> None:
    assert told(study(values, name, sheet="").schema, "noticed") == []
