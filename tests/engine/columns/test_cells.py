import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine import disclosure
from simulacra.engine.columns import cells as emission
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.cells import Cells
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.schema import Column


def number(low: float, high: float, decimals: int = 2) -> Column:
    return Column("x", "x", "x", NUMBER, 0.0, min=low, max=high, decimals=decimals)


TO_100 = Column("x", "x", "x", INTEGER, 0.0, min=0, max=100)
TO_5 = Column("x", "x", "x", INTEGER, 0.0, min=0, max=5)


def cells_of(column: Column, values: Floats) -> Cells:
    cells = column.cells(values)
    assert cells is not None
    return cells


@given(st.lists(st.integers(-5000, 5000), min_size=30, max_size=200))
def test_a_value_that_few_share_is_a_cell_and_not_a_point(cents: list[int]) -> None:
    values = np.round(np.array(cents) / 100, 2)
    cells = cells_of(number(-40, 40), values)
    counts = {value: int(np.sum(values == value)) for value in values.tolist()}
    for value, low, high in zip(values.tolist(), cells.low, cells.high, strict=True):
        assert -40 <= low <= high <= 40
        if counts[value] >= disclosure.THRESHOLD and -40 <= value <= 40:
            assert low == high == value
        elif -40 < value < 40 and len(counts) > 1:
            assert low < value < high


def test_a_cell_reaches_as_far_as_the_nearest_neighbour() -> None:
    cells = cells_of(number(0, 10), np.array([1.0, 4.0, 4.5, 9.0]))
    assert cells.low[1:3].tolist() == [3.5, 4]
    assert cells.high[1:3].tolist() == [4.5, 5]


def test_an_outermost_value_is_blurred_by_a_part_of_the_scale() -> None:
    cells = cells_of(number(0, 10), np.array([1.0, 4.0, 4.5, 9.0, 9.9]))
    assert 10 * emission.BLUR == 0.25
    assert (cells.low[0], cells.high[0]) == (0.75, 1.25)
    assert (cells.low[-1], cells.high[-1]) == (9.65, 10)  # the scale ends
    alone = cells_of(number(0, 10), np.array([3.0, np.nan]))
    assert (alone.low[0], alone.high[0]) == (2.75, 3.25)


def test_an_outermost_value_nearer_to_its_neighbour_reaches_no_further() -> None:
    cells = cells_of(number(0, 10), np.array([1.0, 1.1, 8.0]))
    np.testing.assert_allclose(cells.low[:2], [0.9, 1.0])
    np.testing.assert_allclose(cells.high[:2], [1.1, 1.2])


def test_a_blur_is_at_least_a_step_of_the_grid() -> None:
    cells = cells_of(TO_5, np.array([1.0, 4.0]))
    assert (cells.low.tolist(), cells.high.tolist()) == ([0, 3], [2, 5])


def test_rows_beyond_the_bounds_come_back_inside_without_a_spike() -> None:
    values = np.round(np.random.default_rng(0).gamma(2, 10, 500), 2)
    ordered = np.sort(values)
    cells = cells_of(number(float(ordered[5]), float(ordered[-6])), values)
    tail = values > ordered[-6]
    assert tail.sum() == 5
    assert np.all(cells.high[tail] == ordered[-6])
    assert np.all(cells.low[tail] < ordered[-6])


@given(st.floats(0, 100), st.floats(0, 30), st.integers(0, 99))
def test_values_drawn_from_a_window_lie_in_it(low: float, width: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(50, 20, 200), 1)
    column = number(0, 100, decimals=1)
    high = low + width
    window = column.window(values, cells_of(column, values), low, high)
    donors = np.flatnonzero(window.mass > 0)
    assert len(donors) or not window.inside.any()
    emitted = window.draw(column, donors, rng)
    assert np.all((emitted >= low) & (emitted <= high))
    assert np.array_equal(window.inside, (values >= low) & (values <= high))


def test_a_window_weighs_a_cell_by_the_part_inside() -> None:
    values = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    column = number(0, 60, decimals=6)
    window = column.window(values, cells_of(column, values), 25, 35)
    np.testing.assert_allclose(window.mass, [0, 0.25, 0.5, 0.25, 0], atol=1e-6)


def test_a_range_between_values_of_a_dense_scale_is_filled_from_both_sides() -> None:
    values = np.repeat([*range(10), *range(14, 24)], 10).astype(float)
    window = TO_100.window(values, cells_of(TO_100, values), 11, 12)
    assert set(values[window.mass > 0]) == {9.0, 14.0}
    donors = np.flatnonzero(window.mass > 0).repeat(20)
    assert set(window.draw(TO_100, donors, np.random.default_rng(0))) == {11.0, 12.0}


@pytest.mark.parametrize(
    "known",
    [
        [1, 2, 30],  # too few values to tell a gap from a coarse scale
        [*range(10), *range(60, 70)],  # nobody between 9 and 60
        [*range(4)],  # nobody above
        [*range(20, 40)],  # nobody below
    ],
    ids=["few", "gap", "above", "below"],
)
def test_a_range_in_which_nobody_lies_is_empty(known: list[int]) -> None:
    values = np.repeat(known, 10).astype(float)
    window = TO_100.window(values, cells_of(TO_100, values), 12, 14)
    assert not window.mass.any()
