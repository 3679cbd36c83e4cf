"""Filling in the report: what was requested, what was achieved, and who stands behind it."""

from collections.abc import Mapping, Sequence

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.model.donors import DonorPool
from simulacra.engine.model.drawing import SyntheticRows
from simulacra.engine.quality.quality import Quality
from simulacra.engine.report import support
from simulacra.engine.report.report import (
    LevelOutcome,
    Origin,
    RangeOutcome,
    Report,
    ShareOutcome,
    Support,
)
from simulacra.engine.scenario import raking
from simulacra.engine.scenario.conditions import Scenario
from simulacra.engine.scenario.particles import Particles, Plan, ShareTarget
from simulacra.engine.warning import ReportWarning

MIXING = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)
INCREMENT = np.uint64(0x9E3779B97F4A7C15)

COPIES = 0.5
"""Part of the rows that are distinct, below which there is a warning, if respondents are."""


def origin(pool: DonorPool, made: SyntheticRows, quality: Quality | None) -> Origin:
    """Return what rows are made of.

    Args:
        pool: the respondents.
        made: the rows.
        quality: of the model.
    """
    rows, distinct = len(next(iter(made.values.values()))), _distinct(made.values)
    warnings = []
    if distinct < COPIES * rows and _are_distinct(pool):
        detail = (
            f"Many rows are copies of each other: {rows:,} rows hold {distinct:,} distinct ones. "
            "Few respondents fit, so more rows tell nothing more about them."
        )
        warnings.append(ReportWarning("many_copies", detail))
    return Origin(distinct, int(made.is_donor.sum()), quality, tuple(warnings))


def _are_distinct(pool: DonorPool) -> bool:
    """Tell whether most respondents differ from all others."""
    return _distinct(dict(enumerate(pool.values.T))) >= COPIES * len(pool.values)


def _distinct(values: Mapping[int, Floats]) -> int:
    """Return how many rows differ from all others, told by 64 bits of a digest of each.

    Among a million rows two different ones share a digest with a chance of one in 30 million.
    """
    digest = np.zeros(len(next(iter(values.values()))), dtype=np.uint64)
    for position in sorted(values):
        column = np.where(np.isnan(values[position]), np.nan, values[position] + 0.0)
        digest ^= np.ascontiguousarray(column).view(np.uint64)
        for shift, factor in MIXING:  # splitmix64 (Steele, Lea & Flood 2014)
            digest = (digest ^ (digest >> shift)) * factor
        digest += INCREMENT
    digest.sort()
    return len(digest) and 1 + int(np.count_nonzero(digest[1:] != digest[:-1]))


def unconditional(pool: DonorPool, made_of: Origin, rows: int, rng_seed: int) -> Report:
    """Return the report of a generation without conditions: every respondent stands behind it."""
    everyone = support.of_everyone(pool)
    return _report(made_of, rng_seed, rows, rows, everyone, (), ())


def conditional(
    pool: DonorPool,
    scenario: Scenario,
    plan: Plan,
    particles: Particles,
    values: Mapping[int, Floats],
    made_of: Origin,
    rows: int,
    rng_seed: int,
) -> Report:
    """Return the report of a scenario's rows.

    Args:
        pool: the respondents.
        scenario: what was requested.
        plan: the scenario in numbers.
        particles: that the rows were picked from.
        values: float64, shape (rows,), by position: of the synthetic rows.
        made_of: what the rows are made of.
        rows: how many were asked for.
        rng_seed: that the rows were drawn with.
    """
    weights = support.importance_weights(pool, plan, particles.raked)
    outcomes = [
        _range(pool, scenario, position, weights[position], values[position])
        if position in plan.windows
        else _shares(pool, plan.targets[position], weights, values[position])
        for position in plan.order
    ]
    generated = len(values[plan.order[0]])
    joint = support.of_weights(np.prod(list(weights.values()), axis=0), pool.weights)
    warnings = [*_shortfalls(pool, plan, particles, weights, rows), *support.thin(joint)]
    return _report(made_of, rng_seed, rows, generated, joint, outcomes, warnings)


