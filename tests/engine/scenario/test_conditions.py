import dataclasses
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulacra
from simulacra.engine import errors
from simulacra.engine.columns import searching
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.facts import Bound
from simulacra.engine.columns.schema import AnswerList, Schema
from simulacra.engine.scenario import conditions
from simulacra.engine.scenario.conditions import Scenario
from simulacra.engine.scenario.kinds import checking
from simulacra.engine.scenario.terms import Range


def faults(
    schema: Schema, categorical: object = None, numeric: object = None
) -> list[tuple[str, str, str]]:
    with pytest.raises(errors.ConditionError) as caught:
        conditions.parse(schema, {"categorical": categorical, "numeric": numeric})
    return [(field.pointer, field.code, field.detail) for field in caught.value.fields]


def shares_of(schema: Schema, shares: dict[str, Any]) -> dict[str, float]:
    """Return the shares of levels as they are asked for of one column."""
    (found,) = conditions.parse(schema, {"categorical": {"segment": shares}}).partitions
    return {
        name: found.shares[group]
        for name, group in zip(found.names, found.group_of_cell, strict=True)
        if group < found.named
    }


def test_nothing_asked_is_an_empty_scenario(schema: Schema) -> None:
    assert conditions.parse(schema, {"categorical": None, "numeric": {}}) == Scenario()


def test_conditions_of_an_unknown_kind_are_named(schema: Schema) -> None:
    with pytest.raises(errors.ConditionError, match="no conditions 'median'; there are") as caught:
        conditions.parse(schema, {"median": {"age": 30}})
    assert caught.value.fields[0].pointer == "/median"


def test_a_partial_map_stays_as_it_is(schema: Schema) -> None:
    assert shares_of(schema, {"Premium": 0.3}) == {"Premium": 0.3}


def test_a_complete_map_within_tolerance_is_normalised(schema: Schema) -> None:
    condition = {"Value": 0.3331, "Premium": 0.3332, "Other": 0.3331}
    shares = shares_of(schema, condition)
    assert math.fsum(shares.values()) == pytest.approx(1, abs=1e-12)
    assert shares["Premium"] == pytest.approx(0.3332 / 0.9994)


def test_a_partial_map_a_little_above_one_is_normalised(schema: Schema) -> None:
    shares = shares_of(schema, {"Value": 0.6, "Premium": 0.4009})
    assert math.fsum(shares.values()) == pytest.approx(1, abs=1e-12)


def test_a_share_of_zero_is_legal(schema: Schema) -> None:
    assert shares_of(schema, {"Premium": 0, "Value": 1})["Premium"] == 0


@pytest.mark.parametrize(
    ("condition", "pointer", "code", "message"),
    [
        (
            {"sgment": {"Premium": 1}},
            "/categorical/sgment",
            "unknown_condition_column",
            "'segment'",
        ),
        ({"zzz": {"x": 1}}, "/categorical/zzz", "unknown_condition_column", "'age'"),
        (
            {"segment": {"Premum": 0.4}},
            "/categorical/segment/Premum",
            "unknown_condition_level",
            "'Premium'",
        ),
        (
            {"segment": {"Value": 0.7, "Premium": 0.6}},
            "/categorical/segment",
            "condition_share_sum",
            "1.3",
        ),
        (
            {"owns": {"true": 0.7, "false": 0.2}},
            "/categorical/owns",
            "condition_share_sum",
            "Raise them by 0.1",
        ),
        (
            {"segment": {"Premium": 55}},
            "/categorical/segment/Premium",
            "invalid_field",
            "0.55, not 55",
        ),
        ({"segment": {"Premium": -0.1}}, "/categorical/segment/Premium", "invalid_field", "-0.1"),
        ({"segment": {}}, "/categorical/segment", "invalid_field", "at least one level"),
        ({"segment": [0.5]}, "/categorical/segment", "invalid_field", "level and share"),
        ({"segment": None}, "/categorical/segment", "invalid_field", "level and share"),
        ({"spend": {"18": 0.5}}, "/categorical/spend", "invalid_field", "under 'bands'"),
        ({"segment": {7: 0.5}}, "/categorical/segment/7", "unknown_condition_level", "'Value'"),
        ({7: {"x": 0.5}}, "/categorical/7", "unknown_condition_column", "'age'"),
        ({"a/b~c": {"x": 1}}, "/categorical/a~1b~0c", "unknown_condition_column", "'a/b~c'"),
        ([], "/categorical", "invalid_field", "object"),
        ("segment", "/categorical", "invalid_field", "object"),
    ],
)
def test_a_fault_in_shares_is_named(
    schema: Schema, condition: object, pointer: str, code: str, message: str
) -> None:
    ((where, why, detail),) = faults(schema, condition)
    assert (where, why) == (pointer, code)
    assert message in detail


