"""Particles: many draws of the conditioned columns alone, weighted to stand for the model.

A ranged column draws only donors inside its range, and the particle's weight takes the part of the
leaf that was kept. A column with target shares draws its levels tilted towards them, and the weight
takes the tilt back. So nothing is drawn to be thrown away, however tight the scenario.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from simulacra.engine import randomness
from simulacra.engine.columns.arrays import Floats, Int64s
from simulacra.engine.columns.cells import Window
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool, Draws
from simulacra.engine.scenario import raking
from simulacra.engine.scenario.conditions import Range, Scenario
from simulacra.engine.scenario.raking import Marginal, RakingResult

MIN_PARTICLES, PARTICLES_PER_ROW, MAX_PARTICLES = 20_000, 4, 2_000_000
GROWTH = 8
ENOUGH = 2_000
"""Effective particles below which more are drawn."""


@dataclasses.dataclass(frozen=True)
class ShareTarget:
    """The target shares of one column over groups: one for each named level, and one for the rest.

    Attributes:
        position: of the column.
        group_of_level: int64, shape (levels + 1,): the group of each level; -1 for missing, which
            conditioned columns never are.
        shares: float64, shape (groups,).
        names: of the groups; None for the group of levels that no condition names.
    """

    position: int
    group_of_level: Int64s
    shares: Floats
    names: tuple[str | None, ...]

    def groups(self, values: Floats) -> Int64s:
        """Return the group of each value, int64; -1 for a missing one."""
        missing = len(self.group_of_level) - 1
        return self.group_of_level[np.where(np.isnan(values), missing, values).astype(np.int64)]


@dataclasses.dataclass(frozen=True)
class Plan:
    """A scenario in terms of positions and numbers.

    Attributes:
        windows: by position of a ranged column.
        targets: by position of a column with shares.
    """

    windows: Mapping[int, Window]
    targets: Mapping[int, ShareTarget]

    @property
    def order(self) -> list[int]:
        """The conditioned columns in the order they are drawn: ranges first, then shares."""
        return [*sorted(self.windows), *sorted(self.targets)]


@dataclasses.dataclass(frozen=True)
class Particles:
    """Weighted draws of the conditioned columns.

    Attributes:
        draws: the conditioned columns.
        raked: their weights with the target marginals.
        groups: for each target of the plan, int64, shape (particles,): the group of each particle.
    """

    draws: Draws
    raked: RakingResult
    groups: list[Int64s]

    @property
    def reachable(self) -> float:
        """The part of the rows that can be had, 0 to 1."""
        return raking.sum_of(self.raked.targets) if self.raked.weights.any() else 0.0


def plan(pool: DonorPool, scenario: Scenario) -> Plan:
    """Translate a scenario."""
    names = pool.schema.names
    windows = {
        names.index(name): _window(pool, names.index(name), condition)
        for name, condition in scenario.ranges.items()
    }
    targets = {
        names.index(name): _target(names.index(name), pool.schema[name].levels, shares)
        for name, shares in scenario.shares.items()
    }
    return Plan(windows, targets)


def _window(pool: DonorPool, position: int, condition: Range) -> Window:
    values, cells = pool.values[:, position], pool.cells[position]
    return pool.schema.columns[position].window(values, cells, condition.min, condition.max)


def _target(position: int, levels: Sequence[str], shares: Mapping[str, float]) -> ShareTarget:
    named = list(shares)
    group = [named.index(level) if level in shares else len(named) for level in levels]
    target = [shares[level] for level in named]
    if len(named) < len(levels):
        named, target = [*named, ""], [*target, max(0.0, 1 - sum(target))]
    names = tuple(name or None for name in named)
    return ShareTarget(position, np.array([*group, -1]), np.array(target), names)


def draw(
    pool: DonorPool, models: Sequence[ConditionalModel], plan: Plan, rows: int, rng_seed: int
) -> Particles:
    """Draw and rake particles, more of them when the scenario leaves few that count.

    Args:
        pool: the respondents.
        models: of the conditioned columns, in the order of the plan.
        plan: of the scenario.
        rows: that are to be picked from the particles.
        rng_seed: of the draws.
    """
    number = min(max(MIN_PARTICLES, PARTICLES_PER_ROW * rows), MAX_PARTICLES)
    while True:
        particles = _draw(pool, models, plan, number, rng_seed)
        effective = raking.effective_sample_size(particles.raked.weights)
        if effective >= min(ENOUGH, rows) or number >= MAX_PARTICLES:
            return particles
        number = min(number * GROWTH, MAX_PARTICLES)


def _draw(
    pool: DonorPool, models: Sequence[ConditionalModel], plan: Plan, number: int, rng_seed: int
) -> Particles:
    ranges = {position: (window.first, window.last) for position, window in plan.windows.items()}
    draws = Draws(is_scenario=True, ranges=ranges)
    weights = np.ones(number)
    for model in models:
        position = model.column
        column = pool.schema.columns[position]
        rng = randomness.stream(rng_seed, "particles", str(number), column.name)
        features = model.features(draws, number)
        leaves = model.forest.leaves(features, number, rng)
        if position in plan.windows:
            window = plan.windows[position]
            donors, mass = model.forest.draw_weighted(leaves, window.mass, rng, pool.survey_weights)
            values = window.draw(column, donors, rng)
        else:
            tilt = _tilt(pool, plan.targets[position], plan)
            donors, mean = model.forest.draw_weighted(leaves, tilt, rng, pool.survey_weights)
            values = pool.values[donors, position]
            mass = np.divide(mean, tilt[donors], out=np.zeros(number), where=tilt[donors] > 0)
        if model.absence is not None:  # conditioned columns have a value
            is_known = (pool.codes[position] != pool.codings[position].missing).astype(np.float64)
            _, known = model.absence.draw_weighted(
                model.absence.leaves(features, number, rng), is_known, rng, pool.survey_weights
            )
            mass = mass * known
        broken = pool.rules.broken_by(position, values, draws.values)
        weights *= np.where(broken, 0.0, mass)
        draws.add(position, values, pool.codings[position].codes(values), donors)
    groups = [
        plan.targets[position].groups(draws.values[position]) for position in sorted(plan.targets)
    ]
    return Particles(draws, _rake(weights, groups, plan), groups)


def _rake(weights: Floats, groups: list[Int64s], plan: Plan) -> RakingResult:
    shares = [plan.targets[position].shares for position in sorted(plan.targets)]
    if not weights.any():
        nothing = [np.zeros_like(target) for target in shares]
        return RakingResult(weights, nothing, nothing)
    marginals = [
        Marginal(np.maximum(group, 0), target) for group, target in zip(groups, shares, strict=True)
    ]
    return raking.rake(weights, marginals)


def _tilt(pool: DonorPool, target: ShareTarget, plan: Plan) -> Floats:
    """Return how much more often each respondent's level is drawn than the model would.

    Returns:
        float64, shape (respondents,).
    """
    group = target.groups(pool.values[:, target.position])
    inside = (group >= 0).astype(np.float64)
    for window in plan.windows.values():
        inside *= window.mass > 0
    if not inside.any():
        inside = (group >= 0).astype(np.float64)
    inside = inside * pool.weights
    sizes = np.bincount(np.maximum(group, 0), inside, minlength=len(target.shares)) + 1.0
    tilt = target.shares / (sizes / sizes.sum())
    return np.where(group >= 0, tilt[group], 0.0)
