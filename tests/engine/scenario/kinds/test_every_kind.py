"""Laws that every registered kind of condition obeys; a new kind inherits them with its example."""

import inspect
import itertools
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.engine import errors
from simulacra.engine.columns.schema import Schema
from simulacra.engine.report.report import MeanOutcome, RangeOutcome, ShareOutcome
from simulacra.engine.scenario import conditions
from simulacra.engine.scenario.kinds import groups, registry
from tests.engine import generations
from tests.engine.scenario.kinds import measured
from tests.studies import brand_survey

EXAMPLES: Mapping[str, Any] = {
    "categorical": {"region": {"North": 0.4}, "rating": {"5": 0.3, "1": 0.1}},
    "numeric": {"age": {"min": 20, "max": 70}},
    "means": {"spend": 62.5, "joined": "2021-06-10"},
    "bands": {
        "age": [{"min": 18, "max": 34, "share": 0.4}, {"min": 35, "max": 49, "share": 0.3}],
        "joined": [{"min": "2020-01-01", "max": "2021-03-31", "share": 0.3}],
    },
    "joint": [
        {
            "columns": ["region", "owns"],
            "shares": [
                {"cell": ["North", "yes"], "share": 0.25},
                {"cell": ["South", "no"], "share": 0.2},
            ],
        },
        {
            "columns": ["owns", "age"],
            "shares": [{"cell": ["yes", {"min": 50, "max": 80}], "share": 0.15}],
        },
    ],
    "multiple_response": {brand_survey.SET: {"Acme": 0.6, "Corvo": 0.25}},
    "groups": [
        {
            "where": {"owns": "yes", "age": {"min": 18, "max": 60}},
            "categorical": {"rating": {"4": 0.5}},
            "means": {"visits": 5.5},
        },
        {
            "where": {"region": ["South", "East"]},
            "bands": {"spend": [{"min": 30, "max": 60, "share": 0.4}]},
            "joint": [
                {
                    "columns": ["owns", "region"],
                    "shares": [{"cell": ["yes", "South"], "share": 0.3}],
                }
            ],
            "multiple_response": {brand_survey.SET: {"Brio": 0.5}},
        },
    ],
}
"""A legal example of each kind; all of them can be met together."""
WRONG: tuple[object, ...] = (None, True, 5, -1, math.nan, "text", "", [], {}, [None], {"": None})
"""What may stand in the place of any part of an example."""

every_kind = pytest.mark.parametrize("member", registry.KINDS)


def example(member: str) -> Any:  # noqa: ANN401 - of any kind
    """Return the example of a kind; a kind without one fails the test."""
    if member not in EXAMPLES or member not in measured.CHECKS:
        pytest.fail(f"{__name__} has no example of the kind {member!r}, or no check of it")
    return EXAMPLES[member]


def widths(schema: Schema) -> dict[str, float]:
    return {
        column.name: float(np.diff(column.bounds)[0])
        for column in schema.columns
        if column.min is not None
    }


def rows_of(out: simulacra.Generation) -> list[Mapping[str, Any]]:
    return list(out.table.to_pylist())


def asked_for(member: str, asked: Any) -> int:  # noqa: ANN401 - of any kind
    """Return how many outcomes conditions of a kind have in a report."""
    if member == "multiple_response":
        return sum(map(len, asked.values()))
    if member == "groups":
        return sum(asked_for(kind, one[kind]) for one in asked for kind in one.keys() - {"where"})
    return len(asked)


@every_kind
@pytest.mark.parametrize("rows", [40, 403])
def test_an_example_is_met_exactly(
    brand_model: simulacra.Model, brands: Schema, member: str, rows: int
) -> None:
    asked = {member: example(member)}
    out = brand_model.generate(rows, seed=1, **asked)
    assert (out.status, out.rows_generated) == ("ready", rows)
    measured.hold(asked, rows_of(out), widths(brands))


