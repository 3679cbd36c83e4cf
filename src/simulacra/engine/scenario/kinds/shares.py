"""`categorical`: shares of the levels of a column, or of the values of a rating."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.scenario.kinds import checking
from simulacra.engine.scenario.kinds.by_column import ByColumn
from simulacra.engine.scenario.kinds.checking import Checker
from simulacra.engine.scenario.terms import Cell, Interval, Levels, Partition

MAX_VALUES = 200
"""Values of a column of whole numbers that shares can be given for."""


class Shares(ByColumn):
    """Column to level to share. Levels that are not named share the remainder."""

    member = "categorical"

    def of_column(self, check: Checker, column: Column, given: Any) -> Partition | None:  # noqa: ANN401 - of any kind
        """Return the shares of one column."""
        text = f"Give column {column.name!r} an object of level and share, with at least one level."
        if column.type.is_categorical:
            return _of_levels(check, column, check.mapping(given, text))
        if column.type is INTEGER:
            return _of_values(check, column, check.mapping(given, text))
        check.fault(
            f"Column {column.name!r} is {column.type}: give 'min' and 'max' under 'numeric', or "
            "shares of parts of its range under 'bands'."
        )
        return None

    def reshared(self, schema: Schema, given: Any, shares: Iterator[Sequence[float]]) -> Any:  # noqa: ANN401, ARG002 - of any kind
        """Return the same with other shares."""
        return {
            name: dict(zip(condition, next(shares), strict=True))
            for name, condition in given.items()
        }


def _of_levels(check: Checker, column: Column, given: Mapping[Any, Any] | None) -> Partition | None:
    if given is None:
        return None
    shares: dict[int, float] = {}
    before = len(check.faults)
    for level, share in given.items():
        here = check.at(level)
        position = here.level(column, level)
        if position is None:
            continue
        found = here.share(f"Level {level!r} of column {column.name!r}", share)
        if found is not None:
            shares[position] = found
    if len(check.faults) > before:
        return None
    is_whole = len(shares) == len(column.levels)
    checked = check.total(f"column {column.name!r}", [*shares.values()], is_whole=is_whole)
    if checked is None:
        return None
    order = [*shares]
    group = [
        order.index(position) if position in shares else len(order)
        for position in range(len(column.levels))
    ]
    return Partition(
        kind="share",
        column=column.name,
        cells=tuple(
            Cell(((column.name, Levels(frozenset({position}))),))
            for position in range(len(column.levels))
        ),
        names=column.levels,
        group_of_cell=tuple(group),
        shares=checking.remainder(checked, has_rest=not is_whole),
        named=len(order),
        among=check.among,
    )


def _of_values(check: Checker, column: Column, given: Mapping[Any, Any] | None) -> Partition | None:
    """Return shares of the values of a rating, written as texts (JSON has no other members)."""
    if given is None:
        return None
    if len(given) > MAX_VALUES:
        check.fault(
            f"Shares of {len(given)} values of column {column.name!r} are given; up to "
            f"{MAX_VALUES} can be. Give parts of its range under 'bands'."
        )
        return None
    shares: dict[int, float] = {}
    before = len(check.faults)
    least, greatest = column.bounds
    for value, share in given.items():
        here = check.at(value)
        number = _whole(value)
        where = f"Value {value!r} of column {column.name!r}"
        if number is None:
            here.fault(f"{where}: it is not a whole number, which this column holds.")
        elif not least <= number <= greatest:
            known = f"the schema's range is {column.min} to {column.max}"
            here.fault(f"{where}: it does not occur; {known}.", "condition_out_of_range")
        elif number in shares:
            here.fault(f"{where}: it is given twice.")
        elif (found := here.share(where, share)) is not None:
            shares[number] = found
    if len(check.faults) > before:
        return None
    is_whole = len(shares) == int(greatest - least) + 1
    checked = check.total(f"column {column.name!r}", [*shares.values()], is_whole=is_whole)
    if checked is None:
        return None
    return Partition(
        kind="share",
        column=column.name,
        cells=tuple(Cell(((column.name, Interval(value, value)),)) for value in shares),
        names=tuple(map(str, shares)),
        group_of_cell=tuple(range(len(shares))),
        shares=checking.remainder(checked, has_rest=not is_whole),
        named=len(shares),
        has_rest=not is_whole,
        among=check.among,
    )


def _whole(value: object) -> int | None:
    """Return a whole number that is one or is written as one."""
    try:
        number = float(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None
    return int(number) if number is not None and number.is_integer() else None


SHARES = Shares()
