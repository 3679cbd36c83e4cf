import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns import encoding
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.schema import Column
from simulacra.engine.model import drawing
from simulacra.engine.scenario.conditions import Range


def number(low: float, high: float, decimals: int = 2) -> Column:
    return Column("x", "x", "x", NUMBER, 0.0, min=low, max=high, decimals=decimals)


INTEGER = Column("x", "x", "x", INTEGER, 0.0, min=0, max=100)
INTEGER_OF_FIVE = Column("x", "x", "x", INTEGER, 0.0, min=0, max=5)
LEVELS = Column("x", "x", "x", NOMINAL, 0.0, levels=("a", "b", "c"))


@given(st.lists(st.integers(-5000, 5000), min_size=30, max_size=200))
def test_a_value_that_few_share_is_a_cell_and_not_a_point(cents: list[int]) -> None:
    values = np.round(np.array(cents) / 100, 2)
    column = number(-40, 40)
    cells = encoding.cells(column, values)
    counts = {value: int(np.sum(values == value)) for value in values.tolist()}
    for value, low, high in zip(values.tolist(), cells.low, cells.high, strict=True):
        assert -40 <= low <= high <= 40
        if counts[value] >= encoding.VERBATIM_ROWS and -40 <= value <= 40:
            assert low == high == value
        elif -40 < value < 40 and len(counts) > 1:
            assert low < value < high


def test_a_cell_reaches_as_far_as_the_nearest_neighbour() -> None:
    values = np.array([1.0, 4.0, 4.5, 9.0])
    cells = encoding.cells(number(0, 10), values)
    assert cells.low[1:3].tolist() == [3.5, 4]
    assert cells.high[1:3].tolist() == [4.5, 5]


def test_an_outermost_value_is_blurred_by_a_part_of_the_scale() -> None:
    values = np.array([1.0, 4.0, 4.5, 9.0, 9.9])
    cells = encoding.cells(number(0, 10), values)
    assert 10 * encoding.BLUR == 0.25
    assert (cells.low[0], cells.high[0]) == (0.75, 1.25)
    assert (cells.low[-1], cells.high[-1]) == (9.65, 10)  # the scale ends
    alone = encoding.cells(number(0, 10), np.array([3.0, np.nan]))
    assert (alone.low[0], alone.high[0]) == (2.75, 3.25)


def test_an_outermost_value_nearer_to_its_neighbour_reaches_no_further() -> None:
    cells = encoding.cells(number(0, 10), np.array([1.0, 1.1, 8.0]))
    np.testing.assert_allclose(cells.low[:2], [0.9, 1.0])
    np.testing.assert_allclose(cells.high[:2], [1.1, 1.2])


def test_a_blur_is_at_least_a_step_of_the_grid() -> None:
    cells = encoding.cells(INTEGER_OF_FIVE, np.array([1.0, 4.0]))
    assert (cells.low.tolist(), cells.high.tolist()) == ([0, 3], [2, 5])


def test_rows_beyond_the_bounds_come_back_inside_without_a_spike() -> None:
    values = np.round(np.random.default_rng(0).gamma(2, 10, 500), 2)
    ordered = np.sort(values)
    column = number(float(ordered[5]), float(ordered[-6]))
    cells = encoding.cells(column, values)
    tail = values > ordered[-6]
    assert tail.sum() == 5
    assert np.all(cells.high[tail] == ordered[-6])
    assert np.all(cells.low[tail] < ordered[-6])


@given(st.floats(0, 100), st.floats(0, 30), st.integers(0, 99))
def test_what_a_window_emits_lies_in_it(low: float, width: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(50, 20, 200), 1)
    column = number(0, 100, decimals=1)
    high = low + width
    window = encoding.window(column, values, encoding.cells(column, values), Range(low, high))
    donors = np.flatnonzero(window.mass > 0)
    assert len(donors)
    emitted = drawing.emit_inside(column, window, donors, rng)
    assert np.all((emitted >= low) & (emitted <= high))
    assert np.array_equal(window.inside, (values >= low) & (values <= high))


def test_a_window_weighs_a_cell_by_the_part_inside() -> None:
    values = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    column = number(0, 60, decimals=6)
    window = encoding.window(column, values, encoding.cells(column, values), Range(25, 35))
    np.testing.assert_allclose(window.mass, [0, 0.25, 0.5, 0.25, 0], atol=1e-6)


def test_a_range_between_seed_values_is_filled_from_both_sides() -> None:
    values = np.repeat([1.0, 2.0, 9.0], 10)
    window = encoding.window(INTEGER, values, encoding.cells(INTEGER, values), Range(4, 6))
    assert set(values[window.mass > 0]) == {2.0, 9.0}
    emitted = drawing.emit_inside(
        INTEGER, window, np.repeat(np.arange(10, 30), 20), np.random.default_rng(0)
    )
    assert set(emitted) == {4.0, 5.0, 6.0}


@pytest.mark.parametrize(
    ("kind", "array"),
    [
        (NOMINAL, pa.array(["b", None, "a"])),
        (BOOLEAN, pa.array([True, None, False])),
        (INTEGER, pa.array([3, None, -7])),
        (NUMBER, pa.array([0.25, None, -1.5])),
        (DATE, pa.array([dt.date(2024, 2, 29), None, dt.date(1969, 12, 31)])),
        (
            DATETIME,
            pa.array([dt.datetime(2024, 2, 29, 12, 30), None], pa.timestamp("us")),  # noqa: DTZ001
        ),
    ],
)
def test_arrow_and_back(kind: ColumnType, array: pa.Array) -> None:
    levels = {NOMINAL: ("a", "b"), BOOLEAN: ("false", "true")}
    column = Column("x", "x", "x", kind, 0.0, levels=levels.get(kind, ()))
    numbers = encoding.from_arrow(column, pa.chunked_array([array]))
    assert encoding.to_arrow(column, numbers).equals(array)


def test_a_level_that_the_schema_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="other levels"):
        encoding.from_arrow(LEVELS, pa.chunked_array([["a", "z"]]))