@pytest.mark.parametrize("seed", range(3))
def test_all_kinds_are_met_together(
    brand_model: simulacra.Model, brands: Schema, seed: int
) -> None:
    out = brand_model.generate(500, seed=seed, **EXAMPLES)
    assert out.status == "ready"
    measured.hold(EXAMPLES, rows_of(out), widths(brands))


@every_kind
def test_the_same_seed_gives_the_same_rows(brand_model: simulacra.Model, member: str) -> None:
    asked = {member: example(member)}
    one, again, other = (brand_model.generate(60, seed=seed, **asked) for seed in (4, 4, 5))
    assert generations.digest(one) == generations.digest(again)
    assert one.report == again.report
    assert generations.digest(one) != generations.digest(other)


@every_kind
def test_each_condition_has_an_outcome(brand_model: simulacra.Model, member: str) -> None:
    asked = example(member)
    report = brand_model.generate(200, seed=1, **{member: asked}).report
    assert len(report.conditions) == asked_for(member, asked)
    for outcome in report.conditions:
        assert outcome.support.seed_rows > 0
        if isinstance(outcome, ShareOutcome):
            named = [level for level in outcome.levels if level.target is not None]
            assert named
            total = sum(level.rows for level in outcome.levels)
            for level in named:
                assert abs(level.rows - (level.target or 0) * total) < 1 + 1e-6
                assert level.achieved == pytest.approx(level.rows / total, abs=1e-6)
        elif isinstance(outcome, MeanOutcome):
            assert outcome.study != outcome.target
            if isinstance(outcome.target, str):  # a date, to which the mean is rounded
                assert outcome.achieved == outcome.target
            else:
                assert outcome.achieved == pytest.approx(outcome.target, abs=0.02)
        else:
            assert isinstance(outcome, RangeOutcome)
            assert outcome.achieved == 1
        assert (getattr(outcome, "among", None) is not None) == (member == "groups")
    assert json.loads(json.dumps(report.to_json()))["conditions"]
    assert "nan" not in str(report)


@pytest.mark.parametrize("given_", [5, True, "text", ""])
@every_kind
def test_what_has_no_members_is_refused(brands: Schema, member: str, given_: object) -> None:
    with pytest.raises(errors.ConditionError) as caught:
        conditions.parse(brands, {member: given_})
    ((pointer, detail),) = [(fault.pointer, fault.detail) for fault in caught.value.fields]
    assert pointer == f"/{member}"
    assert repr(member) in detail


@every_kind
def test_nothing_asked_of_a_kind_is_no_condition(brands: Schema, member: str) -> None:
    nothing = type(example(member))()
    assert not conditions.parse(brands, {member: nothing}).conditions
    assert not conditions.parse(brands, {member: None}).conditions


