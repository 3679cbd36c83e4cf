"""Balancing: rows that were picked are exchanged for others until target means hold.

Systematic resampling leaves a mean off by what the last rows of each cell differ. Rows give way to
particles of the same cell, so that no quota moves.
"""

from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from simulacra.engine.columns.arrays import Floats, Int64s
from simulacra.engine.scenario.raking import Moment

OFFERS, MAX_ROUNDS = 4_000, 100
"""Exchanges that are looked at in one round, of which the best one is made; and rounds."""
OFFERS_IN_PAIRS, MAX_ROUNDS_OF_PAIRS, NEIGHBOURS = 20_000, 8, 4
"""The same for two exchanges at once, and how many second ones are looked at for each first one."""
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

    Single exchanges come first. What they leave is less than any single one can mend, so two at
    once follow: of so many pairs there is nearly always one whose changes cancel what is left.

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
    offer = _Offers(cell_of, weights)
    picked = picked.copy()
    for rounds, best in ((MAX_ROUNDS, _best_single), (MAX_ROUNDS_OF_PAIRS, _best_pair)):
        for _ in range(rounds):
            excess = off[:, picked].sum(axis=1)
            if np.abs(excess).max() < PRECISION:
                return picked
            rows, others = best(picked, off, excess, offer, rng)
            there = excess + (off[:, others] - off[:, picked[rows]]).sum(axis=1)
            if (there**2).sum() < (excess**2).sum():
                picked[rows] = others
    return picked


class _Offers:
    """Which particles a row may be exchanged for: those of its cell, as often as they weigh."""

    def __init__(self, cell_of: Int64s, weights: Floats) -> None:
        order = np.argsort(cell_of, kind="stable")
        self.order = order[weights[order] > 0]
        self.cell_of, self.cells = cell_of, cell_of[self.order]
        self.edges = np.concatenate([[0.0], np.cumsum(weights[self.order])])

    def draw(self, particles: Int64s, rng: np.random.Generator) -> Int64s:
        """Return one other particle for each, int64, of the same shape."""
        cell = self.cell_of[particles]
        first = np.searchsorted(self.cells, cell)
        last = np.searchsorted(self.cells, cell, side="right")
        low, high = self.edges[first], self.edges[last]
        drawn = low + rng.random(len(particles)) * (high - low)
        found = np.searchsorted(self.edges, drawn, side="right") - 1
        return np.asarray(self.order[np.clip(found, first, last - 1)])


def _best_single(
    picked: Int64s, off: Floats, excess: Floats, offer: _Offers, rng: np.random.Generator
) -> tuple[Int64s, Int64s]:
    """Return the row to exchange, and for which particle."""
    row = rng.integers(len(picked), size=OFFERS)
    other = offer.draw(picked[row], rng)
    there = excess[:, None] + off[:, other] - off[:, picked[row]]
    best = [int((there**2).sum(axis=0).argmin())]
    return row[best], other[best]


def _best_pair(
    picked: Int64s, off: Floats, excess: Floats, offer: _Offers, rng: np.random.Generator
) -> tuple[Int64s, Int64s]:
    """Return two rows to exchange, and for which particles."""
    row = rng.integers(len(picked), size=OFFERS_IN_PAIRS)
    other = offer.draw(picked[row], rng)
    change = (off[:, other] - off[:, picked[row]]).T
    left, second = cKDTree(change).query(-(excess + change), k=NEIGHBOURS)
    left = np.where(row[second] == row[:, None], np.inf, left)
    one, neighbour = np.unravel_index(int(left.argmin()), left.shape)
    if not np.isfinite(left[one, neighbour]):  # there is a single row only
        return row[:1], picked[row[:1]]
    best = [int(one), int(second[one, neighbour])]
    return row[best], other[best]