def _report(
    made_of: Origin,
    rng_seed: int,
    rows: int,
    generated: int,
    behind: Support,
    outcomes: Sequence[ShareOutcome | RangeOutcome],
    warnings: Sequence[ReportWarning],
) -> Report:
    return Report(
        seed=rng_seed,
        rows_requested=rows,
        rows_generated=generated,
        status="ready" if generated == rows else "partial",
        support=behind,
        conditions=tuple(outcomes),
        warnings=(*warnings, *made_of.warnings),
        distinct_rows=made_of.distinct_rows,
        donors=made_of.donors,
        quality=made_of.quality,
    )


def _range(
    pool: DonorPool, scenario: Scenario, position: int, weights: Floats, values: Floats
) -> RangeOutcome:
    column = pool.schema.columns[position]
    condition = scenario.ranges[column.name]
    first, last = (column.type.to_number(end) for end in (condition.min, condition.max))
    return RangeOutcome(
        column=column.name,
        support=support.of_weights(weights, pool.weights),
        min=condition.min,
        max=condition.max,
        achieved=float(np.mean((values >= first) & (values <= last))),
        achieved_min=column.type.to_bound(float(values.min())),
        achieved_max=column.type.to_bound(float(values.max())),
    )


def _shares(
    pool: DonorPool, target: ShareTarget, weights: Mapping[int, Floats], values: Floats
) -> ShareOutcome:
    """Return the outcome of shares; respondents count by level who meet all other conditions."""
    column = pool.schema.columns[target.position]
    number = len(column.levels)
    counts = np.bincount(values.astype(np.int64), minlength=number)
    study = pool.values[:, target.position]
    fits = ~np.isnan(study) & _meet_others(weights, target.position)
    respondents = np.bincount(study[fits].astype(np.int64), minlength=number)
    groups = target.group_of_level[:number]
    levels = [
        LevelOutcome(
            level=level,
            target=None if target.names[group] is None else round(float(target.shares[group]), 6),
            achieved=round(int(count) / len(values), 6),
            rows=int(count),
            seed_rows=int(respondent_count),
        )
        for level, group, count, respondent_count in zip(
            column.levels, groups, counts, respondents, strict=True
        )
    ]
    behind = support.of_weights(weights[target.position], pool.weights)
    return ShareOutcome(column.name, behind, tuple(levels))


def _shortfalls(
    pool: DonorPool, plan: Plan, particles: Particles, weights: Mapping[int, Floats], rows: int
) -> list[ReportWarning]:
    """Return which quotas are dropped, and how many respondents could have filled them."""
    warnings = []
    for position, reached in zip(sorted(plan.targets), particles.raked.targets, strict=True):
        target = plan.targets[position]
        proportional = target.shares * raking.sum_of(particles.raked.targets)
        others = _meet_others(weights, position)
        for group in np.flatnonzero(proportional - reached > 0.5 / rows).tolist():
            groups = target.groups(pool.values[:, position])
            fitting = int(((groups == group) & others).sum())
            name = target.names[group]
            column = pool.schema.columns[position].name
            what = f"{column!r} = {name!r}" if name else f"levels of {column!r} that are not named"
            detail = (
                f"{what}: the model supports {reached[group]:.2%} of the rows where "
                f"{target.shares[group]:.2%} are wanted; {fitting} respondents have this level "
                "and meet the other conditions."
            )
            warnings.append(ReportWarning("quota_unmet", detail))
    return warnings or _overall(particles)


def _overall(particles: Particles) -> list[ReportWarning]:
    if particles.reachable >= 1 - raking.SHORTFALL:
        return []
    detail = f"The conditions together can be met for {particles.reachable:.2%} of the rows."
    return [ReportWarning("quota_unmet", detail)]


def _meet_others(weights: Mapping[int, Floats], position: int) -> Flags:
    """Return which respondents meet the conditions on all columns but one, bool."""
    fits = np.ones(len(weights[position]), dtype=np.bool_)
    for other, weight in weights.items():
        if other != position:
            fits &= weight > 0
    return fits