def parts_of(asked: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Yield the way to each part of conditions."""
    below = asked if isinstance(asked, dict) else {}
    for key, part in enumerate(asked) if isinstance(asked, list) else below.items():
        yield (*path, key)
        yield from parts_of(part, (*path, key))


def replaced(asked: Any, path: tuple[object, ...], by: object) -> Any:  # noqa: ANN401
    """Return conditions with another part in one place."""
    if not path:
        return by
    copy = asked.copy()
    copy[path[0]] = replaced(asked[path[0]], path[1:], by)
    return copy


@every_kind
def test_whatever_stands_in_a_place_is_taken_or_refused_with_its_place(
    brands: Schema, member: str
) -> None:
    refused = 0
    for path, wrong in itertools.product(parts_of(example(member)), WRONG):
        try:
            conditions.parse(brands, {member: replaced(example(member), path, wrong)})
        except errors.ConditionError as error:
            refused += 1
            for fault in error.fields:
                assert fault.pointer == f"/{member}" or fault.pointer.startswith(f"/{member}/")
                assert fault.detail
                assert fault.detail.endswith((".", "?"))
                assert not any(word in fault.detail for word in ("object at", "Traceback"))
    assert refused > 10


@every_kind
def test_null_is_never_taken_for_a_part(brands: Schema, member: str) -> None:
    for path in parts_of(example(member)):
        with pytest.raises(errors.ConditionError) as caught:
            conditions.parse(brands, {member: replaced(example(member), path, None)})
        pointers = [fault.pointer for fault in caught.value.fields]
        whole = "".join(f"/{part}" for part in (member, *path))
        assert any(whole.startswith(pointer) for pointer in pointers), (whole, pointers)


NAMES = ("region", "owns", "age", "rating", "North", "yes", "5", "x", brand_survey.SET)
MEMBERS = ("min", "max", "share", "shares", "cell", "columns", "where", "means", "bands")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 80)
    | st.floats()
    | st.sampled_from([*NAMES, *MEMBERS]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*NAMES, *MEMBERS]), inner, max_size=3)
    ),
    max_leaves=12,
)


@every_kind
@settings(max_examples=200)
@given(JSON)
def test_any_json_is_conditions_or_a_condition_error(
    brands: Schema, member: str, given_: object
) -> None:
    try:
        scenario = conditions.parse(brands, {member: given_})
    except errors.ConditionError as error:
        assert all(fault.pointer.startswith(f"/{member}") for fault in error.fields)
    else:
        for one in scenario.partitions:
            assert math.fsum(one.shares) == pytest.approx(1)
            assert min(one.shares) >= 0


@every_kind
def test_a_column_that_is_not_there_is_named(brands: Schema, member: str) -> None:
    asked = json.loads(json.dumps(example(member)).replace('"age"', '"agee"'))
    asked = json.loads(json.dumps(asked).replace('"region"', '"regoin"').replace("spend", "spnd"))
    asked = json.loads(json.dumps(asked).replace(brand_survey.SET, "Whch"))
    with pytest.raises(errors.ConditionError) as caught:
        conditions.parse(brands, {member: asked})
    codes = {fault.code for fault in caught.value.fields}
    assert codes == {"unknown_condition_column"}
    assert all(
        fault.pointer.startswith(f"/{member}/") and "has no" in fault.detail
        for fault in caught.value.fields
    )


@every_kind
def test_every_kind_is_an_argument_of_generate(brand_model: simulacra.Model, member: str) -> None:
    assert member in inspect.signature(brand_model.generate).parameters


def test_only_kinds_that_can_be_among_some_rows_are_taken_in_groups() -> None:
    within = {kind.member for kind in groups.WITHIN}
    assert within == {name for name, kind in registry.KINDS.items() if kind.can_be_among}


@st.composite
def scenarios(draw: st.DrawFn) -> dict[str, Any]:
    """Return conditions of most kinds on the same columns, far enough from contradictions."""
    young, knows = draw(st.floats(0.1, 0.45)), draw(st.floats(0.2, 0.8))
    mean, visits = draw(st.integers(560, 700)) / 10, draw(st.integers(40, 65)) / 10
    cell = {"cell": ["yes", "South"], "share": draw(st.floats(0.1, 0.3))}
    return {
        "categorical": {
            "region": {"North": draw(st.floats(0.1, 0.45))},
            "rating": {"5": draw(st.floats(0.1, 0.3))},
        },
        "means": {"spend": mean},
        "bands": {"age": [{"min": 18, "max": 34, "share": young}]},
        "joint": [{"columns": ["owns", "region"], "shares": [cell]}],
        "multiple_response": {brand_survey.SET: {"Acme": knows}},
        "groups": [{"where": {"owns": "yes"}, "means": {"visits": visits}}],
    }


@settings(max_examples=15)
@given(scenarios(), st.integers(30, 300))
def test_targets_that_are_reached_are_exact_whatever_they_are(
    brand_model: simulacra.Model, brands: Schema, asked: dict[str, Any], rows: int
) -> None:
    out = brand_model.generate(rows, seed=1, **asked)
    assert out.status == "ready"
    measured.hold(asked, rows_of(out), widths(brands))
