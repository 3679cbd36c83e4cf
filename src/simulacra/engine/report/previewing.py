"""Making a preview: the figures of a report that need no rows, and how more could be had."""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from simulacra.engine import processors
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool
from simulacra.engine.report import outcomes, support
from simulacra.engine.report.preview import (
    ConditionPreview,
    LevelPreview,
    Limit,
    MeanPreview,
    Preview,
    RangePreview,
    SharePreview,
)
from simulacra.engine.report.report import Support
from simulacra.engine.scenario import conditions, importance, nearest, particles, plans, reasons
from simulacra.engine.scenario.conditions import Conditions, Scenario
from simulacra.engine.scenario.importance import Importance
from simulacra.engine.scenario.particles import Particles
from simulacra.engine.scenario.plans import MeanTarget, Plan, ShareTarget
from simulacra.engine.scenario.terms import Condition

MAX_COMPARED = 12
"""Conditions that are left out in turn to find the one that limits; of more, those with the fewest
effective respondents of their own."""
PARTS = (0.0, 0.02, 0.1)
"""How far towards the scenario without shares those go that are tried as nearest ones: what raking
reached lies on the edge of what can be had, and other particles may lie just inside of it."""


@dataclasses.dataclass(frozen=True)
class Question:
    """What is asked of a model.

    Attributes:
        pool: the respondents.
        models: of the conditioned columns, in the order of the plan.
        asked: the conditions by kind.
        scenario: what they say.
        plan: the scenario in numbers.
        rows: how many are asked for.
        rng_seed: of the draws.
    """

    pool: DonorPool
    models: Sequence[ConditionalModel]
    asked: Conditions
    scenario: Scenario
    plan: Plan
    rows: int
    rng_seed: int


def unconditional(pool: DonorPool, rows: int, rng_seed: int) -> Preview:
    """Return the preview of rows without conditions: every respondent stands behind them.

    `expected_seconds` is left at 0 here and below, for the caller to fill in.
    """
    everyone = support.of_everyone(pool)
    return Preview(
        seed=rng_seed,
        rows_requested=rows,
        rows_available=rows,
        status="ready",
        support=everyone,
        conditions=(),
        limiting=None,
        warnings=(),
        nearest=None,
        reason=None,
        expected_seconds=0.0,
    )


def conditional(question: Question, cloud: Particles) -> Preview:
    """Return the preview of a scenario's rows.

    Args:
        question: what is asked.
        cloud: the particles that a generation would pick from.
    """
    pool, plan, rows = question.pool, question.plan, question.rows
    weights = importance.of(pool, plan, cloud.raked)
    available = cloud.raked.rows(rows)
    joint = support.of_weights(weights.joint, pool.weights)
    foreseen = list(_conditions(question, cloud, weights))
    status = "infeasible" if available == 0 else "partial" if available < rows else "ready"
    warnings = outcomes.shortfalls(pool, plan, cloud, weights, rows)
    if available:
        behind = [(it.among, it.support) for _, it in foreseen if not isinstance(it, RangePreview)]
        warnings += support.thin(joint, behind)
    return Preview(
        seed=question.rng_seed,
        rows_requested=rows,
        rows_available=available,
        status=status,
        support=joint,
        conditions=tuple(seen for _, seen in foreseen),
        limiting=_limiting(question, foreseen, available, joint),
        warnings=tuple(warnings),
        nearest=_nearest(question, cloud) if status == "partial" else None,
        reason=None if available else reasons.of_no_row(cloud, plan, pool.schema),
        expected_seconds=0.0,
        labels=outcomes.labels(pool.schema, [it for _, it in foreseen]),
    )


def _conditions(
    question: Question, cloud: Particles, weights: Importance
) -> Iterator[tuple[Condition, ConditionPreview]]:
    """Yield each condition and what is foreseen for it, in the order of a report."""
    pool, plan = question.pool, question.plan
    spans = {span.column: span for span in question.scenario.ranges}
    for position in sorted(plan.windows):
        span = spans[pool.schema.names[position]]
        behind = support.of_weights(weights.ranges[position], pool.weights)
        yield span, RangePreview(span.column, behind, span.min, span.max)
    for target, own in zip(plan.targets, weights.shares, strict=True):
        yield target.condition, _shares(pool, target, own, weights, cloud)
    for mean, own in zip(plan.means, weights.means, strict=True):
        yield mean.condition, _mean(pool, mean, own, cloud)


