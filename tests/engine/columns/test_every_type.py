"""Laws that every registered column type obeys; a new type inherits them with a sample."""

import copy
import itertools
import json
import math
import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine import disclosure, errors
from simulacra.engine.cleaning import columns, pooling, retyping, texts
from simulacra.engine.columns import boolean, registry
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.drafts import Draft
from simulacra.engine.columns.schema import Column
from simulacra.engine.columns.time_of_day import TIME
from tests.engine.columns import samples

CATEGORICAL = [column_type for column_type in registry.TYPES if column_type.is_categorical]
NUMERIC = [column_type for column_type in registry.TYPES if not column_type.is_categorical]
SEEDS = st.integers(0, 2**32 - 1)
DRAWS = 20
"""Draws from the cell of each respondent of a sample."""

every_type = pytest.mark.parametrize("column_type", registry.TYPES, ids=str)
categorical_types = pytest.mark.parametrize("column_type", CATEGORICAL, ids=str)
numeric_types = pytest.mark.parametrize("column_type", NUMERIC, ids=str)


def chunked(array: pa.Array) -> pa.ChunkedArray:
    return pa.chunked_array([array])


def drawn_values(column: Column, rng: np.random.Generator, count: int) -> Floats:
    """Return values that a column may take, some of them missing, float64, shape (count,)."""
    if column.type.is_categorical:
        values = rng.integers(0, len(column.levels), count).astype(np.float64)
    else:
        low, high = column.bounds
        values = column.round(rng.uniform(low, high, count))
    return np.where(rng.random(count) < 0.2, np.nan, values)


# A type is the only instance of its class, and a text.


@every_type
def test_a_copy_is_the_type_itself(column_type: ColumnType) -> None:
    assert copy.copy(column_type) is column_type
    assert copy.deepcopy(column_type) is column_type
    assert pickle.loads(pickle.dumps(column_type)) is column_type  # noqa: S301 - our own
    assert type(column_type)() is column_type


@every_type
def test_a_type_is_written_as_its_published_name(column_type: ColumnType) -> None:
    assert column_type == str(column_type) == column_type.name
    assert json.dumps(column_type) == f'"{column_type.name}"'
    assert registry.named(column_type.name) is column_type


def test_no_two_types_share_a_name() -> None:
    assert len({column_type.name for column_type in registry.TYPES}) == len(registry.TYPES)
    with pytest.raises(KeyError):
        registry.named("color")


# From Arrow to values and back.


@every_type
def test_the_type_of_an_arrow_column_is_recognised(column_type: ColumnType) -> None:
    array = chunked(samples.sample_of(column_type))
    draft = columns.draft(array)
    assert draft is not None
    assert draft.type is column_type
    claims = [other for other in registry.TYPES if other.analyse(array) is not None]
    assert claims[0] is column_type


@every_type
def test_values_are_those_of_the_arrow_column(column_type: ColumnType) -> None:
    array = samples.sample_of(column_type)
    column, values = samples.described(column_type)
    for before, after in zip(array.to_pylist(), column.decode(values).to_pylist(), strict=True):
        is_pooled = after == pooling.POOL and before not in column.levels
        assert before == after or is_pooled


@every_type
def test_missing_values_stay_missing(column_type: ColumnType) -> None:
    column, values = samples.described(column_type)
    is_null = np.asarray(samples.sample_of(column_type).is_null())
    assert is_null.any()
    np.testing.assert_array_equal(np.isnan(values), is_null)
    decoded = column.decode(values)
    np.testing.assert_array_equal(np.asarray(decoded.is_null()), is_null)
    np.testing.assert_array_equal(np.isnan(column.encode(chunked(decoded))), is_null)


@every_type
@given(SEEDS, st.integers(0, 50))
def test_values_come_back_from_arrow(column_type: ColumnType, seed: int, count: int) -> None:
    column, _ = samples.described(column_type)
    values = drawn_values(column, np.random.default_rng(seed), count)
    decoded = column.decode(values)
    encoded = column.encode(chunked(decoded))
    assert encoded.dtype == np.float64
    np.testing.assert_array_equal(encoded, values)
    assert column.decode(encoded).equals(decoded)


@numeric_types
@given(SEEDS)
def test_numbers_and_dates_come_back_from_their_texts(column_type: ColumnType, seed: int) -> None:
    """As they do when synthetic rows are written as CSV and fitted again."""
    column, _ = samples.described(column_type)
    values = drawn_values(column, np.random.default_rng(seed), 60)
    written = column.decode(values).cast(pa.string())
    np.testing.assert_array_equal(texts.recognise(chunked(written)).values, values)


