"""From weights to whole rows: each margin exact to one row.

Particles are picked by systematic resampling inside the cells of the conditioned columns; then
rows move between cells that differ in one column only, until every quota holds.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]


def whole(targets: Weights, rows: int) -> Counts:
    """Return whole quotas of the given total by largest remainder (Hamilton's method)."""
    if targets.sum() == 0:
        return np.zeros(len(targets), dtype=np.int64)
    exact = targets / targets.sum() * rows
    counts = np.floor(np.round(exact, 9)).astype(np.int64)
    short = rows - int(counts.sum())
    counts[np.argsort(-(exact - counts), kind="stable")[:short]] += 1
    return np.asarray(counts)


def pick(
    weights: Weights,
    groups: Sequence[Counts],
    quotas: Sequence[Counts],
    rows: int,
    rng: np.random.Generator,
) -> Counts:
    """Return the particles to deliver, with repetition.

    Args:
        weights: float64, one a particle; need not sum to anything.
        groups: for each margin, the group of each particle.
        quotas: for each margin, the rows wanted of each group; each sums to `rows`.
        rows: how many particles to pick.
        rng: of the systematic resampling.
    """
    if not groups:
        return systematic(weights, rows, rng)
    cells, cell_of = np.unique(np.stack(groups), axis=1, return_inverse=True)
    cell_of = cell_of.ravel()
    mass = np.bincount(cell_of, weights).astype(np.float64)
    counts = np.bincount(systematic(mass, rows, rng), minlength=len(mass))
    _repair(counts, mass, cells, quotas)
    by_cell = np.argsort(cell_of, kind="stable")
    ends = np.cumsum(np.bincount(cell_of, minlength=len(mass)))
    picked = [
        members[systematic(weights[members], count, rng)]
        for members, count in zip(np.split(by_cell, ends[:-1]), counts, strict=True)
        if count
    ]
    return np.concatenate(picked) if picked else np.zeros(0, dtype=np.int64)


def systematic(weights: Weights, rows: int, rng: np.random.Generator) -> Counts:
    """Return `rows` positions, each held floor or ceiling of its expected number of times."""
    edges = np.cumsum(weights)
    points = (rng.random() + np.arange(rows)) * (edges[-1] / max(rows, 1))
    last = np.flatnonzero(weights)[-1]
    return np.asarray(np.minimum(np.searchsorted(edges, points, side="right"), last))


def _repair(counts: Counts, mass: Weights, cells: Counts, quotas: Sequence[Counts]) -> None:
    """Move rows between cells that differ in one margin only, which leaves the others as they are.

    A quota that no such move can reach stays off by what is left; the report shows it.
    """
    index = {tuple(cell): place for place, cell in enumerate(cells.T.tolist())}
    for axis, quota in enumerate(quotas):
        while True:
            held = np.bincount(cells[axis], counts, minlength=len(quota)).astype(np.int64)
            move = _best_move(counts, mass, cells, axis, held - quota, index)
            if move is None:
                break
            source, target = move
            counts[source] -= 1
            counts[target] += 1


def _best_move(
    counts: Counts,
    mass: Weights,
    cells: Counts,
    axis: int,
    excess: Counts,
    index: dict[tuple[int, ...], int],
) -> tuple[int, int] | None:
    """Return the cells to take a row from and to give it to; the heaviest receiver wins."""
    over, under = np.flatnonzero(excess > 0), np.flatnonzero(excess < 0)
    best: tuple[float, int, int] | None = None
    for source in np.flatnonzero(np.isin(cells[axis], over) & (counts > 0)).tolist():
        key = cells[:, source].tolist()
        for group in under.tolist():
            target = index.get((*key[:axis], group, *key[axis + 1 :]))
            if target is not None and mass[target] > 0 and (best is None or mass[target] > best[0]):
                best = (float(mass[target]), source, target)
    return best[1:] if best else None
