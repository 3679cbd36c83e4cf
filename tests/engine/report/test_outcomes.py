import json

import pytest

import simulacra
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
