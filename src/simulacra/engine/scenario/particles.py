"""Particles: many draws of the conditioned columns alone, weighted to stand for the model.

A ranged column draws only donors inside its range, and the particle's weight takes the part of the
leaf that was kept. A column with target shares or a target mean draws its values tilted towards
them, and the weight takes the tilt back. So nothing is drawn to be thrown away, however tight the
scenario.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from simulacra.engine import randomness
from simulacra.engine.columns.arrays import Flags, Floats, Int32s, Int64s
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool, Draws
from simulacra.engine.model.forest import Features
from simulacra.engine.scenario import raking
from simulacra.engine.scenario.plans import Plan, ShareTarget
from simulacra.engine.scenario.raking import Marginal, Moment, RakingResult

MIN_PARTICLES, PARTICLES_PER_ROW, MAX_PARTICLES = 20_000, 4, 2_000_000
GROWTH = 8
ENOUGH = 2_000
"""Effective particles below which more are drawn."""
MAX_TILT = 6.0
"""Logarithm of how much more often the likeliest respondent is drawn for a mean than the least."""


@dataclasses.dataclass(frozen=True)
class Particles:
    """Weighted draws of the conditioned columns.

    Attributes:
        draws: the conditioned columns.
        raked: their weights with the target marginals.
        groups: for each target of the plan, int64, shape (particles,): the group of each particle.
        moments: for each mean of the plan, the values, the target, and whose mean it is.
    """

    draws: Draws
    raked: RakingResult
    groups: list[Int64s]
    moments: list[Moment]

    @property
    def members(self) -> list[Flags]:
        """For each mean of the plan, bool, shape (particles,): whose mean it is."""
        return [moment.members for moment in self.moments]


def draw(
    pool: DonorPool,
    models: Sequence[ConditionalModel],
    plan: Plan,
    rows: int,
    rng_seed: int,
    most: int | None = None,
) -> Particles:
    """Draw and rake particles, more of them when the scenario leaves few that count.

    Args:
        pool: the respondents.
        models: of the conditioned columns, in the order of the plan.
        plan: of the scenario.
        rows: that are to be picked from the particles.
        rng_seed: of the draws.
        most: particles that are drawn at most, `MAX_PARTICLES` if None.
    """
    most = MAX_PARTICLES if most is None else most
    number = min(max(MIN_PARTICLES, PARTICLES_PER_ROW * rows), most)
    while True:
        particles = _draw(pool, models, plan, number, rng_seed)
        effective = raking.effective_sample_size(particles.raked.weights)
        if effective >= min(ENOUGH, rows) or number >= most:
            return particles
        number = min(number * GROWTH, most)


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
        if position in plan.open:
            donors, mass = _freely(pool, model, features, number, rng), np.ones(number)
        else:
            donors, mass = _tilted(pool, model, features, plan, number, rng)
        if position in plan.windows:
            values = plan.windows[position].draw(column, donors, rng)
        else:
            values = pool.emit(position, donors, rng)
        if position not in plan.open:
            mass = mass * _known(pool, model, features, number, rng)
        broken = pool.rules.broken_by(position, values, draws.values)
        weights *= np.where(broken, 0.0, mass)
        draws.add(position, values, pool.codings[position].codes(values), donors)
    groups = [target.groups(draws.values) for target in plan.targets]
    for group in groups:
        weights *= group >= 0
    moments = []
    for mean in plan.means:
        own, inside = draws.values[mean.position], mean.base.members(draws.values)
        weights *= ~(inside & np.isnan(own))
        moments.append(Moment(np.nan_to_num(own), mean.condition.number, inside))
    return Particles(draws, _rake(weights, groups, moments, plan), groups, moments)


def _freely(
    pool: DonorPool,
    model: ConditionalModel,
    features: Features,
    number: int,
    rng: np.random.Generator,
) -> Int32s:
    """Draw donors of a column that may be missing, as the model does, int32, shape (particles,)."""
    alike = np.ones(len(pool.values))
    leaves = model.forest.leaves(features, number, rng)
    donors, _ = model.forest.draw_weighted(leaves, alike, rng, pool.survey_weights)
    if model.absence is None:
        return donors
    absent = model.absence.leaves(features, number, rng)
    others, _ = model.absence.draw_weighted(absent, alike, rng, pool.survey_weights)
    has_value = pool.codes[model.column][others] != pool.codings[model.column].missing
    return np.where(has_value, donors, others).astype(np.int32)


def _tilted(
    pool: DonorPool,
    model: ConditionalModel,
    features: Features,
    plan: Plan,
    number: int,
    rng: np.random.Generator,
) -> tuple[Int32s, Floats]:
    """Draw donors of a column that has a value, and return what their particles weigh by it."""
    position = model.column
    leaves = model.forest.leaves(features, number, rng)
    tilt = _tilt(pool, position, plan)
    weight = tilt if position not in plan.windows else tilt * plan.windows[position].mass
    donors, mean = model.forest.draw_weighted(leaves, weight, rng, pool.survey_weights)
    mass = np.divide(mean, tilt[donors], out=np.zeros(number), where=tilt[donors] > 0)
    return donors, mass


def _known(
    pool: DonorPool,
    model: ConditionalModel,
    features: Features,
    number: int,
    rng: np.random.Generator,
) -> Floats:
    """Return how likely particles have a value of a column, float64; 1 if its forest tells it."""
    if model.absence is None:
        return np.ones(number)
    position = model.column
    is_known = (pool.codes[position] != pool.codings[position].missing).astype(np.float64)
    leaves = model.absence.leaves(features, number, rng)
    _, known = model.absence.draw_weighted(leaves, is_known, rng, pool.survey_weights)
    return known


def _rake(weights: Floats, groups: list[Int64s], moments: list[Moment], plan: Plan) -> RakingResult:
    if not weights.any():
        nothing = [np.zeros_like(target.shares) for target in plan.targets]
        return RakingResult(weights, nothing, nothing, [0.0] * len(plan.means))
    marginals = [
        Marginal(np.maximum(group, 0), target.shares, target.is_within)
        for group, target in zip(groups, plan.targets, strict=True)
    ]
    return raking.rake(weights, marginals, moments)


def _tilt(pool: DonorPool, position: int, plan: Plan) -> Floats:
    """Return how much more often each respondent is drawn for a column than the model would.

    Returns:
        float64, shape (respondents,); 0 without a value.
    """
    own = pool.values[:, position]
    tilt = (~np.isnan(own)).astype(np.float64)
    within = np.ones(len(own))
    for window in plan.windows.values():
        within *= window.mass > 0
    for target in plan.targets:
        if target.position == position and target.is_of_one_column:
            tilt *= _of_shares(pool, target, within)
    for mean in plan.means:
        if mean.position == position and mean.base.cell is None:
            tilt *= _of_mean(own, mean.condition.number, within * pool.weights)
    return tilt


def _of_shares(pool: DonorPool, target: ShareTarget, within: Floats) -> Floats:
    """Return how much more often the shares have each respondent drawn, float64."""
    group = target.groups({target.position: pool.values[:, target.position]})
    inside = (group >= 0) * within
    if not inside.any():
        inside = (group >= 0).astype(np.float64)
    inside = inside * pool.weights
    sizes = np.bincount(np.maximum(group, 0), inside, minlength=len(target.shares)) + 1.0
    tilt = target.shares / (sizes / sizes.sum())
    return np.where(group >= 0, tilt[group], 0.0)


def _of_mean(own: Floats, target: float, within: Floats) -> Floats:
    """Return how much more often a mean has each respondent drawn, float64.

    The least and the most likely ones stay within a bound, so that none is left out by a target
    that only a few respondents could meet.
    """
    inside = (within > 0) & ~np.isnan(own)
    if not inside.any():
        return np.ones(len(own))
    off = own - target
    scale = float(np.abs(off[inside]).max()) or 1.0
    root = raking.root(off[inside] / scale, within[inside])
    exponent = np.where(np.isnan(own), 0.0, root * off / scale)
    return np.asarray(np.exp(np.clip(exponent - exponent[inside].max(), -MAX_TILT, 0.0)))
