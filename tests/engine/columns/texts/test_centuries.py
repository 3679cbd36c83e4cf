import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns.texts import centuries


def years(*short: int) -> list[int]:
    return [int(year) for year in centuries.years(np.array(short, dtype=np.float64))]


def test_births_lie_in_the_past() -> None:
    assert years(35, 60, 99, 0, 5) == [1935, 1960, 1999, 2000, 2005]
    assert years(*range(21, 100), *range(6)) == [*range(1921, 2006)]
    assert years(48, 52, 60) == [1948, 1952, 1960]


def test_visits_lie_in_this_century() -> None:
    assert years(22, 23) == [2022, 2023]
    assert years(98, 99, 0, 1) == [1998, 1999, 2000, 2001]


@given(
    st.integers(1981, centuries.LATEST),
    st.lists(st.integers(0, 45), min_size=1, max_size=60),
)
def test_years_of_less_than_half_a_century_stay_together(newest: int, ages: list[int]) -> None:
    """No gap between them is as wide as the one that they leave open."""
    known = [newest, *(newest - age for age in ages)]
    assert years(*(year % 100 for year in known)) == known


@pytest.mark.parametrize("short", [[], [np.nan]])
def test_without_years_there_is_nothing_to_do(short: list[float]) -> None:
    np.testing.assert_array_equal(centuries.years(np.array(short)), short)
