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

from simulacra.engine.scenario import contingency
from simulacra.engine.scenario.contingency import Groups

Weights = npt.NDArray[np.float64]

MAX_ROUNDS = 5_000
MAX_WORK = 200_000_000
"""Rounds, and cells times margins times rounds, after which raking stops."""
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
        factors: for each margin, by group, what the weights were multiplied by; each up to a
            constant, with 1 for the largest.
        targets: for each margin, by group, the share of all rows that can be had.
    """

    weights: Weights
    factors: list[Weights]
    targets: list[Weights]


def rake(weights: Weights, margins: Sequence[Margin]) -> Raked:
    """Return the weights with the wanted margins, or with those that can be reached.

    Args:
        weights: float64, one a particle, not all 0.
        margins: of the same particles; with none the weights only come back normalised.
    """
    weights = weights / weights.sum()
    if not margins:
        return Raked(weights, [], [])
    table = contingency.cross([margin.groups for margin in margins])
    mass = np.bincount(table.cell_of, weights).astype(np.float64)
    wanted = [margin.targets for margin in margins]
    fitted = _fit(mass, table.cells, wanted)
    if fitted.error >= TOLERANCE:
        wanted = reachable(mass, table.cells, wanted)
        if sum_of(wanted) < 1 - SHORTFALL:  # else it converges, only slowly: it touches an edge
            fitted = _fit(mass, table.cells, wanted)
    ratio = np.divide(fitted.mass, mass, out=np.zeros_like(mass), where=mass > 0)
    return Raked(weights * ratio[table.cell_of], fitted.factors, fitted.targets)


def sum_of(targets: Sequence[Weights]) -> float:
    """Return the part of the rows that targets add up to, the same for each margin."""
    return float(targets[0].sum()) if targets else 1.0


@dataclasses.dataclass(frozen=True)
class _Fitted:
    """Scaled cells, the factors and targets they were scaled by, and the largest miss."""

    mass: Weights
    factors: list[Weights]
    targets: list[Weights]
    error: float


def _fit(mass: Weights, cells: Groups, targets: list[Weights]) -> _Fitted:
    """Scale the cells to each margin in turn until all hold."""
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
    return _Fitted(mass, factors, targets, error)


def reachable(mass: Weights, cells: Groups, targets: Sequence[Weights]) -> list[Weights]:
    """Return the largest margins at or below the targets that occupied cells can have.

    Two linear programs over the cells: how many rows can be had at all, and, of the ways to have so
    many, the one whose margins are nearest to the wanted proportions.
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


def _occupied_only(cells: Groups, targets: Sequence[Weights]) -> list[Weights]:
    """Drop the groups that nothing falls in; the fallback when the cells are too many."""
    kept = [
        np.where(np.isin(np.arange(len(target)), groups), target, 0.0)
        for groups, target in zip(cells, targets, strict=True)
    ]
    total = min(float(target.sum()) for target in kept)
    return [target * (total / target.sum()) if total else target * 0 for target in kept]