@categorical_types
def test_a_level_that_the_schema_does_not_have_is_refused(column_type: ColumnType) -> None:
    column, _ = samples.described(column_type)
    with pytest.raises(ValueError, match="other levels") as caught:
        column.encode(chunked(pa.array([column.levels[0], "SECRET"])))
    assert "SECRET" not in str(caught.value)


# What is published.


@every_type
def test_a_described_column_survives_json(column_type: ColumnType) -> None:
    column, _ = samples.described(column_type)
    document = json.loads(json.dumps(column.to_json(), allow_nan=False))
    assert document["type"] == column_type.name
    restored = Column.from_json(document)
    assert restored == column
    assert restored.type is column_type


@every_type
def test_levels_or_bounds_are_published(column_type: ColumnType) -> None:
    column, _ = samples.described(column_type)
    document = column.to_json()
    if column_type.is_categorical:
        assert sum(document["shares"]) == pytest.approx(1, abs=1e-5)
        assert len(document["shares"]) == len(document["levels"])
        assert not {"min", "max", "quantiles"} & document.keys()
    else:
        assert not {"levels", "shares"} & document.keys()
        ends = [column.min, *column.quantiles, column.max]
        points = [column_type.to_number(end) for end in ends]
        assert points == sorted(points)
        assert [column_type.to_bound(point) for point in points] == ends


@numeric_types
@given(
    st.integers(1, 20),
    st.integers(-1_000, 1_000),
    st.integers(30, 60),
    st.integers(1, disclosure.THRESHOLD - 1),
)
def test_a_number_that_too_few_respondents_share_is_not_published_nor_emitted_as_a_point(
    column_type: ColumnType, scale: int, shift: int, count: int, sharing: int
) -> None:
    """Squares lie so that neither round numbers nor means of neighbours are among the values."""
    if column_type is TIME:  # a day has 86,400 seconds
        scale, shift = scale % 2 + 1, abs(shift)
    squares = np.arange(count) ** 2 * 10.0 * scale + 10 * shift + 1
    column, values = described_numbers(column_type, np.repeat(squares, sharing))
    ends = (column.min, *column.quantiles, column.max)
    published = {column_type.to_number(end) for end in ends if end is not None}
    assert not published & set(values.tolist())
    cells = column.cells(values)
    assert cells is not None
    assert (cells.high - cells.low >= column.step).all()


@numeric_types
@given(st.integers(1, 20), st.integers(disclosure.THRESHOLD, 20))
def test_a_number_that_enough_respondents_share_is_emitted_as_it_stands(
    column_type: ColumnType, scale: int, sharing: int
) -> None:
    if column_type is TIME:
        scale = scale % 6 + 1
    alone = np.arange(30) ** 2 * 10.0 * scale + 1
    shared = 37 * 10.0 * scale + 1
    column, values = described_numbers(column_type, np.append(alone, np.full(sharing, shared)))
    cells = column.cells(values)
    assert cells is not None
    np.testing.assert_array_equal(cells.low[30:], values[30:])
    np.testing.assert_array_equal(cells.high[30:], values[30:])


def described_numbers(column_type: ColumnType, units: Floats) -> tuple[Column, Floats]:
    """Return the column of so many steps of a type's grid, and its values."""
    draft = Draft(column_type, units * column_type.step(0))
    facts = column_type.describe(draft)
    return Column("x", "x", "x", column_type, 0.0, **facts), draft.values


@categorical_types
@given(st.lists(st.integers(0, 12), min_size=2, max_size=8), st.integers(0, 60))
def test_cleaning_leaves_no_level_that_too_few_respondents_share(
    column_type: ColumnType, counts: list[int], first: int
) -> None:
    """The levels of a boolean are those of the type, whatever the study; others come from it."""
    counts = [first + 30, *counts]
    levels = tuple(f"level {index}" for index in range(len(counts)))
    values = np.repeat(np.arange(len(counts), dtype=np.float64), counts)
    draft = pooling.pool(Draft(column_type, values, levels))
    if column_type is boolean.BOOLEAN:
        assert draft.levels == levels
    else:
        assert (draft.level_counts >= disclosure.THRESHOLD).all()


# What is emitted.


@every_type
def test_emitted_values_lie_within_the_bounds_and_on_the_grid(column_type: ColumnType) -> None:
    column, values = samples.described(column_type)
    cells = column.cells(values)
    if cells is None:
        assert column_type.is_categorical
        assert set(values[~np.isnan(values)]) <= set(range(len(column.levels)))
        return
    donors = np.tile(np.arange(len(values)), DRAWS)
    emitted = cells.draw(column, donors, np.random.default_rng(0))
    is_missing = np.isnan(values[donors])
    np.testing.assert_array_equal(np.isnan(emitted), is_missing)
    assert column.contains(emitted[~is_missing]).all()


