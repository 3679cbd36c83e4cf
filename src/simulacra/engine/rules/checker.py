"""Checking the values of one column against the columns that have been drawn, many times over.

A column may be part of a dozen exclusions, and its values are checked again with every exchange; so
what does not change is prepared once.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Self

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats, Int32s, Int64s
from simulacra.engine.rules.exclusions import Exclusion
from simulacra.engine.rules.interval import Interval
from simulacra.engine.rules.rule import Rule
from simulacra.engine.rules.states import PartialRows, States

WIDER = 0.01
"""Part of a step by which an interval may be wider than one and still hold one value."""


@dataclasses.dataclass(frozen=True)
class ExclusionTables:
    """The states that exclude each other, of one column and its partners, laid end to end.

    Attributes:
        others: the positions of the partners.
        first: int64, by partner: where its table begins; its rows are the partner's states.
        cells: bool: the tables.
    """

    others: tuple[int, ...]
    first: Int64s
    cells: Flags

    @classmethod
    def of(cls, position: int, rules: Iterable[Rule]) -> Self:
        """Lay out the exclusions among the rules about a column."""
        seen = [rule.seen_from(position) for rule in rules if isinstance(rule, Exclusion)]
        sizes = [table.size for _, table in seen]
        return cls(
            others=tuple(other for other, _ in seen),
            first=np.cumsum([0, *sizes])[:-1],
            cells=np.concatenate([np.zeros(0, np.bool_), *(table.ravel() for _, table in seen)]),
        )


class Checker:
    """The rules about one column, and the columns that have been drawn.

    Args:
        position: of the column.
        tables: of the states that exclude each other.
        rules: the other rules about it.
        states: of every column.
        drawn: float64, shape (rows,), by position of a column that has been drawn.
        coded: int32, shape (rows,), by position: the states of drawn columns, where known already.
    """

    def __init__(
        self,
        position: int,
        tables: ExclusionTables,
        rules: Sequence[Rule],
        states: Sequence[States],
        drawn: Mapping[int, Floats],
        coded: Mapping[int, Int32s],
    ) -> None:
        self._position, self._rules, self._states = position, rules, states
        self._cells = tables.cells
        begin = []
        for other, first in zip(tables.others, tables.first.tolist(), strict=True):
            if other in drawn:
                known = coded.get(other)
                known = states[other].of(drawn[other]) if known is None else known
                begin.append(known * np.int64(states[position].size) + first)
        self._begin = np.array(begin)
        tied = {other for rule in self._rules for other in rule.positions} & drawn.keys()
        self._drawn = {other: drawn[other] for other in tied - {position}}

    @property
    def can_break(self) -> bool:
        """Whether any rule says something yet."""
        return bool(len(self._begin)) or bool(self._rules)

    def broken(self, values: Floats, rows: Int64s | None = None) -> Flags:
        """Return which values break a rule, bool, of the shape of the values.

        Args:
            values: float64: of the column.
            rows: int64: the rows that they would be in; by default all rows in their order.
        """
        states = self._states[self._position]
        coded = states.of(values)
        broken = np.zeros(len(values), dtype=np.bool_)
        if len(self._begin):
            begin = self._begin if rows is None else self._begin[:, rows]
            broken |= self._cells[begin + coded].any(axis=0)
        if self._rules:
            partial = self._partial(len(values), rows)
            for rule in self._rules:
                rule.mark_broken(self._position, coded, partial, broken)
            interval = interval_of(self._position, self._rules, partial)
            if interval is not None:
                broken |= interval.excludes(states.column, values)
        return broken

    def settled(self, rows: int) -> Floats:
        """Return the value that the rules leave to each row, float64; NaN where there are more.

        Where a rule leaves no more than one step of the grid, it is the value in the middle.
        """
        interval = interval_of(self._position, self._rules, self._partial(rows, None))
        if interval is None:
            return np.full(rows, np.nan)
        column = self._states[self._position].column
        is_bounded = np.isfinite(interval.low) & np.isfinite(interval.high)
        low, high = np.where(is_bounded, [interval.low, interval.high], np.nan)
        is_point = high - low < column.step * (1 + WIDER)
        return column.round(np.where(is_point, (low + high) / 2, np.nan))

    def _partial(self, count: int, rows: Int64s | None) -> PartialRows:
        there = self._drawn
        if rows is not None:
            there = {other: values[rows] for other, values in there.items()}
        return PartialRows(there, self._states, count)


def interval_of(position: int, rules: Iterable[Rule], rows: PartialRows) -> Interval | None:
    """Return what rules leave to a numeric column's known values; None for a categorical one."""
    if rows.states[position].column.type.is_categorical:
        return None
    interval = Interval.unbounded(rows.count)
    for rule in rules:
        rule.narrow(position, rows, interval)
    return interval
