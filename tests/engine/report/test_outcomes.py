import json

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine.model.drawing import SyntheticRows
from simulacra.engine.report import outcomes
from simulacra.engine.report.report import RangeOutcome
from tests.engine import generations

SEGMENT = {"segment": {"Premium": 0.55}}
MIDDLE_AGED = {"age": {"min": 35, "max": 50}}


@pytest.fixture(scope="module")
def out(meal_kit_model: simulacra.Model) -> simulacra.Generation:
    return meal_kit_model.generate(400, seed=1, categorical=SEGMENT, numeric=MIDDLE_AGED)


def test_without_conditions_the_report_has_no_outcomes(meal_kit_model: simulacra.Model) -> None:
    report = meal_kit_model.generate(20, seed=7).report
    assert (report.seed, report.rows_requested, report.rows_generated) == (7, 20, 20)
    assert (report.status, report.conditions, report.warnings) == ("ready", (), ())


def test_levels_are_counted_in_the_rows_and_among_respondents_who_meet_the_other_conditions(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    rows = out.table["segment"].to_pylist()
    study = meal_kit_model.study
    respondents = [
        segment
        for segment, age in zip(study["segment"].to_pylist(), study["age"].to_pylist(), strict=True)
        if 35 <= age <= 50
    ]
    levels = generations.levels(out, "segment")
    assert set(levels) == set(meal_kit_model.schema["segment"].levels)
    for name, level in levels.items():
        assert level.target == SEGMENT["segment"].get(name)
        assert level.rows == rows.count(name)
        assert level.achieved == pytest.approx(level.rows / 400, abs=1e-6)
        assert level.seed_rows == respondents.count(name)


def test_the_ends_of_a_range_are_those_of_the_rows(
    meal_kit_model: simulacra.Model, out: simulacra.Generation
) -> None:
    (age,) = [outcome for outcome in out.report.conditions if outcome.column == "age"]
    assert isinstance(age, RangeOutcome)
    rows = out.table["age"].to_pylist()
    assert (age.min, age.max, age.achieved) == (35, 50, 1)
    assert (age.achieved_min, age.achieved_max) == (min(rows), max(rows))
    respondents = meal_kit_model.study["age"].to_pylist()
    assert age.support.seed_rows == sum(35 <= value <= 50 for value in respondents)


def test_the_support_of_all_conditions_is_no_more_than_that_of_each(
    out: simulacra.Generation,
) -> None:
    for outcome in out.report.conditions:
        assert 0 < out.report.support.seed_rows <= outcome.support.seed_rows


def test_a_report_is_plain_json_and_a_table_for_people(out: simulacra.Generation) -> None:
    document = json.loads(json.dumps(out.report.to_json(), allow_nan=False))
    assert document["rows_generated"] == 400
    assert [condition["column"] for condition in document["conditions"]] == [
        condition.column for condition in out.report.conditions
    ]
    first, *lines = str(out.report).splitlines()
    assert first.startswith("400 of 400 rows (ready), seed 1; ")
    assert any(line.startswith("segment = Premium ") and "55.00%" in line for line in lines)
    assert any(line.startswith("age ") and "35 to 50" in line for line in lines)


def test_distinct_rows_are_those_that_differ(meal_kit_model: simulacra.Model) -> None:
    out = meal_kit_model.generate(300, seed=2)
    rows = {tuple(row.values()) for row in out.table.to_pylist()}
    assert out.report.distinct_rows == len(rows)
    assert 1 <= out.report.donors <= meal_kit_model.schema.row_count


def test_many_copies_are_told_where_respondents_differ() -> None:
    """Two of the respondents, whose other answers are the same, are copied fifty times."""
    rng = np.random.default_rng(3)
    knows = np.arange(200) < 2
    table = pa.table(
        {
            "knows": np.where(knows, "yes", "no"),
            **{f"q{n}": np.where(knows, 3, rng.integers(1, 8, 200)) for n in range(8)},
        }
    )
    pool = simulacra.fit(table)._pool
    made = {position: np.repeat(values[:2], 50) for position, values in enumerate(pool.values.T)}
    everyone = np.ones(200, dtype=np.bool_)
    origin = outcomes.origin(pool, SyntheticRows(made, everyone), None)
    assert origin.distinct_rows == 1
    assert [warning.code for warning in origin.warnings] == ["many_copies"]
    assert "100 rows hold 1 distinct" in origin.warnings[0].detail


def test_copies_are_not_remarkable_where_respondents_are_alike() -> None:
    table = pa.table({"q": np.arange(300) % 3, "r": np.arange(300) % 2})
    pool = simulacra.fit(table, types={"q": "nominal", "r": "nominal"})._pool
    made = SyntheticRows(dict(enumerate(pool.values.T)), np.ones(300, dtype=np.bool_))
    origin = outcomes.origin(pool, made, None)
    assert (origin.distinct_rows, origin.warnings) == (6, ())


def test_a_missing_value_is_one_value_and_both_zeros_are_one() -> None:
    first = np.array([np.nan, -np.nan, 0.0, -0.0, 1.0])
    assert outcomes._distinct({0: first, 1: np.zeros(5)}) == 3
    assert outcomes._distinct({0: first, 1: np.arange(5.0)}) == 5
