"""From weights to whole rows: each marginal exact to one row.

Rows are spread over the cells of the conditioned columns by systematic resampling, move between
cells until every quota holds, and are then filled with particles, again by systematic resampling.
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from simulacra.engine.columns.arrays import Floats, Int64s
from simulacra.engine.scenario import contingency

MAX_CELLS = 20_000
MAX_NODES = 1_000
MISS_COST = 1_000.0  # of a missed row, where a moved row costs 1


def whole_quotas(targets: Floats, rows: int) -> Int64s:
    """Return whole quotas of the given total by largest remainder (Hamilton's method)."""
    if targets.sum() == 0:
        return np.zeros(len(targets), dtype=np.int64)
    exact = targets / targets.sum() * rows
    counts = np.floor(np.round(exact, 9)).astype(np.int64)
    short = rows - int(counts.sum())
    counts[np.argsort(-(exact - counts), kind="stable")[:short]] += 1
    return np.asarray(counts)


def pick(
    weights: Floats,
    groups: Sequence[Int64s],
    quotas: Sequence[Int64s],
    rows: int,
    rng: np.random.Generator,
) -> Int64s:
    """Return the particles to deliver, with repetition.

    Args:
        weights: float64, shape (particles,); need not sum to anything.
        groups: for each marginal, the group of each particle.
        quotas: for each marginal, the rows wanted of each group; each sums to `rows`.
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


def systematic(weights: Floats, rows: int, rng: np.random.Generator) -> Int64s:
    """Return `rows` positions, each held floor or ceiling of its expected number of times."""
    edges = np.cumsum(weights)
    points = (rng.random() + np.arange(rows)) * (edges[-1] / max(rows, 1))
    last = np.flatnonzero(weights)[-1]
    return np.asarray(np.minimum(np.searchsorted(edges, points, side="right"), last))


def _repair(counts: Int64s, mass: Floats, cells: Int64s, quotas: Sequence[Int64s]) -> None:
    """Move rows from cell to cell until the quotas hold, in place.

    A quota that no moves can reach stays off by what is left; the report shows it.
    """
    excess = _exchange(counts, mass, cells, quotas)
    if any(marginal.any() for marginal in excess) and cells.shape[1] <= MAX_CELLS:
        _settle(counts, mass, cells, np.concatenate(excess), [len(quota) for quota in quotas])


def _exchange(
    counts: Int64s, mass: Floats, cells: Int64s, quotas: Sequence[Int64s]
) -> list[Int64s]:
    """Move single rows between any two cells as long as that brings the quotas nearer in sum.

    Returns:
        By marginal and group, how many rows there are still too many.
    """
    excess = [
        np.bincount(groups, counts, minlength=len(quota)).astype(np.int64) - quota
        for groups, quota in zip(cells, quotas, strict=True)
    ]
    while any(marginal.any() for marginal in excess):
        # What the sum of misses changes by when a cell gives a row, and when it gets one.
        giving = np.stack([np.where(m > 0, -1, 1)[g] for m, g in zip(excess, cells, strict=True)])
        getting = np.stack([np.where(m < 0, -1, 1)[g] for m, g in zip(excess, cells, strict=True)])
        source = int(np.argmin(np.where(counts > 0, giving.sum(axis=0), len(cells) + 1)))
        differs = cells != cells[:, [source]]
        change = np.sum(differs * (giving[:, [source]] + getting), axis=0)
        change = np.where(mass > 0, change, 0)
        if change.min() >= 0:
            break
        best = np.flatnonzero(change == change.min())
        target = int(best[np.argmax(mass[best] / (counts[best] + 1))])
        for marginal, groups in zip(excess, cells, strict=True):
            marginal[groups[source]] -= 1
            marginal[groups[target]] += 1
        counts[source] -= 1
        counts[target] += 1
    return excess


def _settle(
    counts: Int64s, mass: Floats, cells: Int64s, excess: Int64s, sizes: Sequence[int]
) -> None:
    """Make the misses least with the fewest moves: an integer program over all cells at once.

    For two marginals it is a transportation problem, whose linear relaxation is integral already.
    No cell gets or gives more rows than are missed in all: without that bound the solver takes a
    minute for a dozen marginals, and with it a second.
    """
    counting = contingency.incidence(cells, sizes)
    every = np.ones(cells.shape[1])
    none = np.zeros(len(excess))
    balance = hstack(  # given - taken + under - over = -excess
        [counting, -counting, eye_array(len(excess)), -eye_array(len(excess))]
    )
    as_many = csr_array(np.concatenate([every, -every, none, none])[None, :])
    right = np.concatenate([-excess, [0]])
    prefer_heavy = every + 0.5 * (1 - mass / mass.max())
    missed = float(np.abs(excess).sum())
    most_given = np.where(mass > 0, missed, 0.0)
    most_taken = np.minimum(counts, missed)
    found = milp(
        np.concatenate([prefer_heavy, every, none + MISS_COST, none + MISS_COST]),
        constraints=LinearConstraint(vstack([balance, as_many]).tocsc(), right, right),
        bounds=Bounds(0, np.concatenate([most_given, most_taken, none + np.inf, none + np.inf])),
        integrality=np.concatenate([every, every, none, none]),
        options={"node_limit": MAX_NODES, "mip_rel_gap": 0.05},
    )
    if found.x is not None:
        given, taken = np.split(np.round(found.x[: 2 * len(every)]).astype(np.int64), 2)
        counts += given - taken
