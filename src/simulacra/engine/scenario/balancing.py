"""Balancing: rows that were picked are exchanged for others until target means hold.

Systematic resampling leaves a mean off by what the last rows of each cell differ. Rows give way to
particles of the same cell, so that no quota moves.
"""

from collections.abc import Sequence

import numpy as np

from simulacra.engine.columns.arrays import Floats, Int64s
from simulacra.engine.scenario.raking import Moment

OFFERS, MAX_ROUNDS = 4_000, 300
"""Exchanges that are looked at in one round, of which the best one is made; and rounds."""
PRECISION = 1e-9
"""In lengths of the scale: nearer to the sum that is wanted no mean has to be."""


def balance(
    picked: Int64s,
    cell_of: Int64s,
    weights: Floats,
    moments: Sequence[Moment],
    rng: np.random.Generator,
) -> Int64s:
    """Return picked particles whose means are as near to their targets as exchanges bring them.

    Args:
        picked: int64, shape (rows,): particles, with repetition.
        cell_of: int64, shape (particles,): particles of one cell count for the same quotas, and are
            members of the same bases.
        weights: float64, shape (particles,): 0 for those that cannot be picked.
        moments: of the particles.
        rng: offers the exchanges.
    """
    off = np.stack([np.where(it.members, it.values - it.target, 0.0) for it in moments])
    scale = np.abs(off[:, weights > 0]).max(axis=1)[:, None]
    off = off / np.where(scale > 0, scale, 1.0)
    order = np.argsort(cell_of, kind="stable")
    order = order[weights[order] > 0]
    first = np.searchsorted(cell_of[order], cell_of[picked])
    count = np.searchsorted(cell_of[order], cell_of[picked], side="right") - first
    picked = picked.copy()
    excess = off[:, picked].sum(axis=1)
    for _ in range(MAX_ROUNDS):
        if np.abs(excess).max() < PRECISION:
            break
        row = rng.integers(len(picked), size=OFFERS)
        other = order[first[row] + (rng.random(OFFERS) * count[row]).astype(np.int64)]
        there = excess[:, None] + off[:, other] - off[:, picked[row]]
        misses = (there**2).sum(axis=0)
        best = int(misses.argmin())
        if misses[best] < (excess**2).sum():
            excess = there[:, best]
            picked[row[best]] = other[best]
    return picked
