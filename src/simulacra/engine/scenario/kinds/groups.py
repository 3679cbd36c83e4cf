"""`groups`: conditions that hold among some of the rows, such as those who know a brand."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulacra.engine.columns.schema import Column
from simulacra.engine.scenario.kinds.bands import BANDS
from simulacra.engine.scenario.kinds.checking import Checker
from simulacra.engine.scenario.kinds.joint import JOINT
from simulacra.engine.scenario.kinds.kind import Kind
from simulacra.engine.scenario.kinds.means import MEANS
from simulacra.engine.scenario.kinds.options import OPTIONS
from simulacra.engine.scenario.kinds.shares import SHARES
from simulacra.engine.scenario.terms import Cell, Condition, Group, Interval, Levels

MAX_GROUPS = 50
WITHIN: Sequence[Kind] = (SHARES, MEANS, BANDS, JOINT, OPTIONS)
"""The kinds that may hold among some rows only."""
FORM = "Give each group an object with 'where', and with conditions that hold among those rows."


class Groups(Kind):
    """A list of ``{"where": {...}, ...}`` with conditions of the other kinds.

    ``where`` has for each column a level, a list of levels, or ``{"min": ..., "max": ...}``; a row
    is in the group that meets all of them.
    """

    member = "groups"
    can_be_among = False

    def read(self, check: Checker, given: Any) -> Iterator[Condition]:  # noqa: ANN401 - of any kind
        """Yield the conditions of each group."""
        if not isinstance(given, Sequence) or isinstance(given, str | bytes):
            check.fault(f"Give {self.member!r} as a list of objects with 'where' and conditions.")
            return
        if len(given) > MAX_GROUPS:
            check.fault(f"There are {len(given)} groups; up to {MAX_GROUPS} can be given.")
            return
        for index, one in enumerate(given):
            yield from _of_group(check.at(index), one)


def _of_group(check: Checker, given: object) -> Iterator[Condition]:
    kinds = {kind.member: kind for kind in WITHIN}
    if not isinstance(given, Mapping) or "where" not in given or len(given) < 2:
        check.fault(FORM)
        return
    for member in given:
        if member not in {"where", *kinds}:
            right = ", ".join(map(repr, kinds))
            check.at(member).fault(f"A group has no conditions {member!r}. {FORM} It has {right}.")
    group = _group(check.at("where"), given["where"])
    if group is None:
        return
    among = dataclasses.replace(check, among=group)
    for member, kind in kinds.items():
        if member in given:
            yield from kind.read(among.at(member), given[member])


def _group(check: Checker, given: object) -> Group | None:
    asked = check.mapping(given, "Give 'where' an object of column and level, levels or range.")
    if asked is None:
        return None
    tests: list[tuple[str, Levels | Interval]] = []
    texts = []
    before = len(check.faults)
    for name, wanted in asked.items():
        here = check.at(name)
        column = here.column(name)
        if column is None:
            continue
        found: tuple[Levels | Interval, str] | None
        if column.type.is_categorical:
            found = _levels(here, column, wanted)
        else:
            found = _interval(here, column, wanted)
        if found is not None:
            tests.append((name, found[0]))
            texts.append(f"{name} {found[1]}")
    if len(check.faults) > before:
        return None
    return Group(Cell(tuple(tests)), " and ".join(texts))


def _levels(check: Checker, column: Column, wanted: object) -> tuple[Levels, str] | None:
    text = f"Column {column.name!r} is {column.type}: give one of its levels, or a list of them."
    listed = [wanted] if isinstance(wanted, str) else check.items(wanted, text)
    if listed is None:
        return None
    positions = [check.level(column, level) for level in listed]
    if any(position is None for position in positions):
        return None
    known = frozenset(position for position in positions if position is not None)
    return Levels(known), f"= {' or '.join(map(str, listed))}"


def _interval(check: Checker, column: Column, wanted: object) -> tuple[Interval, str] | None:
    if not isinstance(wanted, Mapping) or not set(wanted) <= {"min", "max"}:
        check.fault(f"Column {column.name!r} is {column.type}: give 'min' and 'max' for it.")
        return None
    span = check.span(f"Range of column {column.name!r}", column, wanted)
    return None if span is None else (Interval(*span), f"{wanted['min']} to {wanted['max']}")


GROUPS = Groups()
