"""From weights to whole rows: each margin exact to one row.

Particles are picked by systematic resampling inside the cells of the conditioned columns; then
rows move between cells that differ in one column only, until every quota holds.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulacra.engine import contingency

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
    table = contingency.cross(groups)
    mass = np.bincount(table.cell_of, weights).astype(np.float64)
    counts = np.bincount(systematic(mass, rows, rng), minlength=len(mass))
    _repair(counts, mass, table.cells, quotas)
    by_cell = np.argsort(table.cell_of, kind="stable")
    ends = np.cumsum(np.bincount(table.cell_of, minlength=len(mass)))
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
    """Move rows from cell to cell until the quotas hold, in place.

    A quota that no chain of moves can reach stays off by what is left; the report shows it.
    """
    _exchange(counts, mass, cells, quotas)
    index = {tuple(cell): place for place, cell in enumerate(cells.T.tolist()) if mass[place] > 0}
    for _ in quotas:  # a move along one margin can make room for one along another
        for axis, quota in enumerate(quotas):
            while moves := _path(counts, mass, cells, axis, quota, index):
                for source, target in moves:
                    counts[source] -= 1
                    counts[target] += 1


def _exchange(counts: Counts, mass: Weights, cells: Counts, quotas: Sequence[Counts]) -> None:
    """Move single rows between any two cells as long as that brings the quotas nearer in sum."""
    excess = [
        np.bincount(groups, counts, minlength=len(quota)).astype(np.int64) - quota
        for groups, quota in zip(cells, quotas, strict=True)
    ]
    while any(margin.any() for margin in excess):
        # What the sum of misses changes by when a cell gives a row, and when it gets one.
        giving = np.stack([np.where(m > 0, -1, 1)[g] for m, g in zip(excess, cells, strict=True)])
        getting = np.stack([np.where(m < 0, -1, 1)[g] for m, g in zip(excess, cells, strict=True)])
        source = int(np.argmin(np.where(counts > 0, giving.sum(axis=0), len(cells) + 1)))
        differs = cells != cells[:, [source]]
        change = np.sum(differs * (giving[:, [source]] + getting), axis=0)
        change = np.where(mass > 0, change, 0)
        if change.min() >= 0:
            return
        best = np.flatnonzero(change == change.min())
        target = int(best[np.argmax(mass[best] / (counts[best] + 1))])
        for margin, groups in zip(excess, cells, strict=True):
            margin[groups[source]] -= 1
            margin[groups[target]] += 1
        counts[source] -= 1
        counts[target] += 1


def _path(
    counts: Counts,
    mass: Weights,
    cells: Counts,
    axis: int,
    quota: Counts,
    index: dict[tuple[int, ...], int],
) -> list[tuple[int, int]]:
    """Return the shortest chain of moves from a group with too many rows to one with too few.

    Each move is between cells that differ in this margin only, which leaves the others as they are.
    """
    excess = np.bincount(cells[axis], counts, minlength=len(quota)).astype(np.int64) - quota
    moves_to: dict[int, list[tuple[int, int]]] = {
        int(group): [] for group in np.flatnonzero(excess > 0)
    }
    frontier = list(moves_to)
    while frontier and (excess < 0).any():
        reached: dict[int, tuple[float, list[tuple[int, int]]]] = {}
        for source in np.flatnonzero(np.isin(cells[axis], frontier) & (counts > 0)).tolist():
            key = cells[:, source].tolist()
            for group in range(len(quota)):
                target = index.get((*key[:axis], group, *key[axis + 1 :]))
                if target is None or group in moves_to:
                    continue
                if group not in reached or mass[target] > reached[group][0]:
                    path = [*moves_to[key[axis]], (source, target)]
                    reached[group] = (float(mass[target]), path)
        filled = [(weight, path) for group, (weight, path) in reached.items() if excess[group] < 0]
        if filled:
            return max(filled)[1]
        moves_to |= {group: path for group, (_, path) in reached.items()}
        frontier = list(reached)
    return []
