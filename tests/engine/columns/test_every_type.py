"""What every registered column type must do; a new type inherits all of it.

A type takes part with a sample of its values. One without a sample fails the first test.
"""

import copy
import datetime as dt
import json
import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.engine import disclosure, errors
from simulacra.engine.columns import number, registry
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.drafts import Draft
from simulacra.engine.columns.schema import Column

ROWS = 200
LETTERS = ["low", "mid", "high"]
EPOCH = dt.datetime(2024, 2, 27, 12)  # noqa: DTZ001 - columns of moments know no zone


def _ordered(positions: np.ndarray) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(positions % 3), pa.array(LETTERS), ordered=True)


SAMPLES: dict[str, Any] = {
    "nominal": lambda numbers: pa.array([LETTERS[int(n) % 3] for n in numbers]).dictionary_encode(),
    "ordinal": lambda numbers: _ordered(numbers.astype(np.int8)),
    "boolean": lambda numbers: pa.array(numbers % 2 == 0),
    "integer": lambda numbers: pa.array(numbers.astype(np.int64) - 40),
    "number": lambda numbers: pa.array(np.round(numbers * 1.37 - 20, 2)),
    "date": lambda numbers: pa.array([(EPOCH + dt.timedelta(days=int(n))).date() for n in numbers]),
    "datetime": lambda numbers: pa.array([EPOCH + dt.timedelta(hours=7 * int(n)) for n in numbers]),
}
"""By type, what makes an Arrow array of whole numbers from 0 to 99."""

every_type = pytest.mark.parametrize("column_type", registry.TYPES, ids=str)


def sample(column_type: ColumnType, seed: int = 0) -> pa.ChunkedArray:
    """Return values of a type, a tenth of them missing."""
    rng = np.random.default_rng(seed)
    values = SAMPLES[column_type](rng.integers(0, 100, ROWS))
    return pa.chunked_array([pa.array(values).take(_with_gaps(rng))])


def _with_gaps(rng: np.random.Generator) -> pa.Array:
    return pa.array(np.arange(ROWS), mask=rng.random(ROWS) < 0.1)


def draft_of(column_type: ColumnType, seed: int = 0) -> Draft:
    draft = column_type.analyse(sample(column_type, seed))
    assert draft is not None
    return draft


def column_of(draft: Draft) -> Column:
    missing_share = round(1 - float(draft.known.mean()), 6)
    return Column("x", "x", "x", draft.type, missing_share, **draft.type.describe(draft))


@every_type
def test_it_has_a_sample_here(column_type: ColumnType) -> None:
    assert column_type in SAMPLES, f"add values of type {column_type} to SAMPLES"


@every_type
def test_it_is_a_text_with_one_instance(column_type: ColumnType) -> None:
    assert str(column_type) == column_type == column_type.name
    assert json.loads(json.dumps({"type": column_type})) == {"type": column_type.name}
    assert pickle.loads(pickle.dumps(column_type)) is column_type  # noqa: S301 - our own
    assert copy.deepcopy(column_type) is column_type
    assert registry.named(column_type.name) is column_type


@every_type
def test_it_alone_analyses_its_values(column_type: ColumnType) -> None:
    draft = registry.analyse(sample(column_type))
    assert draft is not None
    assert draft.type is column_type
    assert draft.known.sum() == ROWS - sample(column_type).null_count


@every_type
def test_what_is_described_comes_back_from_json(column_type: ColumnType) -> None:
    column = column_of(draft_of(column_type))
    assert Column.from_json(json.loads(json.dumps(column.to_json()))) == column


@every_type
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_values_come_back_from_arrow_and_missing_ones_stay_missing(
    column_type: ColumnType, seed: int
) -> None:
    draft = draft_of(column_type, seed)
    column = column_of(draft)
    decoded = column.decode(draft.values)
    np.testing.assert_array_equal(column.encode(pa.chunked_array([decoded])), draft.values)
    assert decoded.null_count == np.isnan(draft.values).sum()


@every_type
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_tree_codes_keep_the_order_and_missing_has_a_code_of_its_own(
    column_type: ColumnType, seed: int
) -> None:
    draft = draft_of(column_type, seed)
    coding = column_of(draft).tree_coding(draft.values)
    codes = coding.codes(draft.values)
    assert codes.dtype == np.int32
    assert codes.min() >= 0
    assert codes.max() < coding.size
    assert not set(codes[draft.known]) & set(codes[~draft.known])
    known = np.argsort(draft.values[draft.known], kind="stable")
    assert (np.diff(codes[draft.known][known]) >= 0).all()
    assert coding.is_ordered == column_type.is_ordered


