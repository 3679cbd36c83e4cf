"""Filling in the report: what was requested, what was achieved, and who stands behind it."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.columns.facts import Bound
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.model.donors import DonorPool
from simulacra.engine.model.drawing import SyntheticRows
from simulacra.engine.quality.quality import Quality
from simulacra.engine.report import support
from simulacra.engine.report.report import (
    LevelOutcome,
    MeanOutcome,
    Origin,
    Outcome,
    RangeOutcome,
    Report,
    ShareOutcome,
    Support,
)
from simulacra.engine.scenario import importance, plans, raking
from simulacra.engine.scenario.conditions import Scenario
from simulacra.engine.scenario.importance import Importance
from simulacra.engine.scenario.kinds.joint import CROSSED
from simulacra.engine.scenario.particles import Particles
from simulacra.engine.scenario.plans import MeanTarget, Plan, ShareTarget
from simulacra.engine.scenario.terms import Partition, Range
from simulacra.engine.warning import ReportWarning

MIXING = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)
INCREMENT = np.uint64(0x9E3779B97F4A7C15)

OTHERS = "(others)"
"""What the report calls the rows that are in no cell of a condition."""
MEAN_DIGITS = 6
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
    weights = importance.of(pool, plan, particles.raked)
    spans = {pool.schema.names.index(span.column): span for span in scenario.ranges}
    outcomes: list[Outcome] = [
        *(_range(pool, spans[it], weights.ranges[it], values[it]) for it in sorted(plan.windows)),
        *(
            _shares(pool, target, own, weights.others_met(own), values)
            for target, own in zip(plan.targets, weights.shares, strict=True)
        ),
        *(
            _mean(pool, mean, own, values)
            for mean, own in zip(plan.means, weights.means, strict=True)
        ),
    ]
    generated = len(values[plan.order[0]])
    joint = support.of_weights(weights.joint, pool.weights)
    behind = [(it.among, it.support) for it in outcomes if not isinstance(it, RangeOutcome)]
    warnings = [*shortfalls(pool, plan, particles, weights, rows), *support.thin(joint, behind)]
    report = _report(made_of, rng_seed, rows, generated, joint, outcomes, warnings)
    return dataclasses.replace(report, labels=labels(pool.schema, outcomes))


def _report(
    made_of: Origin,
    rng_seed: int,
    rows: int,
    generated: int,
    behind: Support,
    outcomes: Sequence[Outcome],
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


class HasColumn(Protocol):
    """What is about a column, several, or a multiple-response set."""

    @property
    def column(self) -> str:
        """Its name; those of several are crossed."""


def labels(schema: Schema, conditions: Iterable[HasColumn]) -> dict[str, str]:
    """Return the labels of what conditions are about, by the names that they say it with."""
    found = {}
    for name in (condition.column for condition in conditions):
        columns = [name] if name in schema else name.split(CROSSED)
        known = schema.labels(columns)
        if known:
            found[name] = CROSSED.join(known.get(column, column) for column in columns)
    return found


def _range(pool: DonorPool, condition: Range, weights: Floats, values: Floats) -> RangeOutcome:
    column = pool.schema[condition.column]
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
    pool: DonorPool,
    target: ShareTarget,
    weights: Floats,
    others_met: Flags,
    values: Mapping[int, Floats],
) -> ShareOutcome:
    """Return the outcome of shares; respondents count by cell who meet all other conditions."""
    condition, inside = target.condition, target.base.members(values)
    cells, number = target.cells(values)[inside], len(condition.cells)
    counts = np.bincount(cells[cells >= 0], minlength=number).tolist()
    if condition.has_rest:
        counts.append(int((cells == -1).sum()))
    levels = [
        LevelOutcome(
            level=name,
            target=wanted,
            achieved=round(count / max(len(cells), 1), 6),
            rows=count,
            seed_rows=respondents,
        )
        for (name, wanted), count, respondents in zip(
            names_and_targets(condition),
            counts,
            support.by_cell(pool, target, others_met),
            strict=True,
        )
    ]
    return ShareOutcome(
        column=condition.column,
        support=support.behind(pool, target.base, weights),
        levels=tuple(levels),
        kind=condition.kind,
        among=None if condition.among is None else condition.among.text,
    )


def _mean(
    pool: DonorPool, mean: MeanTarget, weights: Floats, values: Mapping[int, Floats]
) -> MeanOutcome:
    column, condition = pool.schema[mean.condition.column], mean.condition
    made = values[mean.position][mean.base.members(values)]
    made = made[~np.isnan(made)]
    return MeanOutcome(
        column=column.name,
        support=support.behind(pool, mean.base, weights),
        target=condition.target,
        achieved=published_mean(column, float(made.mean()) if len(made) else None),
        study=published_mean(column, support.study_mean(pool, mean)),
        among=None if condition.among is None else condition.among.text,
    )


def names_and_targets(condition: Partition) -> list[tuple[str, float | None]]:
    """Return what shares are of, and the share that is asked for; None for one that is not named.

    Behind the cells come, if there is a rest, the rows that are in none.
    """
    names, groups = [*condition.names], [*condition.group_of_cell]
    if condition.has_rest:
        names.append(OTHERS)
        groups.append(condition.named)
    return [
        (name, round(condition.shares[group], 6) if group < condition.named else None)
        for name, group in zip(names, groups, strict=True)
    ]


def published_mean(column: Column, mean: float | None) -> Bound | None:
    """Return a mean in the column's own unit: a number, or a date in ISO 8601; None of nobody."""
    if mean is None:
        return None
    return column.type.to_bound(mean) if column.type.is_temporal else round(mean, MEAN_DIGITS)


def shortfalls(
    pool: DonorPool, plan: Plan, particles: Particles, weights: Importance, rows: int
) -> list[ReportWarning]:
    """Return which quotas are dropped, and how many respondents could have filled them.

    Args:
        pool: the respondents.
        plan: of the scenario.
        particles: of the scenario.
        weights: that its conditions give the respondents.
        rows: how many were asked for.
    """
    warnings = []
    study = plans.columns_of(pool.values, range(pool.values.shape[1]))
    for target, own, reached in zip(
        plan.targets, weights.shares, particles.raked.targets, strict=True
    ):
        if target.is_within:
            continue
        proportional = target.shares * raking.sum_of(particles.raked.targets)
        others, groups = weights.others_met(own), target.groups(study)
        for group in np.flatnonzero(proportional - reached > 0.5 / rows).tolist():
            fitting = int(((groups == group) & others).sum())
            detail = (
                f"{_name(target, group)}: the model supports {reached[group]:.2%} of the rows "
                f"where {target.shares[group]:.2%} are wanted; {fitting} respondents have this "
                "level and meet the other conditions."
            )
            warnings.append(ReportWarning("quota_unmet", detail))
    return warnings or _overall(particles)


def _name(target: ShareTarget, group: int) -> str:
    """Return what a share is of, for people."""
    condition = target.condition
    if group >= condition.named:
        return f"levels of {condition.column!r} that are not named"
    return f"{condition.column!r} = {condition.names[condition.group_of_cell.index(group)]!r}"


def _overall(particles: Particles) -> list[ReportWarning]:
    if particles.raked.reachable >= 1 - raking.SHORTFALL:
        return []
    detail = f"The conditions together can be met for {particles.raked.reachable:.2%} of the rows."
    return [ReportWarning("quota_unmet", detail)]
