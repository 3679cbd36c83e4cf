"""Numbers that repeat another column: a bill that is paid in full, a price that is the list price.

A tree that cuts a scale into stretches never hits the very number that another column holds. So
a forest of its own decides whether a value repeats, and the value itself is drawn only where it
does not.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from simulacra.engine import disclosure
from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.model import targets
from simulacra.engine.model.donors import DonorPool
from simulacra.engine.model.forest import Forest

MIN_SHARE = 0.02
"""Share of rows that repeat from which on it is a habit of the column."""
MAX_ROWS = 20_000
"""Rows that are searched for a habit."""
MIN_OTHERS = 30
"""Rows that do not repeat, of which the other values are learned."""
HEAVY_SHARE = 0.01
"""A value of so many rows is met by chance; meeting it is no repetition."""


@dataclasses.dataclass(frozen=True)
class Repetition:
    """The habit of one column.

    Attributes:
        source: position of the column that is repeated.
        repeats: bool, shape (respondents,): who repeats the source.
        forest: tells rows that repeat from rows that do not.
    """

    source: int
    repeats: Flags
    forest: Forest


def source_of(pool: DonorPool, column: int, candidates: Sequence[int]) -> int | None:
    """Return the candidate that a number repeats most, None if none often enough."""
    if not pool.codings[column].is_fine:
        return None
    rows = targets.spaced_rows(len(pool.values), MAX_ROWS)
    own = pool.values[rows, column]
    is_rare = ~_is_heavy(own)
    columns = pool.schema.columns
    shares = {
        candidate: float(np.mean(is_rare & (own == pool.values[rows, candidate])))
        for candidate in candidates
        if pool.codings[candidate].is_fine and columns[candidate].type == columns[column].type
    }
    best = max(shares, key=lambda candidate: shares[candidate], default=None)
    enough = max(MIN_SHARE, disclosure.THRESHOLD / len(rows))
    if best is None or shares[best] < enough:
        return None
    others = int(np.sum(~repeats(pool, column, best)))
    return best if others >= MIN_OTHERS else None


def repeats(pool: DonorPool, column: int, source: int) -> Flags:
    """Return who repeats the source by more than the chance of a common value, bool."""
    own = pool.values[:, column]
    return np.asarray((own == pool.values[:, source]) & ~_is_heavy(own))


def _is_heavy(values: Floats) -> Flags:
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(counts[index] > HEAVY_SHARE * len(values))
