"""`joint`: shares of combinations of several columns."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.scenario.kinds import checking
from simulacra.engine.scenario.kinds.checking import Checker
from simulacra.engine.scenario.kinds.kind import Kind
from simulacra.engine.scenario.terms import Cell, Interval, Levels, Partition

MAX_CELLS = 400
CROSSED = " × "  # noqa: RUF001 - columns that are crossed are written with this sign
MIN_COLUMNS, MAX_COLUMNS = 2, 6
FORM = (
    "Give an object with 'columns', a list of two or more names, and 'shares', a list of objects "
    "with 'cell' and 'share'."
)
Part = Levels | Interval


class Joint(Kind):
    """A list of ``{"columns": [...], "shares": [{"cell": [...], "share": ...}, ...]}``.

    A cell has a level for each categorical column, and ``{"min": ..., "max": ...}`` for each other.
    Combinations that are in no cell share the remainder.
    """

    member = "joint"

    def read(self, check: Checker, given: Any) -> Iterator[Partition]:  # noqa: ANN401 - of any kind
        """Yield the shares of each list of columns."""
        if not isinstance(given, Sequence) or isinstance(given, str | bytes):
            check.fault(f"Give {self.member!r} as a list of objects with 'columns' and 'shares'.")
            return
        for index, one in enumerate(given):
            found = _of_columns(check.at(index), one)
            if found is not None:
                yield found

    def reshared(self, schema: Schema, given: Any, shares: Iterator[Sequence[float]]) -> Any:  # noqa: ANN401, ARG002 - of any kind
        """Return the same with other shares."""
        return [
            {
                **one,
                "shares": [
                    {**cell, "share": share}
                    for cell, share in zip(one["shares"], next(shares), strict=True)
                ],
            }
            for one in given
        ]


def _of_columns(check: Checker, given: object) -> Partition | None:
    if not isinstance(given, Mapping) or set(given) != {"columns", "shares"}:
        check.fault(FORM)
        return None
    columns = _columns(check.at("columns"), given["columns"])
    cells = check.at("shares").items(given["shares"], FORM)
    if columns is None or cells is None:
        return None
    if len(cells) > MAX_CELLS:
        check.at("shares").fault(f"There are {len(cells)} cells; up to {MAX_CELLS} can be given.")
        return None
    before = len(check.faults)
    read = [_cell(check.at("shares", index), columns, cell) for index, cell in enumerate(cells)]
    known = [cell for cell in read if cell is not None]
    if len(check.faults) > before or _overlap(check, columns, known):
        return None
    what = " and ".join(repr(column.name) for column in columns)
    is_whole = _is_whole(columns, len(known))
    shares = [share for _, share in known]
    checked = check.total(f"columns {what} together", shares, is_whole=is_whole)
    if checked is None:
        return None
    return Partition(
        kind="joint",
        column=CROSSED.join(column.name for column in columns),
        cells=tuple(_as_cell(columns, parts) for parts, _ in known),
        names=tuple(_name(columns, parts) for parts, _ in known),
        group_of_cell=tuple(range(len(known))),
        shares=checking.remainder(checked, has_rest=not is_whole),
        named=len(known),
        has_rest=not is_whole,
        among=check.among,
    )


def _columns(check: Checker, given: object) -> list[Column] | None:
    names = check.items(given, FORM)
    if names is None:
        return None
    found = [check.at(index).column(name) for index, name in enumerate(names)]
    columns = [column for column in found if column is not None]
    if len(columns) < len(found):
        return None
    if len({column.name for column in columns}) < len(columns):
        check.fault("A column is named twice; name each column once.")
        return None
    if not MIN_COLUMNS <= len(columns) <= MAX_COLUMNS:
        check.fault(f"Name {MIN_COLUMNS} to {MAX_COLUMNS} columns, not {len(columns)}.")
        return None
    return columns


def _cell(
    check: Checker, columns: list[Column], given: object
) -> tuple[tuple[Part, ...], float] | None:
    """Return what each column is in, and the share."""
    if not isinstance(given, Mapping) or set(given) != {"cell", "share"}:
        check.fault(FORM)
        return None
    here = check.at("cell")
    listed = here.items(given["cell"], "Give 'cell' as a list with one entry for each column.")
    if listed is None:
        return None
    if len(listed) != len(columns):
        here.fault(f"The cell has {len(listed)} entries for {len(columns)} columns.")
        return None
    parts = [
        _part(here.at(index), column, entry)
        for index, (column, entry) in enumerate(zip(columns, listed, strict=True))
    ]
    share = check.at("share").share("Cell", given["share"])
    known = tuple(part for part in parts if part is not None)
    return None if share is None or len(known) < len(parts) else (known, share)


def _part(check: Checker, column: Column, entry: object) -> Part | None:
    if column.type.is_categorical:
        position = check.level(column, entry)
        return None if position is None else Levels(frozenset({position}))
    if not isinstance(entry, Mapping) or not set(entry) <= {"min", "max"}:
        check.fault(
            f"Column {column.name!r} is {column.type}: give an object with 'min' and 'max' for it."
        )
        return None
    span = check.span(f"Range of column {column.name!r}", column, entry)
    return None if span is None else Interval(*span)


def _overlap(
    check: Checker, columns: list[Column], cells: list[tuple[tuple[Part, ...], float]]
) -> bool:
    """Note cells that share rows."""
    for index, (parts, _) in enumerate(cells):
        for earlier, _ in cells[:index]:
            if all(_meet(one, other) for one, other in zip(parts, earlier, strict=True)):
                check.at("shares", index, "cell").fault(
                    f"The cells {_name(columns, earlier)} and {_name(columns, parts)} overlap. Let "
                    "each combination lie in one cell."
                )
                return True
    return False


def _meet(one: Part, other: Part) -> bool:
    """Tell whether a value lies in both."""
    if isinstance(one, Levels) and isinstance(other, Levels):
        return bool(one.positions & other.positions)
    if isinstance(one, Interval) and isinstance(other, Interval):
        return one.first <= other.last and other.first <= one.last
    return False


def _is_whole(columns: list[Column], cells: int) -> bool:
    """Tell whether every combination is in a cell: of levels; parts of ranges are not looked at."""
    if not all(column.type.is_categorical for column in columns):
        return False
    return cells == math.prod(len(column.levels) for column in columns)


def _as_cell(columns: list[Column], parts: Sequence[Part]) -> Cell:
    names = [column.name for column in columns]
    return Cell(tuple(zip(names, parts, strict=True)))


def _name(columns: list[Column], parts: Sequence[Part]) -> str:
    return CROSSED.join(_text(column, part) for column, part in zip(columns, parts, strict=True))


def _text(column: Column, part: Part) -> str:
    if isinstance(part, Levels):
        return " or ".join(column.levels[position] for position in sorted(part.positions))
    ends = (column.type.to_bound(part.first), column.type.to_bound(part.last))
    return " to ".join(map(str, ends))


JOINT = Joint()
