"""Raking: the weights closest to the given ones that have the wanted margins.

Iterative proportional fitting (Deming & Stephan 1940) converges to the I-projection (Csiszár 1975)
wherever the margins can be met. Where they cannot, `reachable` finds the margins that come
closest from below, by linear programming, so that a shortfall is an answer and not a hang.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

Weights = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int64]

MAX_ROUNDS = 500
TOLERANCE = 1e-7
MAX_CELLS = 20_000
SHORTFALL = 1e-6


@dataclasses.dataclass(frozen=True)
class Margin:
    """The wanted shares of one column.

    Attributes:
        groups: int64, the group of each particle.
        targets: float64, the wanted share of each group.
    """

    groups: Groups
    targets: Weights


@dataclasses.dataclass(frozen=True)
class Raked:
    """What raking made.

    Attributes:
        weights: float64, one a particle; they sum to the part of the rows that can be had.
        factors: for each margin, by group, what the weights were multiplied by.
        targets: for each margin, by group, the share of all rows that can be had.
    """

    weights: Weights
    factors: list[Weights]
    targets: list[Weights]


def rake(weights: Weights, margins: Sequence[Margin]) -> Raked:
    """Return the weights with the wanted margins, or with those that can be reached.

    Args:
        weights: float64, one a particle, not all 0.
        margins: of the same particles.
    """
    weights = weights / weights.sum()
    raked, error = _fit(weights, margins, [margin.targets for margin in margins])
    if error < TOLERANCE:
        return raked
    targets = reachable(weights, margins)
    if sum_of(targets) >= 1 - SHORTFALL:  # it converges, only slowly: the margins touch an edge
        return raked
    if sum_of(targets) == 0:
        return dataclasses.replace(raked, weights=np.zeros_like(weights), targets=targets)
    return _fit(weights, margins, targets)[0]


def sum_of(targets: Sequence[Weights]) -> float:
    """Return the part of the rows that targets add up to, the same for each margin."""
    return float(targets[0].sum()) if targets else 1.0


def _fit(
    weights: Weights, margins: Sequence[Margin], targets: list[Weights]
) -> tuple[Raked, float]:
    """Scale to each margin in turn until all hold; return also the largest error left."""
    total = sum_of(targets)
    weights, error = weights * total, np.inf
    factors = [np.ones(len(target)) for target in targets]
    for _ in range(MAX_ROUNDS):
        error = 0.0
        for place, (margin, target) in enumerate(zip(margins, targets, strict=True)):
            now = np.bincount(margin.groups, weights, minlength=len(target))
            error = max(error, float(np.abs(now - target).max()))
            ratio = np.divide(target, now, out=np.zeros_like(now), where=now > 0)
            factors[place] = factors[place] * ratio
            weights = weights * ratio[margin.groups]
        if error < TOLERANCE:
            break
    return Raked(weights, factors, targets), error


def reachable(weights: Weights, margins: Sequence[Margin]) -> list[Weights]:
    """Return the largest margins at or below the wanted ones that the particles can have.

    Two linear programs over the occupied cells: how many rows can be had at all, and, of the ways
    to have so many, the one whose margins are nearest to the wanted proportions.
    """
    cells = np.unique(np.stack([margin.groups for margin in margins])[:, weights > 0], axis=1)
    if cells.shape[1] > MAX_CELLS:
        return _occupied_only(cells, margins)
    counting = vstack(
        [
            csr_array(
                (np.ones(cells.shape[1]), (groups, np.arange(cells.shape[1]))),
                shape=(len(margin.targets), cells.shape[1]),
            )
            for groups, margin in zip(cells, margins, strict=True)
        ]
    ).tocsr()
    wanted = np.concatenate([margin.targets for margin in margins])
    most = linprog(-np.ones(cells.shape[1]), A_ub=counting, b_ub=wanted, method="highs")
    total = min(1.0, max(0.0, -float(most.fun)))
    if total < SHORTFALL:
        return [np.zeros_like(margin.targets) for margin in margins]
    held = _nearest(counting, wanted, total)
    return np.split(held, np.cumsum([len(margin.targets) for margin in margins])[:-1])


def _nearest(counting: csr_array, wanted: Weights, total: float) -> Weights:
    """Return margins of the given total, none above its target, as proportional as can be."""
    groups, cells = counting.shape
    slack = eye_array(groups)
    above = hstack([counting, csr_array((groups, groups))])  # margin <= wanted
    below = hstack([-counting, -slack])  # margin + slack >= total * wanted
    cost = np.concatenate([np.zeros(cells), np.ones(groups)])
    found = linprog(
        cost,
        A_ub=vstack([above, below]),
        b_ub=np.concatenate([wanted, -total * wanted]),
        A_eq=csr_array(np.concatenate([np.ones(cells), np.zeros(groups)])[None, :]),
        b_eq=[total * (1 - 1e-9)],
        method="highs",
    )
    held = np.asarray(counting @ found.x[:cells])
    return np.where(held < SHORTFALL, 0.0, held)


def _occupied_only(cells: Groups, margins: Sequence[Margin]) -> list[Weights]:
    """Drop the groups that nothing falls in; the fallback when the cells are too many."""
    kept = [
        np.where(np.isin(np.arange(len(margin.targets)), groups), margin.targets, 0.0)
        for groups, margin in zip(cells, margins, strict=True)
    ]
    total = min(float(targets.sum()) for targets in kept)
    return [targets * (total / targets.sum()) if total else targets * 0 for targets in kept]
