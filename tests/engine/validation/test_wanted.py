"""Segments as callers name them: what is wrong is told where it stands."""

from typing import Any

import numpy as np
import pytest

from simulacra.engine import errors, limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import RawStudy
from simulacra.engine.columns.schema import Schema
from simulacra.engine.validation import wanted
from tests.studies import known_profiles


@pytest.fixture(scope="module")
def schema() -> Schema:
    table = known_profiles.people(300, np.random.default_rng(1))
    return clean.clean(RawStudy(table), limits.DEFAULT).schema


def test_levels_and_ranges_are_told_apart_by_the_schema(schema: Schema) -> None:
    found = wanted.parse(schema, {"region": "North", "age": {"min": 20, "max": 50}, "rating_0": 3})
    assert found.levels == {"region": ["North"]}
    assert wanted.parse(schema, {"region": ["North"] * 9}).levels == found.levels
    assert found.ranges == {"age": {"min": 20, "max": 50}, "rating_0": {"min": 3, "max": 3}}


@pytest.mark.parametrize(
    ("segment", "pointer", "code"),
    [
        ({}, "", "invalid_field"),
        ({"a/b": "North"}, "/a~1b", "unknown_condition_column"),
        ({"region": "Nrth"}, "/region", "unknown_condition_level"),
        ({"region": ["North", "a/b"]}, "/region/1", "unknown_condition_level"),
        ({"region": []}, "/region", "invalid_field"),
        ({"region": {"North": 1}}, "/region", "invalid_field"),
        ({"region": [["North"]]}, "/region", "invalid_field"),
        ({"region": None}, "/region", "invalid_field"),
        ({"age": {"min": 20}}, "/age/max", "invalid_field"),
        ({"age": {"min": 50, "max": 20}}, "/age", "invalid_field"),
        ({"age": {"min": 500, "max": 600}}, "/age", "condition_out_of_range"),
        ({"age": "young"}, "/age", "invalid_field"),
    ],
)
def test_a_fault_points_below_the_segment(
    schema: Schema, segment: dict[str, Any], pointer: str, code: str
) -> None:
    with pytest.raises(errors.ConditionError) as raised:
        wanted.parse(schema, segment)
    assert {(fault.pointer, fault.code) for fault in raised.value.fields} == {(pointer, code)}


def test_every_fault_is_listed(schema: Schema) -> None:
    with pytest.raises(errors.ConditionError) as raised:
        wanted.parse(schema, {"region": ["Nrth", "Sth"], "brnd": "Alpha"})
    pointers = [fault.pointer for fault in raised.value.fields]
    assert pointers == ["/region/0", "/region/1", "/brnd"]
