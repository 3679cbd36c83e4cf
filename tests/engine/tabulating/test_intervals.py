import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simulacra.engine.tabulating import intervals, significance
from simulacra.engine.tabulating.estimates import Mean, Share

SHARES = st.builds(Share, st.floats(0, 1), st.floats(2, 1e5))
MEANS = st.builds(Mean, st.floats(-100, 100), st.floats(2, 1e5), st.floats(0.01, 1e4))


def test_the_interval_of_a_difference_is_that_of_newcombe() -> None:
    # Example (a) of Newcombe (1998), 56 of 70 and 48 of 80, by method 10: 0.0524 to 0.3339.
    ends = intervals.of_change(Share(48 / 80, 80), Share(56 / 70, 70))
    assert ends == pytest.approx((0.0524, 0.3339), abs=1e-4)


def test_the_interval_of_a_share_is_that_of_wilson() -> None:
    # 81 of 263 (Newcombe 1998, two-sided intervals for the single proportion): 0.2553 to 0.3662.
    assert intervals.of(Share(81 / 263, 263)) == pytest.approx((0.2553, 0.3662), abs=1e-4)


@given(st.one_of(SHARES, MEANS))
def test_a_figure_lies_within_its_interval(estimate: Share | Mean) -> None:
    ends = intervals.of(estimate)
    assert ends is not None
    assert ends[0] - 1e-9 <= estimate.value <= ends[1] + 1e-9
    if isinstance(estimate, Share):
        assert 0 <= ends[0] <= ends[1] <= 1


@given(st.one_of(st.tuples(SHARES, SHARES), st.tuples(MEANS, MEANS)))
def test_a_change_back_is_the_change_with_the_other_sign(
    pair: tuple[Share, Share] | tuple[Mean, Mean],
) -> None:
    there, back = intervals.of_change(pair[0], pair[1]), intervals.of_change(pair[1], pair[0])
    assert there is not None
    assert back is not None
    assert there == pytest.approx((-back[1], -back[0]))


@given(MEANS, MEANS)
def test_a_surprise_above_one_is_significant(first: Mean, second: Mean) -> None:
    found = intervals.surprise(second.value - first.value, intervals.of_change(first, second))
    assume(abs(found - 1) > 1e-6)
    assert (found > 1) == (significance.p_value(first, second) < 1 - intervals.LEVEL)


def test_there_is_no_interval_without_a_base() -> None:
    assert intervals.of(Share(np.nan, 0)) is None
    assert intervals.of(Mean(3, 1.9, 1)) is None
    assert intervals.of_change(Share(0.5, 10), Share(np.nan, 0)) is None
    assert intervals.surprise(0.5, None) == 0