@numeric_types
@given(st.floats(0, 1), st.floats(0, 1), SEEDS)
def test_values_of_a_window_lie_in_its_range(
    column_type: ColumnType, first: float, last: float, seed: int
) -> None:
    column, values = samples.described(column_type)
    low, high = column.bounds
    ends = np.sort(column.round(low + np.array([first, last]) * (high - low)))
    cells = column.cells(values)
    assert cells is not None
    window = column.window(values, cells, *map(column_type.to_bound, ends.tolist()))
    np.testing.assert_array_equal(window.inside, (values >= ends[0]) & (values <= ends[1]))
    donors = np.flatnonzero(window.mass > 0)
    assert len(donors) or not window.inside.any()
    assert not np.isnan(values[donors]).any()
    emitted = window.draw(column, donors, np.random.default_rng(seed))
    assert ((emitted >= ends[0]) & (emitted <= ends[1])).all()
    assert column.contains(emitted).all()


@categorical_types
def test_levels_have_no_scale(column_type: ColumnType) -> None:
    column, values = samples.described(column_type)
    for call in (
        lambda: column_type.to_number("2024-01-01"),
        lambda: column_type.to_bound(1.0),
        lambda: column_type.expected_bound(column),
        lambda: column.step,
        lambda: column.round(values),
        lambda: column.contains(values),
    ):
        with pytest.raises(TypeError, match=f"type {column_type} has levels"):
            call()
    with pytest.raises(ValueError, match="no bounds"):
        _ = column.bounds


@numeric_types
@pytest.mark.parametrize(
    "bound",
    [None, True, [], {}, b"5", math.nan, math.inf, -math.inf, 10**400, "", "no", "2020-02-30"],
    ids=repr,
)
def test_an_invalid_bound_is_refused(column_type: ColumnType, bound: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        column_type.to_number(bound)
    assert column_type.expected_bound(samples.described(column_type)[0])


# Tree codes.


@every_type
@given(SEEDS)
def test_a_missing_value_has_a_tree_code_of_its_own(column_type: ColumnType, seed: int) -> None:
    column, values = samples.described(column_type)
    coding = column.tree_coding(values)
    emitted = drawn_values(column, np.random.default_rng(seed), 60)
    codes = coding.codes(np.append(emitted, np.nan))
    assert codes.dtype == np.int32
    assert 0 <= codes.min() <= codes.max() < coding.size
    np.testing.assert_array_equal(codes[:-1] == codes[-1], np.isnan(emitted))


@every_type
@given(SEEDS)
def test_tree_codes_rise_with_the_values(column_type: ColumnType, seed: int) -> None:
    column, values = samples.described(column_type)
    coding = column.tree_coding(values)
    assert coding.is_ordered == column_type.is_ordered
    emitted = drawn_values(column, np.random.default_rng(seed), 60)
    codes = coding.codes(np.sort(emitted[~np.isnan(emitted)]))
    assert (np.diff(codes) >= 0).all()
    own = np.unique(values[~np.isnan(values)])
    assert len(np.unique(coding.codes(own))) == len(own)


# Conversions that a caller asks for.


@pytest.mark.parametrize(
    ("source", "target"),
    list(itertools.permutations(registry.TYPES, 2)),
    ids=str,
)
def test_a_column_becomes_another_type_or_says_why_not(
    source: ColumnType, target: ColumnType
) -> None:
    array = samples.sample_of(source)
    draft = columns.draft(chunked(array))
    assert draft is not None
    try:
        converted = retyping.retype(samples.NAME, draft, target)
    except errors.StudyError as error:
        assert repr(samples.NAME) in error.detail
        cells = samples.texts_of(array)
        assert min(map(len, cells)) >= 4
        assert not [cell for cell in cells if cell in error.detail]
    else:
        assert converted.type is target
        assert converted.values.shape == draft.values.shape
        assert not (converted.known & ~draft.known).any()
        assert bool(converted.levels) == target.is_categorical
        assert "as requested" in converted.notes[-1].reason


@every_type
def test_a_column_of_a_type_is_not_converted_to_it(column_type: ColumnType) -> None:
    draft = columns.draft(chunked(samples.sample_of(column_type)))
    assert draft is not None
    assert retyping.retype(samples.NAME, draft, column_type) is draft
