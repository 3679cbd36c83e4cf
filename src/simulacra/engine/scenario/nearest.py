"""The nearest scenario that can be had in full, where some of the rows asked for cannot.

Raking finds the largest part of the rows that can be had, and which shares those rows have: as
proportional to the wanted ones as can be. These shares are what is proposed. Ranges, means and
conditions among some of the rows stay as they are.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from simulacra.engine import errors
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Schema
from simulacra.engine.scenario import conditions, quotas
from simulacra.engine.scenario.conditions import Conditions, Scenario
from simulacra.engine.scenario.kinds import registry
from simulacra.engine.scenario.plans import Plan

PARTS = 1_000_000
"""Shares are given in parts of a million, so that they are short and sum to exactly 1."""


def shares_of(plan: Plan, reached: list[Floats]) -> dict[int, Floats]:
    """Return the shares that can be had among all rows, by the identity of their conditions.

    Args:
        plan: of the scenario.
        reached: for each target of the plan, float64, shape (groups,), of any sum above 0.
    """
    return {
        id(target.condition): shares / shares.sum()
        for target, shares in zip(plan.targets, reached, strict=True)
        if not target.is_within
    }


def propose(
    schema: Schema, asked: Conditions, scenario: Scenario, shares: dict[int, Floats]
) -> dict[str, Any] | None:
    """Return the conditions with other shares, in the form that they were given in.

    Args:
        schema: of the model.
        asked: the conditions by kind.
        scenario: what they say.
        shares: by the identity of a condition, float64, shape (groups,): they sum to 1.

    Returns:
        The conditions; None if these shares contradict each other once they are rounded.
    """

    def named() -> Iterator[list[float]]:
        for partition in scenario.partitions:
            if partition.among is None:
                parts = quotas.whole_quotas(shares[id(partition)], PARTS)
                yield (parts[: partition.named] / PARTS).tolist()

    source = named()
    proposed = {
        member: kind.reshared(schema, asked[member], source)
        for member, kind in registry.KINDS.items()
        if asked.get(member) is not None
    }
    try:
        conditions.parse(schema, proposed)
    except errors.ConditionError:
        return None
    return proposed


def between(one: dict[int, Floats], other: dict[int, Floats], part: float) -> dict[int, Floats]:
    """Return shares on the way from one scenario's to another's; `part` 0 is the first one."""
    return {key: np.asarray((1 - part) * shares + part * other[key]) for key, shares in one.items()}
