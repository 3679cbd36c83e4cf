"""Intervals of figures and of the difference of two, from effective bases.

A share has the interval of its score test (Wilson 1927), and the difference of two the interval
that is made of theirs (Newcombe 1998, method 10); neither leaves what is possible. A mean has that
of Student's t, and the difference of two that of Welch (1947).
"""

import numpy as np
from scipy.special import stdtrit
from scipy.stats import norm

from simulacra.engine.tabulating import significance
from simulacra.engine.tabulating.estimates import Estimate, Mean

LEVEL = significance.LEVEL
NORMAL = float(norm.ppf((1 + LEVEL) / 2))
LEAST_BASE = 2.0
"""Effective base below which nothing can be told of the spread of a mean."""

Ends = tuple[float, float]


def of(estimate: Estimate) -> Ends | None:
    """Return the ends of the interval of a figure; None if its base is too small for one."""
    if isinstance(estimate, Mean):
        if not estimate.base >= LEAST_BASE:
            return None
        error = np.sqrt(estimate.variance / estimate.base)
        width = float(_student(estimate.base - 1) * error)
        return estimate.value - width, estimate.value + width
    if not estimate.base > 0 or np.isnan(estimate.value):
        return None
    share, square = estimate.value, NORMAL**2 / estimate.base
    middle = (share + square / 2) / (1 + square)
    root = np.sqrt(share * (1 - share) / estimate.base + (square / NORMAL / 2) ** 2)
    width = float(NORMAL * root / (1 + square))
    return max(middle - width, 0.0), min(middle + width, 1.0)


def of_change(first: Estimate, second: Estimate) -> Ends | None:
    """Return the ends of the interval of the change from one figure to another.

    Both are taken as figures of separate samples. Where the same respondents stand behind both, as
    behind two scenarios of one model, the interval is rather too wide.
    """
    ends = of(first), of(second)
    if ends[0] is None or ends[1] is None:
        return None
    change = second.value - first.value
    if isinstance(first, Mean) and isinstance(second, Mean):
        error, freedom = significance.welch(first, second)
        width = float(_student(freedom) * error) if error > 0 else 0.0
        return change - width, change + width
    low = np.hypot(second.value - ends[1][0], ends[0][1] - first.value)
    high = np.hypot(ends[1][1] - second.value, first.value - ends[0][0])
    return float(change - low), float(change + high)


def surprise(change: float, ends: Ends | None) -> float:
    """Return a change in widths of its interval on the side of 0; above 1, 0 is outside of it.

    It is 0 where there is no interval, or one without a width.
    """
    if ends is None or change == 0:
        return 0.0
    width = change - ends[0] if change > 0 else ends[1] - change
    return abs(change) / width if width > 0 else 0.0


def _student(freedom: float) -> float:
    """Return the quantile of Student's t that intervals need.

    It is what `scipy.stats.t.ppf` returns, without the third of a millisecond that a distribution
    object takes for each figure.
    """
    return float(stdtrit(freedom, (1 + LEVEL) / 2))
