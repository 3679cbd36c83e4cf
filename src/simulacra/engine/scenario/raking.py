"""Raking: the weights closest to the given ones that have the target marginals.

Iterative proportional fitting (Deming & Stephan 1940) converges to the I-projection (Csiszár 1975)
wherever the marginals can be met. Where they cannot, `reachable` finds the marginals that come
closest from below, by linear programming, so that a shortfall is an answer and not a hang.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import cast

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

from simulacra.engine.columns.arrays import Flags, Floats, Int64s
from simulacra.engine.scenario import contingency

MAX_ROUNDS = 5_000
MAX_WORK = 200_000_000
"""Rounds, and cells times marginals times rounds, after which raking stops."""
PATIENCE = 100
"""Rounds after which linear programming is asked whether the targets can be met at all. Where they
cannot, more rounds go round in circles (Csiszár 1975), and what they reach is given up anyway."""
TOLERANCE, EDGE_TOLERANCE = 1e-7, 1e-4
"""The largest miss of a share, or of a mean in lengths of its scale. At the edge of what can be
reached some cells must vanish, and the miss shrinks as slowly as one over the rounds."""
MAX_CELLS = 20_000
SHORTFALL = 1e-6
MAX_STEPS, MAX_STEP, MAX_TILT = 100, 5.0, 500.0
"""Of Newton's method for a mean: steps, the longest one, and where it ends, in lengths of the scale
of the deviations: a mean that needs more lies at the end of what there is."""


@dataclasses.dataclass(frozen=True)
class Marginal:
    """The target shares of the parts of a partition.

    Attributes:
        groups: int64, shape (particles,): the group of each particle.
        targets: float64, shape (groups,): the target share of each.
        is_within: the first group are the particles outside of the base of the shares, whose number
            is left open; the other targets are shares of the base.
    """

    groups: Int64s
    targets: Floats
    is_within: bool = False


@dataclasses.dataclass(frozen=True)
class Moment:
    """The target mean of a number.

    Attributes:
        values: float64, shape (particles,).
        target: the mean.
        members: bool, shape (particles,): those whose mean it is.
    """

    values: Floats
    target: float
    members: Flags


@dataclasses.dataclass(frozen=True)
class RakingResult:
    """Weights and what led to them.

    Attributes:
        weights: float64, shape (particles,); they sum to the part of the rows that can be had.
        factors: for each marginal, float64, shape (groups,): what the weights were multiplied by,
            up to a constant, with 1 for the largest.
        targets: for each marginal, float64, shape (groups,): the share of all rows that can be had.
        tilts: for each moment, the number by which ``exp(tilt * (value - target))`` is what the
            weights of members were multiplied by, relative to all others.
    """

    weights: Floats
    factors: list[Floats]
    targets: list[Floats]
    tilts: list[float] = dataclasses.field(default_factory=list)

    @property
    def reachable(self) -> float:
        """The part of the rows that can be had, 0 to 1."""
        if not self.weights.any():
            return 0.0
        return sum_of(self.targets) if self.targets else min(1.0, float(self.weights.sum()))

    def rows(self, wanted: int) -> int:
        """Return how many whole rows can be had, of so many that are wanted."""
        return min(wanted, int(np.floor(self.reachable * wanted + SHORTFALL * wanted)))


def rake(
    weights: Floats, marginals: Sequence[Marginal], moments: Sequence[Moment] = ()
) -> RakingResult:
    """Return the weights with the target marginals and means, or with those that can be reached.

    Args:
        weights: float64, shape (particles,), not all 0.
        marginals: of the same particles.
        moments: of the same particles. With neither the weights only come back normalised.
    """
    weights = weights / weights.sum()
    if not marginals and not moments:
        return RakingResult(weights, [], [])
    crossed = [marginal.groups for marginal in marginals]
    points = [np.unique(moment.values, return_inverse=True) for moment in moments]
    for moment, (_, codes) in zip(moments, points, strict=True):
        crossed += [codes.astype(np.int64), moment.members.astype(np.int64)]
    table = contingency.cross(crossed)
    mass = np.bincount(table.cell_of, weights).astype(np.float64)
    cells = table.cells[: len(marginals)]
    behind = table.cells[len(marginals) :]
    constraints: list[_Constraint] = [
        (_SharesWithin if marginal.is_within else _Shares)(groups, marginal.targets)
        for marginal, groups in zip(marginals, cells, strict=True)
    ]
    constraints += [
        _Tilt(known[codes] - moment.target, members.astype(np.bool_))
        for moment, (known, _), codes, members in zip(
            moments, points, behind[::2], behind[1::2], strict=True
        )
    ]
    most = min(MAX_ROUNDS, MAX_WORK // table.cells.size + 1)
    first = min(PATIENCE, most)
    fitted, error = _fit(mass, constraints, first)
    if error >= TOLERANCE:
        wanted = _reachable(mass, cells, constraints)
        total = sum_of(wanted)
        if total >= 1 - SHORTFALL:  # it converges, only slowly: it touches an edge, perhaps
            if np.isfinite(error):
                fitted, error = _fit(fitted, constraints, most - first, error)
        else:
            for shares, target in zip(_shares(constraints), wanted, strict=False):
                shares.target = target
            for constraint in constraints:
                constraint.restart()
            fitted, error = _fit(mass, constraints, most, tolerance=EDGE_TOLERANCE)
            if not marginals:
                fitted = fitted * total
        if total == 0 or np.isinf(error):
            fitted = np.zeros_like(mass)
    ratio = np.divide(fitted, mass, out=np.zeros_like(mass), where=mass > 0)
    return RakingResult(
        weights * ratio[table.cell_of],
        [it.factor for it in constraints if isinstance(it, _Shares)],
        [it.reached(fitted) for it in constraints if isinstance(it, _Shares)],
        [it.tilt for it in constraints if isinstance(it, _Tilt)],
    )


def sum_of(targets: Sequence[Floats]) -> float:
    """Return the part of the rows that targets add up to, the same for each marginal."""
    return float(targets[0].sum()) if targets else 1.0


class _Constraint(ABC):
    """Something that cells are to meet, to which they are scaled as little as can be."""

    @abstractmethod
    def restart(self) -> None:
        """Forget what cells were scaled by."""

    @abstractmethod
    def apply(self, mass: Floats) -> tuple[Floats, float]:
        """Return the scaled cells, and the largest miss before."""


class _Shares(_Constraint):
    """Cells are scaled to the target shares of their groups, and it is noted by how much."""

    def __init__(self, groups: Int64s, target: Floats) -> None:
        self.groups, self.target = groups, target
        self.restart()

    def restart(self) -> None:
        """Forget what cells were scaled by."""
        self.factor = np.ones(len(self.target))

    def apply(self, mass: Floats) -> tuple[Floats, float]:
        """Return the scaled cells, and the largest miss before."""
        now = np.bincount(self.groups, mass, minlength=len(self.target))
        error = float(np.abs(now - self.target).max())
        ratio = np.divide(self.target, now, out=np.zeros_like(now), where=now > 0)
        mass = mass * ratio[self.groups]
        np.multiply(self.factor, ratio, out=self.factor)
        np.divide(self.factor, self.factor.max() or 1.0, out=self.factor)
        return mass, error

    def reached(self, mass: Floats) -> Floats:  # noqa: ARG002 - shares within a base need it
        """Return the shares that the target has become."""
        return self.target


class _SharesWithin(_Shares):
    """The same among the rows of a base, whose part of all rows is what is nearest to the model.

    With t the targets and q the shares within the base, of which a part a of all rows is, the
    projection has the base at a * exp(-K) against 1 - a, K being the divergence of t from q.
    """

    def apply(self, mass: Floats) -> tuple[Floats, float]:
        """Return the scaled cells, and the largest miss before."""
        total = float(mass.sum())
        now = np.bincount(self.groups, mass, minlength=len(self.target)) / (total or 1.0)
        inside, wanted = now[1:], self.target[1:]
        part = float(inside.sum())
        if part <= 0:
            return mass, float("inf")
        shares = inside / part
        error = part * float(np.abs(shares - wanted).max())
        known = (wanted > 0) & (shares > 0)
        if (wanted > 0).sum() > known.sum():
            return mass, float("inf")
        divergence = float((wanted[known] * np.log(wanted[known] / shares[known])).sum())
        base = part * np.exp(-divergence)
        base /= base + now[0]
        ratio = np.zeros_like(now)
        ratio[0] = (1 - base) / now[0] if now[0] > 0 else 0.0
        ratio[1:] = np.divide(wanted * base, inside, out=np.zeros_like(inside), where=inside > 0)
        mass = mass * ratio[self.groups]
        np.multiply(self.factor, ratio, out=self.factor)
        np.divide(self.factor, self.factor.max() or 1.0, out=self.factor)
        return mass, error

    def reached(self, mass: Floats) -> Floats:
        """Return what the shares and the base have become."""
        return np.bincount(self.groups, mass, minlength=len(self.target)).astype(np.float64)


class _Tilt(_Constraint):
    """Cells are tilted exponentially until a mean holds, and it is noted by how much."""

    def __init__(self, deviations: Floats, members: Flags) -> None:
        self.deviations, self.members = deviations, members
        self.scale = float(np.abs(deviations[members]).max(initial=0.0)) or 1.0
        self.restart()

    def restart(self) -> None:
        """Forget what cells were tilted by."""
        self.tilt = 0.0

    def apply(self, mass: Floats) -> tuple[Floats, float]:
        """Return the tilted cells, and the miss of the mean before, in lengths of the scale."""
        inside, total = np.where(self.members, mass, 0.0), float(mass.sum())
        off = self.deviations / self.scale
        part = float(inside.sum())
        if part <= 0:
            return mass, float("inf")
        error = abs(float((inside * off).sum())) / part
        if error < TOLERANCE / 10:
            return mass, error
        weighed = off[inside > 0]
        if weighed.min() >= 0 or weighed.max() <= 0:
            return mass, float("inf")
        step = root(off[inside > 0], inside[inside > 0])
        mass = np.where(self.members, mass * np.exp(step * off), mass)
        self.tilt += step / self.scale
        return mass * (total / mass.sum()), error


def root(off: Floats, mass: Floats) -> float:
    """Return the tilt under which deviations, some above and some below 0, have the mean 0.

    It is the least of a convex function, the logarithm of the sum of the tilted masses, found by
    Newton's method with steps that are halved while they lead uphill.
    """
    tilt, value = 0.0, np.log(mass.sum())
    for _ in range(MAX_STEPS):
        tilted = mass * np.exp(tilt * off - np.max(tilt * off))
        tilted /= tilted.sum()
        mean = float((tilted * off).sum())
        variance = float((tilted * off**2).sum()) - mean**2
        if abs(mean) < TOLERANCE / 100 or variance <= 0:
            break
        step = float(np.clip(-mean / variance, -MAX_STEP, MAX_STEP))
        while True:
            exponent = (tilt + step) * off
            there = float(exponent.max() + np.log((mass * np.exp(exponent - exponent.max())).sum()))
            if there <= value or abs(step) < 1e-12:
                break
            step /= 2
        tilt, value = tilt + step, there
        if abs(tilt) > MAX_TILT:
            break
    return tilt


def _shares(constraints: Sequence[_Constraint]) -> list[_Shares]:
    """Return the constraints on shares of all rows."""
    return [it for it in constraints if type(it) is _Shares]


def _fit(
    mass: Floats,
    constraints: Sequence[_Constraint],
    rounds: int,
    error: float = np.inf,
    tolerance: float = TOLERANCE,
) -> tuple[Floats, float]:
    """Scale the cells to each constraint in turn until all hold; return the largest miss too.

    Args:
        mass: float64, shape (cells,).
        constraints: what they are to meet.
        rounds: after which it stops.
        error: the largest miss so far, if this goes on where another call has stopped.
        tolerance: the largest miss that is left alone.
    """
    for _ in range(rounds):
        error = 0.0
        for constraint in constraints:
            mass, off = constraint.apply(mass)
            error = max(error, off)
        if error < tolerance or np.isinf(error):
            break
    return mass, error


def _reachable(mass: Floats, cells: Int64s, constraints: Sequence[_Constraint]) -> list[Floats]:
    """Return the largest marginals that cells can have which keep means and shares within bases."""
    of_all = _shares(constraints)
    others = [it for it in constraints if not any(it is one for one in of_all)]
    own = [index for index, it in enumerate(constraints) if any(it is one for one in of_all)]
    if not of_all:
        groups = np.zeros((1, len(mass)), dtype=np.int64)
        return reachable(mass, groups, [np.ones(1)], _balances(others))
    return reachable(mass, cells[own], [it.target for it in of_all], _balances(others))


def _balances(constraints: Sequence[_Constraint]) -> list[Floats]:
    """Return rows of numbers, one a cell, whose sums weighted by the cells are to be 0."""
    rows: list[Floats] = []
    for constraint in constraints:
        if isinstance(constraint, _Tilt):
            rows.append(np.where(constraint.members, constraint.deviations, 0.0) / constraint.scale)
        else:
            shares = cast("_SharesWithin", constraint)
            inside = shares.groups > 0
            rows.extend(
                (shares.groups == group) - inside * shares.target[group]
                for group in range(1, len(shares.target))
            )
    return rows


def reachable(
    mass: Floats, cells: Int64s, targets: Sequence[Floats], balances: Sequence[Floats] = ()
) -> list[Floats]:
    """Return the largest marginals at or below the targets that occupied cells can have.

    Two linear programs over the cells: how many rows can be had at all, and, of the ways to have so
    many, the one whose marginals are nearest to the wanted proportions.

    Args:
        mass: float64, shape (cells,).
        cells: int64, shape (marginals, cells): the group of each marginal that a cell lies in.
        targets: for each marginal, float64, shape (groups,).
        balances: float64, shape (cells,): what sums to 0 when it is weighted by the cells.
    """
    occupied = np.flatnonzero(mass > 0)
    occupied = occupied[_outermost(cells[:, occupied], [row[occupied] for row in balances])]
    cells, balances = cells[:, occupied], [row[occupied] for row in balances]
    number = cells.shape[1]
    if number > MAX_CELLS:
        return _occupied_only(cells, targets)
    counting = contingency.incidence(cells, [len(target) for target in targets])
    wanted = np.concatenate(targets)
    balanced = csr_array(np.array(balances).reshape(-1, number))
    zero = np.zeros(len(balances))
    most = linprog(
        -np.ones(number), A_ub=counting, b_ub=wanted, A_eq=balanced, b_eq=zero, method="highs"
    )
    total = min(1.0, max(0.0, -float(most.fun)))
    if total < SHORTFALL:
        return [np.zeros_like(target) for target in targets]
    held = _nearest(counting, wanted, total, balanced)
    return np.split(held, np.cumsum([len(target) for target in targets])[:-1])


def _outermost(cells: Int64s, balances: Sequence[Floats]) -> Int64s:
    """Return the cells that matter to what can be reached: of many in the same groups, the ends.

    Whatever lies between the cells with the least and the largest deviation from a mean is a
    mixture of those.
    """
    if not balances or cells.shape[1] <= MAX_CELLS // 10:
        return np.arange(cells.shape[1])
    _, group = np.unique(cells, axis=1, return_inverse=True)
    kept = []
    for row in balances:
        order = np.lexsort((row, group))
        first = np.flatnonzero(np.diff(group[order], prepend=-1))
        kept += [order[first], order[np.append(first[1:], len(order)) - 1]]
    return np.unique(np.concatenate(kept))


def _nearest(counting: csr_array, wanted: Floats, total: float, balanced: csr_array) -> Floats:
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
        A_eq=vstack(
            [
                csr_array(np.concatenate([np.ones(cells), np.zeros(groups)])[None, :]),
                hstack([balanced, csr_array((balanced.shape[0], groups))]),
            ]
        ),
        b_eq=[total * (1 - 1e-9), *np.zeros(balanced.shape[0])],
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
    own = scaled(weights)
    total = float(own.sum())
    return total**2 / float((own**2).sum()) if total > 0 else 0.0


def scaled(weights: Floats) -> Floats:
    """Return weights whose largest is between a half and 1, so that their squares are no 0.

    They are divided by a power of two, which changes no digit of what is made of them.
    """
    _, exponent = np.frexp(weights.max(initial=0.0))
    return np.asarray(np.ldexp(weights, -exponent))
