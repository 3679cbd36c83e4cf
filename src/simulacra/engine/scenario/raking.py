"""Raking: the weights closest to the given ones that have the target marginals.

Iterative proportional fitting (Deming & Stephan 1940) converges to the I-projection (Csiszár 1975)
wherever the marginals can be met. Where they cannot, `reachable` finds the marginals that come
closest from below, by linear programming, so that a shortfall is an answer and not a hang.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from simulacra.engine.columns.arrays import Floats, Int64s
from simulacra.engine.scenario import contingency

MAX_ROUNDS = 5_000
MAX_WORK = 200_000_000
"""Rounds, and cells times marginals times rounds, after which raking stops."""
TOLERANCE = 1e-7
MAX_CELLS = 20_000
SHORTFALL = 1e-6


@dataclasses.dataclass(frozen=True)
class Marginal:
    """The target shares of one column.

    Attributes:
        groups: int64, shape (particles,): the group of each particle.
        targets: float64, shape (groups,): the target share of each.
    """

    groups: Int64s
    targets: Floats


@dataclasses.dataclass(frozen=True)
class RakingResult:
    """Floats and what led to them.

    Attributes:
        weights: float64, shape (particles,); they sum to the part of the rows that can be had.
        factors: for each marginal, float64, shape (groups,): what the weights were multiplied by,
            up to a constant, with 1 for the largest.
        targets: for each marginal, float64, shape (groups,): the share of all rows that can be had.
    """

    weights: Floats
    factors: list[Floats]
    targets: list[Floats]


def rake(weights: Floats, marginals: Sequence[Marginal]) -> RakingResult:
    """Return the weights with the target marginals, or with those that can be reached.

    Args:
        weights: float64, shape (particles,), not all 0.
        marginals: of the same particles; with none the weights only come back normalised.
    """
    weights = weights / weights.sum()
    if not marginals:
        return RakingResult(weights, [], [])
    table = contingency.cross([marginal.groups for marginal in marginals])
    mass = np.bincount(table.cell_of, weights).astype(np.float64)
    wanted = [marginal.targets for marginal in marginals]
    fitted = _fit(mass, table.cells, wanted)
    if fitted.error >= TOLERANCE:
        wanted = reachable(mass, table.cells, wanted)
        if sum_of(wanted) < 1 - SHORTFALL:  # else it converges, only slowly: it touches an edge
            fitted = _fit(mass, table.cells, wanted)
    ratio = np.divide(fitted.mass, mass, out=np.zeros_like(mass), where=mass > 0)
    return RakingResult(weights * ratio[table.cell_of], fitted.factors, fitted.targets)


def sum_of(targets: Sequence[Floats]) -> float:
    """Return the part of the rows that targets add up to, the same for each marginal."""
    return float(targets[0].sum()) if targets else 1.0


@dataclasses.dataclass(frozen=True)
class _Fit:
    """Scaled cells, the factors and targets they were scaled by, and the largest miss."""

    mass: Floats
    factors: list[Floats]
    targets: list[Floats]
    error: float


def _fit(mass: Floats, cells: Int64s, targets: list[Floats]) -> _Fit:
    """Scale the cells to each marginal in turn until all hold."""
    error = np.inf
    factors = [np.ones(len(target)) for target in targets]
    for _ in range(min(MAX_ROUNDS, MAX_WORK // cells.size + 1)):
        error = 0.0
        for factor, groups, target in zip(factors, cells, targets, strict=True):
            now = np.bincount(groups, mass, minlength=len(target))
            error = max(error, float(np.abs(now - target).max()))
            ratio = np.divide(target, now, out=np.zeros_like(now), where=now > 0)
            mass = mass * ratio[groups]
            np.multiply(factor, ratio, out=factor)
            np.divide(factor, factor.max() or 1.0, out=factor)
        if error < TOLERANCE:
            break
    return _Fit(mass, factors, targets, error)


def reachable(mass: Floats, cells: Int64s, targets: Sequence[Floats]) -> list[Floats]:
    """Return the largest marginals at or below the targets that occupied cells can have.

    Two linear programs over the cells: how many rows can be had at all, and, of the ways to have so
    many, the one whose marginals are nearest to the wanted proportions.
    """
    cells = cells[:, mass > 0]
    number = cells.shape[1]
    if number > MAX_CELLS:
        return _occupied_only(cells, targets)
    counting = contingency.incidence(cells, [len(target) for target in targets])
    wanted = np.concatenate(targets)
    most = linprog(-np.ones(number), A_ub=counting, b_ub=wanted, method="highs")
    total = min(1.0, max(0.0, -float(most.fun)))
    if total < SHORTFALL:
        return [np.zeros_like(target) for target in targets]
    held = _nearest(counting, wanted, total)
    return np.split(held, np.cumsum([len(target) for target in targets])[:-1])


def _nearest(counting: csr_array, wanted: Floats, total: float) -> Floats:
    """Return marginals of the given total, none above its target, as proportional as can be."""
    groups, cells = counting.shape
    slack = eye_array(groups)
    above = hstack([counting, csr_array((groups, groups))])  # marginal <= wanted
    below = hstack([-counting, -slack])  # marginal + slack >= total * wanted
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


def _occupied_only(cells: Int64s, targets: Sequence[Floats]) -> list[Floats]:
    """Drop the groups that nothing falls in; the fallback when the cells are too many."""
    kept = [
        np.where(np.isin(np.arange(len(target)), groups), target, 0.0)
        for groups, target in zip(cells, targets, strict=True)
    ]
    total = min(float(target.sum()) for target in kept)
    return [target * (total / target.sum()) if total else target * 0 for target in kept]


def effective_sample_size(weights: Floats) -> float:
    """Return the number of equal weights with the same variance (Kish 1965)."""
    total = float(weights.sum())
    return total**2 / float((weights**2).sum()) if total > 0 else 0.0
