"""Scenarios: what synthetic rows are to look like, checked against a schema.

A scenario's meaning is the distribution closest to the model, in Kullback-Leibler divergence, that
meets all conditions: the I-projection (Csiszár 1975).
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from simulacra.engine import errors
from simulacra.engine.columns.schema import Schema
from simulacra.engine.scenario import contradictions
from simulacra.engine.scenario.kinds import registry
from simulacra.engine.scenario.kinds.checking import Checker
from simulacra.engine.scenario.terms import Condition, Mean, Partition, Range
from simulacra.engine.words import LIBRARY, Words

Conditions = Mapping[str, Any]
"""What a caller asks for, by kind of condition: the members that `kinds.registry` lists."""


@dataclasses.dataclass(frozen=True)
class Scenario:
    """Checked conditions.

    Attributes:
        ranges: that all rows lie in, one a column at most.
        partitions: shares of levels, values, bands, combinations and options.
        means: of numbers.
    """

    ranges: tuple[Range, ...] = ()
    partitions: tuple[Partition, ...] = ()
    means: tuple[Mean, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All of them."""
        return (*self.ranges, *self.partitions, *self.means)


def parse(schema: Schema, conditions: Conditions, words: Words = LIBRARY) -> Scenario:
    """Check conditions and return the scenario.

    Args:
        schema: of the model that is to generate the rows.
        conditions: by kind; None for one stands for no conditions of the kind.
        words: what the caller calls that by which a study gets another schema.

    Raises:
        errors.ConditionError: lists every fault, with what was seen and what would be right.
    """
    faults: list[errors.FieldError] = []
    check = Checker(schema, faults, words)
    found = [
        condition
        for member, kind in registry.KINDS.items()
        if conditions.get(member) is not None
        for condition in kind.read(check.at(member), conditions[member])
    ]
    for member in conditions.keys() - registry.KINDS.keys():
        known = ", ".join(map(repr, registry.KINDS))
        check.at(member).fault(f"There are no conditions {member!r}; there are {known}.")
    scenario = Scenario(
        tuple(one for one in found if isinstance(one, Range)),
        tuple(one for one in found if isinstance(one, Partition)),
        tuple(one for one in found if isinstance(one, Mean)),
    )
    if not faults:
        contradictions.look(check, scenario.ranges, scenario.partitions, scenario.means)
    if faults:
        raise errors.ConditionError(faults)
    return scenario