def _shares(
    pool: DonorPool,
    target: ShareTarget,
    own: Floats,
    weights: Importance,
    cloud: Particles,
) -> SharePreview:
    condition, values = target.condition, cloud.draws.values
    mass = np.where(target.base.members(values), cloud.raked.weights, 0.0)
    cells, total = target.cells(values), float(mass.sum())
    counted = np.where(cells == -2, len(condition.cells) + 1, cells)
    counted = np.where(cells == -1, len(condition.cells), counted)
    shares = np.bincount(counted, mass, minlength=len(condition.cells) + 2) / (total or 1.0)
    levels = [
        LevelPreview(name, wanted, round(float(share), 6) if total else None, respondents)
        for (name, wanted), share, respondents in zip(
            outcomes.names_and_targets(condition),
            shares[: len(condition.cells) + condition.has_rest],
            support.by_cell(pool, target, weights.others_met(own)),
            strict=True,
        )
    ]
    return SharePreview(
        column=condition.column,
        support=support.behind(pool, target.base, own),
        levels=tuple(levels),
        kind=condition.kind,
        among=None if condition.among is None else condition.among.text,
    )


def _mean(pool: DonorPool, mean: MeanTarget, own: Floats, cloud: Particles) -> MeanPreview:
    column, condition = pool.schema[mean.condition.column], mean.condition
    made = cloud.draws.values[mean.position]
    mass = np.where(mean.base.members(cloud.draws.values), cloud.raked.weights, 0.0)
    mass = np.where(np.isnan(made), 0.0, mass)
    expected = float(np.average(np.nan_to_num(made), weights=mass)) if mass.any() else None
    return MeanPreview(
        column=column.name,
        support=support.behind(pool, mean.base, own),
        target=condition.target,
        expected=outcomes.published_mean(column, expected),
        study=outcomes.published_mean(column, support.study_mean(pool, mean)),
        among=None if condition.among is None else condition.among.text,
    )


def _limiting(
    question: Question,
    foreseen: Sequence[tuple[Condition, ConditionPreview]],
    available: int,
    joint: Support,
) -> Limit | None:
    """Return the condition without which most more could be had (see `Limit`)."""
    order = sorted(
        range(len(foreseen)), key=lambda at: foreseen[at][1].support.effective_sample_size
    )[:MAX_COMPARED]
    left_out = processors.share(lambda at: _without(question, foreseen[at][0]), order)
    best, limit = (available, joint.effective_sample_size), None
    for position, without in zip(order, left_out, strict=True):
        _, seen = foreseen[position]
        if without > best:
            among = None if isinstance(seen, RangePreview) else seen.among
            best, limit = without, Limit(position, seen.column, seen.kind, among, *without)
    return limit


def _without(question: Question, condition: Condition) -> tuple[int, float]:
    """Return the rows, and the effective respondents, that a scenario has without a condition."""
    pool, plan = question.pool, question.plan.without(condition)
    if not plan.order:
        return question.rows, support.of_everyone(pool).effective_sample_size
    cloud = particles.draw(
        *(pool, question.models, plan, question.rows, question.rng_seed),
        most=particles.MIN_PARTICLES,
    )
    weights = importance.of(pool, plan, cloud.raked)
    behind = support.of_weights(weights.joint, pool.weights)
    return cloud.raked.rows(question.rows), behind.effective_sample_size


def _nearest(question: Question, cloud: Particles) -> dict[str, object] | None:
    """Return the nearest conditions under which all rows can be had; None if none are found.

    Each proposal is tried as a generation would do it.
    """
    reached = nearest.shares_of(question.plan, cloud.raked.targets)
    inner = None
    for part in PARTS:
        if part:
            inner = inner or _without_shares(question)
            shares = nearest.between(reached, inner, part)
        else:
            shares = reached
        proposed = nearest.propose(question.pool.schema, question.asked, question.scenario, shares)
        if proposed is not None and _is_met(question, proposed):
            return proposed
    return None


def _is_met(question: Question, proposed: Conditions) -> bool:
    """Tell whether all rows can be had under conditions on the same columns."""
    scenario = conditions.parse(question.pool.schema, proposed)
    plan = plans.of(question.pool, scenario)
    drawn = particles.draw(question.pool, question.models, plan, question.rows, question.rng_seed)
    return drawn.raked.rows(question.rows) == question.rows


def _without_shares(question: Question) -> dict[int, Floats]:
    """Return the shares that rows have which meet all conditions but shares of all rows."""
    plan = question.plan
    shared = [target for target in plan.targets if not target.is_within]
    for target in shared:
        plan = plan.without(target.condition)
    drawn = particles.draw(
        *(question.pool, question.models, plan, question.rows, question.rng_seed),
        most=particles.MIN_PARTICLES,
    )
    shares: dict[int, Floats] = {}
    for target in shared:
        group = target.groups(drawn.draws.values)
        mass = np.where(group >= 0, drawn.raked.weights, 0.0)
        counts = np.bincount(np.maximum(group, 0), mass, minlength=len(target.shares))
        shares[id(target.condition)] = np.asarray(counts / (counts.sum() or 1.0))
    return shares
