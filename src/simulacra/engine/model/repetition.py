"""Numbers that repeat another column: a bill that is paid in full, a price that is the list price.

A tree that cuts a scale into stretches never hits the very number that another column holds. So
whether a value repeats is a link of its own, two levels, and the value itself is drawn only where
it does not.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulacra.engine.columns.encoding import VERBATIM_ROWS
from simulacra.engine.model import coding
from simulacra.engine.model.donors import Donors
from simulacra.engine.model.forest import Forest
from simulacra.engine.model.kernels import Floats

LEAST_SHARE = 0.02
"""Share of rows that repeat from which on it is a habit of the column."""
MAX_ROWS = 20_000
"""Rows that are searched for a habit."""
LEAST_OTHERS = 30
"""Rows that do not repeat, of which the other values are learned."""
HEAVY_SHARE = 0.01
"""A value of so many rows is met by chance; meeting it is no repetition."""


@dataclasses.dataclass(frozen=True)
class Echo:
    """The habit of one column.

    Attributes:
        source: position of the column that is repeated.
        same: bool, by seed row: whether it repeats the source.
        forest: tells rows that repeat from rows that do not.
    """

    source: int
    same: npt.NDArray[np.bool_]
    forest: Forest


def source_of(donors: Donors, column: int, candidates: Sequence[int]) -> int | None:
    """Return the candidate that a number repeats most, None if none often enough."""
    if not donors.codings[column].is_fine:
        return None
    rows = coding.sample(len(donors.values), MAX_ROWS)
    own = donors.values[rows, column]
    rare = ~_is_heavy(own)
    shares = {
        candidate: float(np.mean(rare & (own == donors.values[rows, candidate])))
        for candidate in candidates
        if donors.codings[candidate].is_fine
        and donors.schema.columns[candidate].type is donors.schema.columns[column].type
    }
    best = max(shares, key=lambda candidate: shares[candidate], default=None)
    least = max(LEAST_SHARE, VERBATIM_ROWS / len(rows))
    if best is None or shares[best] < least:
        return None
    others = int(np.sum(~repeats(donors, column, best)))
    return best if others >= LEAST_OTHERS else None


def repeats(donors: Donors, column: int, source: int) -> npt.NDArray[np.bool_]:
    """Return which seed rows repeat the source, by more than the chance of a common value."""
    own = donors.values[:, column]
    return np.asarray((own == donors.values[:, source]) & ~_is_heavy(own))


def _is_heavy(values: Floats) -> npt.NDArray[np.bool_]:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(counts[place] > HEAVY_SHARE * len(values))