@pytest.mark.parametrize(
    "share", [math.nan, math.inf, -math.inf, True, "0.5", None, [0.5], 10**400, 1e300]
)
def test_a_share_that_is_no_fraction_is_refused(schema: Schema, share: object) -> None:
    ((pointer, code, detail),) = faults(schema, {"segment": {"Premium": share}})
    assert (pointer, code) == ("/categorical/segment/Premium", "invalid_field")
    assert "nan" not in detail


@pytest.mark.parametrize(
    ("condition", "pointer", "code", "message"),
    [
        ({"agee": {"min": 1, "max": 2}}, "/numeric/agee", "unknown_condition_column", "'age'"),
        ({"segment": {"min": 1, "max": 2}}, "/numeric/segment", "invalid_field", "not a range"),
        ({"age": {"min": 20}}, "/numeric/age/max", "invalid_field", "both ends"),
        ({"age": {"max": 20}}, "/numeric/age/min", "invalid_field", "both ends"),
        ({"age": {"min": 40, "max": 20}}, "/numeric/age", "invalid_field", "above"),
        ({"age": {"min": 80, "max": 99}}, "/numeric/age", "condition_out_of_range", "18 to 79"),
        ({"age": {"min": 0, "max": 17}}, "/numeric/age", "condition_out_of_range", "18 to 79"),
        ({"age": {"min": 20.2, "max": 20.8}}, "/numeric/age", "condition_out_of_range", "whole"),
        ({"age": {"min": 20, "max": 30, "step": 1}}, "/numeric/age", "invalid_field", "'min'"),
        ({"age": [20, 30]}, "/numeric/age", "invalid_field", "'min'"),
        (
            {"joined": {"min": "2019-01-01", "max": "2019-12-31"}},
            "/numeric/joined",
            "condition_out_of_range",
            "2020-01-05",
        ),
        (
            {"joined": {"min": "2020-02-30", "max": "2021-01-01"}},
            "/numeric/joined/min",
            "invalid_field",
            "ISO 8601 date",
        ),
        (
            {"joined": {"min": 2020, "max": "2021-01-01"}},
            "/numeric/joined/min",
            "invalid_field",
            "ISO 8601",
        ),
        (
            {"seen": {"min": "0001-01-01T00:00:00+14:00", "max": "2024-03-05"}},
            "/numeric/seen/min",
            "invalid_field",
            "ISO 8601 datetime",
        ),
        ([1], "/numeric", "invalid_field", "object"),
    ],
)
def test_a_fault_in_a_range_is_named(
    schema: Schema, condition: object, pointer: str, code: str, message: str
) -> None:
    ((where, why, detail),) = faults(schema, None, condition)
    assert (where, why) == (pointer, code)
    assert message in detail


@pytest.mark.parametrize("end", [math.nan, math.inf, True, "20", None, 10**400])
def test_an_end_that_is_no_number_is_refused(schema: Schema, end: object) -> None:
    ((pointer, code, _),) = faults(schema, None, {"age": {"min": end, "max": 30}})
    assert (pointer, code) == ("/numeric/age/min", "invalid_field")


def test_every_fault_is_listed_at_once(schema: Schema) -> None:
    field_errors = faults(
        schema,
        {"segment": {"Premum": 0.4, "Value": 40}, "nope": {"a": 1}, "owns": {"true": 1.4}},
        {"age": {"min": "a"}, "spend": {"min": 5, "max": 1}},
    )
    assert {pointer for pointer, _, _ in field_errors} == {
        "/categorical/nope",
        "/categorical/segment/Premum",
        "/categorical/segment/Value",
        "/categorical/owns/true",
        "/numeric/spend",
        "/numeric/age/min",
        "/numeric/age/max",
    }


