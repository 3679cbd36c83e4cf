import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.schema import Column
from simulacra.engine.rules.interval import Interval

TENTHS = Column("x", "x", "x", NUMBER, 0.0, min=-50, max=50, decimals=1)
WHOLE_NUMBERS = Column("x", "x", "x", INTEGER, 0.0, min=-50, max=50)
NUMBERS = st.integers(-500, 500).map(lambda tenths: tenths / 10)


def test_bounds_that_are_missing_narrow_nothing() -> None:
    interval = Interval.unbounded(3)
    assert not interval.excludes(TENTHS, np.array([-1e9, 0.0, 1e9])).any()
    interval.narrow(np.array([1.0, np.nan, 1.0]), np.array([2.0, 2.0, np.nan]))
    interval.narrow(0.0, 1.5)
    assert interval.low.tolist() == [1.0, 0.0, 1.0]
    assert interval.high.tolist() == [1.5, 1.5, 1.5]


def test_a_missing_value_lies_in_every_interval() -> None:
    interval = Interval(np.ones(2), np.ones(2))
    assert interval.excludes(TENTHS, np.array([np.nan, 1.1])).tolist() == [False, True]
    assert np.isnan(interval.clip(TENTHS, np.array([np.nan, 1.1]))[0])


def test_errors_of_arithmetic_on_floats_exclude_nothing() -> None:
    interval = Interval(np.full(2, 0.1 + 0.2), np.full(2, 0.1 + 0.2))
    assert interval.excludes(TENTHS, np.array([0.3, 0.4])).tolist() == [False, True]
    assert interval.clip(TENTHS, np.array([0.3, 0.9])).tolist() == [0.3, 0.3]


@given(NUMBERS, NUMBERS, st.lists(NUMBERS, min_size=1, max_size=20))
def test_clipped_values_lie_inside_and_on_the_grid(
    first: float, last: float, values: list[float]
) -> None:
    low, high = sorted((first, last))
    interval = Interval(np.full(len(values), low), np.full(len(values), high))
    clipped = interval.clip(TENTHS, np.array(values))
    assert not interval.excludes(TENTHS, clipped).any()
    assert TENTHS.contains(clipped).all()
    was_inside = ~interval.excludes(TENTHS, np.array(values))
    np.testing.assert_array_equal(clipped[was_inside], np.array(values)[was_inside])


def test_a_clipped_value_takes_the_nearest_grid_point_inside() -> None:
    interval = Interval(np.array([2.6, 2.4]), np.array([9.0, 3.4]))
    assert interval.clip(WHOLE_NUMBERS, np.array([0.0, 9.0])).tolist() == [3.0, 3.0]
