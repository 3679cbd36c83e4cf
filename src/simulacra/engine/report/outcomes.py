"""Filling in the report: what was asked, what came out, and who stands behind it."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from simulacra.engine.columns import encoding
from simulacra.engine.columns.encoding import Floats
from simulacra.engine.columns.schema import bound, point
from simulacra.engine.model.donors import Donors
from simulacra.engine.report.report import (
    THIN_SUPPORT,
    Caution,
    LevelOutcome,
    RangeOutcome,
    Report,
    ShareOutcome,
    Support,
)
from simulacra.engine.scenario import particles, raking
from simulacra.engine.scenario.conditions import Scenario
from simulacra.engine.scenario.particles import Cloud, Plan, Target


def unconditional(donors: Donors, rows: int, seed: int) -> Report:
    """Return the report of a generation without conditions: every respondent stands behind it."""
    everyone = Support(float(len(donors.values)), len(donors.values))
    return Report(seed, rows, rows, "ready", everyone, (), ())


def conditional(
    donors: Donors,
    scenario: Scenario,
    wanted: Plan,
    cloud: Cloud,
    generated: Mapping[int, Floats],
    rows: int,
    seed: int,
) -> Report:
    """Return the report of a scenario's rows.

    Args:
        donors: the seed rows.
        scenario: what was asked for.
        wanted: its plan.
        cloud: the particles that the rows were picked from.
        generated: values of the generated rows, by column position.
        rows: asked for.
        seed: that the rows were drawn with.
    """
    weights = dict(
        zip(wanted.order, particles.seed_weights(donors, wanted, cloud.raked), strict=True)
    )
    joint = np.prod(list(weights.values()), axis=0)
    outcomes = [
        _range(donors, scenario, position, weights[position], generated[position])
        if position in wanted.windows
        else _shares(donors, wanted.targets[position], weights[position], generated[position])
        for position in wanted.order
    ]
    made = len(generated[wanted.order[0]])
    support = _support(joint)
    warnings = [*_shortfalls(donors, wanted, cloud, weights, rows), *_thin(support)]
    status = "ready" if made == rows else "partial"
    return Report(seed, rows, made, status, support, tuple(outcomes), tuple(warnings))


def _support(weights: raking.Weights) -> Support:
    size = round(particles.effective_sample_size(weights), 1)
    return Support(size, int(np.count_nonzero(weights)))


def _range(
    donors: Donors, scenario: Scenario, position: int, weights: raking.Weights, made: Floats
) -> RangeOutcome:
    column = donors.schema.columns[position]
    asked = scenario.ranges[column.name]
    low, high = float(made.min()), float(made.max())
    first, last = (point(column.type, end) for end in (asked.min, asked.max))
    return RangeOutcome(
        column=column.name,
        support=_support(weights),
        min=asked.min,
        max=asked.max,
        achieved=float(np.mean((made >= first) & (made <= last))),
        achieved_min=bound(column.type, low),
        achieved_max=bound(column.type, high),
    )


def _shares(donors: Donors, target: Target, weights: raking.Weights, made: Floats) -> ShareOutcome:
    column = donors.schema.columns[target.position]
    counts = np.bincount(made.astype(np.int64), minlength=len(column.levels))
    seed = np.bincount(
        encoding.level_codes(donors.values[:, target.position], len(column.levels)),
        minlength=len(column.levels),
    )
    levels = [
        LevelOutcome(
            level=level,
            target=None if name is None else round(float(share), 6),
            achieved=round(int(count) / len(made), 6),
            rows=int(count),
            seed_rows=int(seed_count),
        )
        for level, name, share, count, seed_count in zip(
            column.levels, *_by_level(target, len(column.levels)), counts, seed, strict=False
        )
    ]
    return ShareOutcome(column.name, _support(weights), tuple(levels))


def _by_level(target: Target, levels: int) -> tuple[list[str | None], npt.NDArray[np.float64]]:
    """Return the group's name and share for each level."""
    groups = target.group_of_level[:levels]
    return [target.names[group] for group in groups], target.shares[groups]


def _shortfalls(
    donors: Donors,
    wanted: Plan,
    cloud: Cloud,
    weights: Mapping[int, raking.Weights],
    rows: int,
) -> list[Caution]:
    """Say which quotas are left out, and how many seed rows could have filled them."""
    cautions = []
    for position, reached in zip(sorted(wanted.targets), cloud.raked.targets, strict=True):
        target = wanted.targets[position]
        proportional = target.shares * raking.sum_of(cloud.raked.targets)
        for group in np.flatnonzero(proportional - reached > 0.5 / rows):
            others = [weight for key, weight in weights.items() if key != position]
            fitting = _fitting(donors, target, int(group), others)
            name = target.names[group]
            column = donors.schema.columns[position].name
            detail = (
                f"{column!r} = {name!r}" if name else f"levels of {column!r} that are not named"
            )
            cautions.append(
                Caution(
                    "quota_unmet",
                    f"{detail}: the model supports {reached[group]:.2%} of the rows where "
                    f"{target.shares[group]:.2%} are wanted; {fitting} seed rows have this level "
                    "and meet the other conditions.",
                )
            )
    return cautions or _overall(cloud)


def _overall(cloud: Cloud) -> list[Caution]:
    if cloud.reachable >= 1 - raking.SHORTFALL:
        return []
    return [
        Caution(
            "quota_unmet",
            f"The conditions together can be met for {cloud.reachable:.2%} of the rows.",
        )
    ]


def _fitting(donors: Donors, target: Target, group: int, others: Sequence[raking.Weights]) -> int:
    levels = encoding.level_codes(donors.values[:, target.position], len(target.group_of_level) - 1)
    fits = target.group_of_level[levels] == group
    for weight in others:
        fits &= weight > 0
    return int(fits.sum())


def _thin(support: Support) -> list[Caution]:
    if support.effective_sample_size >= THIN_SUPPORT:
        return []
    return [
        Caution(
            "thin_support",
            f"Only about {support.effective_sample_size:.0f} respondents effectively stand behind "
            f"these rows; under {THIN_SUPPORT} they show a direction at most.",
        )
    ]
