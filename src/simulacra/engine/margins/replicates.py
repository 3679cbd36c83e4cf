"""Replicates: the model refitted to resampled respondents, and asked the same scenario.

That is the bootstrap (Efron 1979): how far the figures of replicates lie apart tells how far those
of the model may be from the truth, what a scenario extrapolates included. The rules, the schema and
which predecessors a column may look at stay those of the study; all else is learned anew.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from simulacra.engine import randomness
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.margins.statistics import Statistics
from simulacra.engine.model import conditional, drawing, saving
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool, Draws
from simulacra.engine.scenario import importance, particles, picking, plans
from simulacra.engine.scenario.conditions import Scenario

MAX_RESPONDENTS = 10_000
"""Respondents that a replicate is refitted to; of a larger study, variances are scaled."""
ROWS = 2_000
"""Rows that each half of a replicate makes."""
MAX_PARTICLES = 160_000
"""That a replicate draws: few count in a tight scenario, which is then the noise that is taken off
the difference of its halves."""
REFITS = {"full": 20, "quick": 8}
"""Replicates by how careful margins are. The fewer, the wider are their intervals (Student's t)."""


@dataclasses.dataclass(frozen=True)
class Replicate:
    """A model of resampled respondents.

    Attributes:
        pool: those respondents.
        models: along the visit sequence of a scenario.
    """

    pool: DonorPool
    models: Sequence[ConditionalModel]


@dataclasses.dataclass(frozen=True)
class Halves:
    """The statistics of one replicate.

    Attributes:
        study: float64, shape (statistics,): of the resampled respondents.
        behind: likewise, weighted to the scenario; NaN where none of them has a value.
        made: float64, shape (2, statistics): of two sets of rows, each with randomness of its own.
    """

    study: Floats
    behind: Floats
    made: Floats


def how_many(margins: bool | str) -> int:  # noqa: FBT001 - a plain yes or no is what callers say
    """Return how many models are refitted for margins, as a caller asks for them.

    Raises:
        ValueError: a text that is not ``"quick"`` or ``"full"``.
    """
    if isinstance(margins, str):
        if margins not in REFITS:
            raise ValueError(f"margins is {margins!r}; give True, False or one of {[*REFITS]}")
        return REFITS[margins]
    return REFITS["full"] if margins else 0


def refit(pool: DonorPool, sequence: Sequence[int], conditioned: int, index: int) -> Replicate:
    """Return one replicate of a model.

    Args:
        pool: the respondents.
        sequence: positions of all columns, conditioned ones first.
        conditioned: how many those are.
        index: of the replicate, which decides who is resampled.
    """
    resampled = _resampled(pool, index)
    models = conditional.fit_all(resampled, sequence, {}, _ignore, conditioned)
    return Replicate(resampled, models)


def _resampled(pool: DonorPool, index: int) -> DonorPool:
    """Return as many of the respondents as a replicate is refitted to, some more than once."""
    rng = randomness.stream(0, "replicate", str(index))
    respondents = len(pool.values)
    chosen = np.sort(rng.integers(respondents, size=min(respondents, MAX_RESPONDENTS)))
    weights = None
    if pool.survey_weights is not None:
        weights = pool.survey_weights[chosen] / pool.survey_weights[chosen].mean()
    return DonorPool.of(
        *(pool.schema, pool.values[chosen], pool.rules, pool.strengths, pool.privacy), weights
    )


def save(path: Path, conditioned: Sequence[int], kept: Sequence[Replicate]) -> None:
    """Write replicates to a file, without what `load` finds again.

    That is who is resampled, and who of them is in which leaf: most of the bytes.

    Args:
        path: of the file.
        conditioned: the positions of the columns that a scenario is about.
        kept: the first replicates of the study on those columns.

    Raises:
        OSError: the file cannot be written.
    """
    saving.save_refits(path, conditioned, [replicate.models for replicate in kept])


def load(
    path: Path, pool: DonorPool, sequence: Sequence[int], most: int
) -> tuple[tuple[int, ...], list[Replicate]]:
    """Return the positions of the conditioned columns and the replicates that `save` wrote.

    Args:
        path: of the file.
        pool: the respondents.
        sequence: positions of all columns, along the visit sequence of the study.
        most: how many are wanted; there may be fewer.

    Raises:
        errors.SavedModelError: the file is damaged, of another version or of another study.
        OSError: it cannot be opened.
    """
    conditioned, found = saving.load_refits(
        path, lambda index: _resampled(pool, index), sequence, most
    )
    return conditioned, [Replicate(resampled, models) for resampled, models in found]


def ask(
    replicate: Replicate, scenario: Scenario, statistics: Statistics, rng_seed: int
) -> Halves | None:
    """Return the statistics of a replicate under a scenario; None if it cannot make a row of it.

    Args:
        replicate: the refitted model.
        scenario: the same as that of the model.
        statistics: which they are.
        rng_seed: of the draws.
    """
    pool, made, weights = replicate.pool, [], replicate.pool.weights
    for half in range(2):
        own = int(randomness.stream(rng_seed, "half", str(half)).integers(2**31))
        found = _rows(replicate, scenario, own)
        if found is None:
            return None
        made.append(statistics.values(found.values))
        if half == 0:
            weights = found.behind
    study = plans.columns_of(pool.values, range(pool.values.shape[1]))
    return Halves(
        statistics.values(study, pool.weights), statistics.values(study, weights), np.stack(made)
    )


@dataclasses.dataclass(frozen=True)
class _Rows:
    """Rows of a replicate, by position of a column, and the weights of who stands behind them."""

    values: dict[int, Floats]
    behind: Floats


def _rows(replicate: Replicate, scenario: Scenario, rng_seed: int) -> _Rows | None:
    pool, models = replicate.pool, replicate.models
    plan = plans.of(pool, scenario)
    number = len(plan.order)
    if not number:
        made = drawing.complete(pool, models, Draws(), ROWS, rng_seed, _ignore)
        return _Rows(made.values, pool.weights)
    cloud = particles.draw(pool, models[:number], plan, ROWS, rng_seed, MAX_PARTICLES)
    rows = cloud.raked.rows(ROWS)
    if rows == 0:
        return None
    rng = randomness.stream(rng_seed, "picking")
    draws = cloud.draws.take(rng.permutation(picking.pick(cloud, rows, rng)))
    made = drawing.complete(pool, models[number:], draws, rows, rng_seed, _ignore)
    return _Rows(made.values, importance.of(pool, plan, cloud.raked).joint * pool.weights)


def _ignore(_step: int, _steps: int) -> None:
    """Report to nobody."""
