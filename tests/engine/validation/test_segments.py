"""The groups whose profile is predicted."""

import numpy as np
import pyarrow as pa
import pytest

from simulacra.engine import errors, limits
from simulacra.engine.cleaning import clean
from simulacra.engine.cleaning.clean import Study
from simulacra.engine.codebook import RawStudy
from simulacra.engine.validation import segments
from tests.studies import known_profiles


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return known_profiles.people(600, np.random.default_rng(1))


@pytest.fixture(scope="module")
def study(table: pa.Table) -> Study:
    return clean.clean(RawStudy(table), limits.DEFAULT)


def test_a_level_names_those_who_have_it(study: Study, table: pa.Table) -> None:
    segment = segments.named(study, {"region": "North"})
    assert segment.members.tolist() == [one == "North" for one in table["region"].to_pylist()]
    assert (segment.name, segment.columns) == ("region = North", ("region",))
    assert segment.asked["categorical"] == {"region": {"North": 1.0}}


def test_several_levels_leave_the_others_out(study: Study) -> None:
    segment = segments.named(study, {"region": ["North", "East"]})
    assert segment.asked["categorical"] == {"region": {"South": 0.0, "West": 0.0}}
    assert segment.name == "region = North or East"


def test_a_range_and_a_level_both_hold(study: Study, table: pa.Table) -> None:
    segment = segments.named(study, {"age": {"min": 20, "max": 50}, "uses_app": "yes"})
    pairs = zip(table["age"].to_pylist(), table["uses_app"].to_pylist(), strict=True)
    assert segment.members.tolist() == [20 <= age <= 50 and app == "yes" for age, app in pairs]
    assert segment.name == "uses_app = yes and age 20 to 50"


@pytest.mark.parametrize("value", [3, "3", [3]])
def test_a_value_of_a_number_is_a_segment(study: Study, table: pa.Table, value: object) -> None:
    segment = segments.named(study, {"rating_0": value})
    assert segment.members.tolist() == [one == 3 for one in table["rating_0"].to_pylist()]


def test_what_is_not_in_the_schema_is_named(study: Study) -> None:
    with pytest.raises(errors.ConditionError) as raised:
        segments.named(study, {"region": "Nrth", "brnd": "Alpha"})
    assert "Did you mean 'North'?" in str(raised.value)
    assert "Did you mean 'brand'?" in str(raised.value)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({}, "names no column"),
        ({"age": {"min": 18, "max": 18}}, "at least 20 are needed"),
        ({"region": ["North", "East", "South", "West"]}, "has all respondents in it"),
    ],
)
def test_a_segment_that_cannot_be_split_is_refused(
    study: Study, wanted: dict[str, object], reason: str
) -> None:
    with pytest.raises(errors.ConditionError, match=reason) as raised:
        segments.named(study, wanted)
    assert [(fault.pointer, fault.code) for fault in raised.value.fields] == [("", "invalid_field")]


def test_chosen_segments_are_of_different_questions_and_of_fair_size(study: Study) -> None:
    chosen = segments.chosen(study)
    names = [segment.columns for segment in chosen]
    assert len(set(names)) == len(names) >= 2
    for segment in chosen:
        assert segments.SMALLEST <= segment.members.mean() <= segments.LARGEST
        assert segment.members.sum() >= segments.MIN_CHOSEN


def test_a_rating_can_be_chosen(table: pa.Table) -> None:
    ratings = clean.clean(RawStudy(table.select(["age", "rating_0", "spend"])), limits.DEFAULT)
    (segment,) = segments.chosen(ratings)
    assert segment.columns == ("rating_0",)
    assert 0.05 <= segment.members.mean() <= 0.4


def test_none_are_chosen_of_numbers_alone(table: pa.Table) -> None:
    numbers = clean.clean(RawStudy(table.select(["age", "spend", "noise"])), limits.DEFAULT)
    assert segments.chosen(numbers) == []