def test_the_nearest_names_are_looked_for_a_few_times_only(
    schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand misspelt names, or one of a million letters, would take minutes."""
    compared: list[str] = []

    def look(*asked: object) -> list[searching.Near]:
        compared.append(str(asked[-1]))
        return []

    for name in ("near_columns", "near_texts"):
        monkeypatch.setattr(searching, name, look)
    field_errors = faults(
        schema,
        {"segment": {f"Premum{n}": 0.1 for n in range(50)}},
        {"a" * 10**6: {}, **{f"agee{n}": {} for n in range(50)}},
    )
    assert len(field_errors) == 101
    assert len(compared) == checking.MAX_PROPOSALS
    assert "Its columns are" in field_errors[-1][2]


def test_names_that_differ_in_capital_letters_are_proposed(schema: Schema) -> None:
    ((_, _, column),) = faults(schema, {"SEGMENT": {}})
    assert "Did you mean 'segment'?" in column
    ((_, _, level),) = faults(schema, {"segment": {"PREMIUM": 0.5}})
    assert "Did you mean 'Premium'?" in level


def test_names_too_long_to_compare_are_not_proposed(schema: Schema) -> None:
    long = dataclasses.replace(schema.columns[0], name="s" * 300)
    wide = dataclasses.replace(schema, columns=(*schema.columns, long))
    for name in ("t" + "s" * 50, "s" * 299):
        ((_, _, detail),) = faults(wide, {name: {}})
        assert "Did you mean" not in detail


def test_columns_are_proposed_by_their_labels_too(schema: Schema) -> None:
    column = dataclasses.replace(
        schema["segment"], name="q7", source_name="Q7", label="Which of these did you buy last?"
    )
    labelled = dataclasses.replace(schema, columns=(column, *schema.columns[1:]))
    for asked in ("buy last", "which of these did you by last", "Q8"):
        ((_, _, detail),) = faults(labelled, {asked: {}})
        assert "Did you mean 'q7' (Which of these did you buy last?)?" in detail
    ((_, _, detail),) = faults(labelled, {"Which of these did you buy last?": {}})
    assert "In the schema it is called 'q7'." in detail


@pytest.mark.parametrize(
    ("column", "low", "high"),
    [
        ("age", 30, 30),
        ("age", 0, 500),
        ("age", 19.5, 20.5),
        ("spend", 20.123, 20.123),
        ("joined", "2021-01-01", "2021-01-01"),
        ("seen", "2024-03-02T10:00:00", "2024-03-02T12:00:00+01:00"),
    ],
)
def test_a_range_that_overlaps_the_bounds_is_accepted(
    schema: Schema, column: str, low: Bound, high: Bound
) -> None:
    scenario = conditions.parse(schema, {"numeric": {column: {"min": low, "max": high}}})
    assert scenario.ranges == (Range(column, low, high),)


def test_numbers_of_numpy_are_numbers(schema: Schema) -> None:
    ends = {"min": np.int64(20), "max": np.float64(30)}
    (span,) = conditions.parse(schema, {"numeric": {"age": ends}}).ranges
    assert shares_of(schema, {"Premium": np.float32(0.5)}) == {"Premium": 0.5}
    assert type(span.min) is int


def test_a_range_across_time_zones_is_compared_in_utc() -> None:
    zoned = DATETIME.to_number("2024-03-02T12:00:00+02:00")
    assert zoned == DATETIME.to_number("2024-03-02T10:00:00")


@given(st.dictionaries(st.sampled_from(["Value", "Premium", "Other"]), st.floats(0, 1), min_size=1))
def test_accepted_shares_never_sum_to_more_than_one(
    schema: Schema, shares: dict[str, float]
) -> None:
    try:
        accepted = shares_of(schema, shares)
    except errors.ConditionError as error:
        assert error.fields[0].code == "condition_share_sum"
    else:
        assert math.fsum(accepted.values()) <= 1 + 1e-12
        assert accepted.keys() == shares.keys()


@pytest.fixture(scope="module")
def cleaned() -> Schema:
    """The schema of a study with a constant, rare levels, a rating and a long name."""
    rng = np.random.default_rng(0)
    table = pa.table(
        {
            "city": [*["Oslo"] * 120, *["Rome"] * 120, *[f"Town {i // 2}" for i in range(60)]],
            "country": ["NO"] * 300,
            "rating": rng.integers(1, 6, 300),
            "How likely?": rng.choice(["yes", "no"], 300),
        }
    )
    return simulacra.fit(table).schema


def test_a_condition_says_what_cleaning_did_with_its_column_or_level(cleaned: Schema) -> None:
    ((_, _, pooled),) = faults(cleaned, {"city": {"Town 7": 0.2}})
    assert "pooled into 'Other'" in pooled
    assert "give the share of the pool" in pooled
    ((_, _, constant),) = faults(cleaned, {"country": {"NO": 1}})
    assert "Cleaning dropped it: constant" in constant
    assert constant.endswith('fit the study again with keep=["country"].')
    ((_, _, renamed),) = faults(cleaned, {"How likely?": {"yes": 0.5}})
    assert "it is called 'How.likely" in renamed


def test_a_condition_on_a_column_that_was_split_names_its_options(schema: Schema) -> None:
    split = AnswerList("Which channels?", "Which.channels", ("a", "b", "c", "d"), ";")
    of_it = dataclasses.replace(schema, answer_lists=(split,))
    for name in (split.column, split.name):
        ((_, code, detail),) = faults(of_it, {name: {"yes": 0.5}})
        assert code == "unknown_condition_column"
        assert "has become the columns 'a', 'b', 'c', ...; 'multiple_response' takes" in detail
