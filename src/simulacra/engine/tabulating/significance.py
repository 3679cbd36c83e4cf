"""Significance: two columns of a table compared on their effective bases.

Pairs are compared one by one at 95 %, without a correction for how many there are, as survey tables
do; the note below a table says how many letters chance would give.
"""

import itertools
import string
from collections.abc import Sequence

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from simulacra.engine.tabulating.crosstab import LEAST_BASE
from simulacra.engine.tabulating.estimates import Estimate, Mean
from simulacra.engine.tabulating.sample import Overlap

LEVEL = 0.95


def p_value(first: Estimate, second: Estimate, shared: float = 0.0) -> float:
    """Return the two-sided p-value of the hypothesis that two groups do not differ.

    Shares are compared by the z test with pooled variance (as in SPSS Custom Tables), means by the
    t test for unequal variances (Welch 1947); both take effective bases for numbers of respondents.
    Where respondents belong to both groups, twice the covariance that comes of them is taken off
    the variance of the difference (Kish 1965, 12.4; of means Derrick et al. 2017), as the column
    proportions test of UNICOM Intelligence does with overlapping columns. The degrees of freedom
    stay those of Welch: at these bases the t distribution is all but the normal one.
    It is 1 where there is nothing to compare: equal figures, or no variance.

    Args:
        first: of one group.
        second: of the other.
        shared: the covariance of both, in units of the variance of one value; see `Overlap`.
    """
    if isinstance(first, Mean) and isinstance(second, Mean):
        return _of_means(first, second, shared)
    pooled = (first.value * first.base + second.value * second.base) / (first.base + second.base)
    variance = pooled * (1 - pooled) * (1 / first.base + 1 / second.base - 2 * shared)
    if not variance > 0:
        return 1.0
    return float(2 * norm.sf(abs(first.value - second.value) / np.sqrt(variance)))


def welch(first: Mean, second: Mean) -> tuple[float, float]:
    """Return the standard error of the difference of two means, and its degrees of freedom.

    The degrees of freedom are those of Welch and Satterthwaite; they are 1 if the error is 0.
    """
    parts = [each.variance / each.base for each in (first, second)]
    total = sum(parts)
    if not total > 0:
        return 0.0, 1.0
    freedom = 1 / sum(
        (part / total) ** 2 / (each.base - 1)
        for part, each in zip(parts, (first, second), strict=True)
    )
    return float(np.sqrt(total)), freedom


def _of_means(first: Mean, second: Mean, shared: float) -> float:
    error, freedom = welch(first, second)
    square = error**2 - 2 * shared * float(np.sqrt(first.variance * second.variance))
    if not square > 0:
        return 1.0
    return float(2 * student.sf(abs(first.value - second.value) / np.sqrt(square), freedom))


def letters(
    estimates: Sequence[Estimate],
    names: Sequence[str],
    overlap: Overlap | None = None,
) -> tuple[list[str], int]:
    """Return for each of some columns the letters of those whose figure is significantly smaller.

    Args:
        estimates: of one row of a table, a column each.
        names: the letter of each column.
        overlap: what the columns have in common; None if they exclude each other.

    Returns:
        The letters, and how many pairs were compared: those of which both effective bases, and that
        of who is in one of both only, are `LEAST_BASE` or more.
    """
    found, compared = ["" for _ in estimates], 0
    for first, second in itertools.combinations(range(len(estimates)), 2):
        pair, where = (estimates[first], estimates[second]), (first, second)
        if min(each.base for each in pair) < LEAST_BASE:
            continue
        if overlap is not None and overlap.apart[where] < LEAST_BASE:
            continue
        compared += 1
        shared = 0.0 if overlap is None else float(overlap.shared[where])
        if p_value(*pair, shared) < 1 - LEVEL:
            larger, smaller = first, second
            if pair[0].value < pair[1].value:
                larger, smaller = second, first
            found[larger] += names[smaller]
    return found, compared


def name(index: int) -> str:
    """Return the letter of a column: A to Z, then AA, AB and so on."""
    more, last = divmod(index, len(string.ascii_uppercase))
    return (name(more - 1) if more else "") + string.ascii_uppercase[last]
