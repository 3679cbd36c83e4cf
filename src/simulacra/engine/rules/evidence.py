"""How unlikely a pattern would be if columns had nothing to do with each other.

All chances are those of a permutation test: one column stays, the other's values are shuffled over
the rows. A kind of rule is learned where the logarithm of the chance is below `limit`: Bonferroni's
bound, so that a study of independent columns gets a false rule of that kind at most once in
``1 / FALSE_ALARMS`` studies, however many pairs of columns it has.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from simulacra.engine.columns.arrays import Floats

FALSE_ALARMS = 0.01
"""Chance of one false rule of a kind in a whole study of independent columns."""


def limit(tests: int) -> float:
    """Return the logarithm of the chance below which one of so many tests is no accident."""
    return float(np.log(FALSE_ALARMS / max(tests, 1)))


def log_never_together(first: npt.ArrayLike, second: npt.ArrayLike, rows: float) -> Floats:
    """Return the log chance that two shuffled states never meet: Fisher's exact test of a zero.

    Args:
        first: rows that are in the first state.
        second: rows that are in the second.
        rows: of the table.
    """
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    neither = np.maximum(rows - first - second, 0)
    chance = gammaln(rows - first + 1) + gammaln(rows - second + 1)
    chance = chance - gammaln(rows + 1) - gammaln(neither + 1)
    return np.asarray(np.where(first + second > rows, -np.inf, chance))


def log_arrangements(counts: Floats) -> float:
    """Return the log number of ways to arrange rows of these counts: a multinomial coefficient."""
    return float(gammaln(counts.sum() + 1) - gammaln(counts + 1).sum())