@every_type
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_no_value_of_few_respondents_is_published_or_emitted(
    column_type: ColumnType, seed: int
) -> None:
    draft = draft_of(column_type, seed)
    column = column_of(draft)
    cells = column.cells(draft.values)
    if column_type.is_categorical:
        assert cells is None  # cleaning pools rare levels, so that each may be emitted
        return
    assert cells is not None
    known = draft.values[draft.known]
    shared = {value for value in known if np.sum(known == value) >= disclosure.THRESHOLD}
    points = cells.low[cells.low == cells.high]
    assert set(points) <= shared | set(column.bounds)
    low, high = column.bounds
    for end, beyond in ((low, known <= low), (high, known >= high)):
        is_round = not column_type.is_temporal and end % number.round_length(draft, known) == 0
        assert is_round or beyond.sum() >= disclosure.THRESHOLD


@every_type
@settings(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_emitted_values_lie_on_the_grid_and_within_bounds(
    column_type: ColumnType, seed: int
) -> None:
    draft = draft_of(column_type, seed)
    column = column_of(draft)
    cells = column.cells(draft.values)
    if cells is None:
        return
    donors = np.flatnonzero(draft.known)
    values = cells.draw(column, donors, np.random.default_rng(seed))
    assert column.contains(values).all()


@every_type
def test_a_window_holds_what_lies_in_the_range(column_type: ColumnType) -> None:
    draft = draft_of(column_type)
    column = column_of(draft)
    cells = column.cells(draft.values)
    if cells is None:
        with pytest.raises(TypeError, match="not a scale"):
            column.type.window(column, draft.values, cells, 0, 1)  # type: ignore[arg-type] # the fault
        return
    low, high = column.quantiles[1], column.quantiles[3]
    window = column.window(draft.values, cells, low, high)
    donors = np.flatnonzero(window.mass > 0)
    values = window.draw(column, donors, np.random.default_rng(0))
    first, last = column.type.to_number(low), column.type.to_number(high)
    assert ((values >= first) & (values <= last)).all()
    inside = (draft.values >= first) & (draft.values <= last)
    np.testing.assert_array_equal(window.inside, inside)
    assert (window.mass[inside] > 0).all()


@every_type
@pytest.mark.parametrize("bound", [None, True, "tomorrow", [], float("nan"), 10**400])
def test_what_is_no_bound_is_refused(column_type: ColumnType, bound: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        column_type.to_number(bound)


@every_type
def test_bounds_are_written_as_they_are_read(column_type: ColumnType) -> None:
    if column_type.is_categorical:
        with pytest.raises(TypeError, match="not a scale"):
            column_type.to_bound(0.0)
        return
    column = column_of(draft_of(column_type))
    for bound in (column.min, column.max, *column.quantiles):
        assert bound is not None
        assert column_type.to_bound(column_type.to_number(bound)) == bound
    assert column_type.expected_bound(column).startswith(("a ", "an "))


@every_type
@pytest.mark.parametrize("other", registry.TYPES, ids=str)
def test_it_converts_from_every_type_or_says_which_column_it_cannot_read(
    column_type: ColumnType, other: ColumnType
) -> None:
    draft = draft_of(other)
    try:
        converted = column_type.convert("satisfaction", draft)
    except errors.StudyError as refusal:
        assert "'satisfaction'" in str(refusal)
        assert not any(level in str(refusal) for level in LETTERS)
    else:
        assert converted.type is column_type
        assert len(converted.values) == ROWS
        assert not (converted.known & ~draft.known).any()


@every_type
def test_a_study_of_it_goes_all_the_way_to_synthetic_rows(column_type: ColumnType) -> None:
    rng = np.random.default_rng(4)
    table = pa.table({"x": sample(column_type), "other": rng.choice(["a", "b"], ROWS)})
    model = simulacra.fit(table, keep=["x"], types={"x": str(column_type)})
    rows = model.generate(120, seed=1).table
    assert model.schema["x"].type is column_type
    assert rows["x"].type == model.study["x"].type
    assert 0 < rows["x"].null_count < 60
