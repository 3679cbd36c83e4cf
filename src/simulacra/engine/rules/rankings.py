"""Rankings: columns next to each other that never have the same value.

A respondent who ranks options gives each rank once, and one who names a first, second and third
choice names different ones. Pair by pair and value by value, few rows prove nothing; all columns
and values together do.
"""

import dataclasses
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from simulacra.engine.cleaning.pooling import POOL
from simulacra.engine.columns.arrays import Flags, Floats, Int32s, Int64s
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.schema import Column
from simulacra.engine.rules import evidence
from simulacra.engine.rules.rule import Rule
from simulacra.engine.rules.states import PartialRows, RuleStudy, States

MIN_RANKS, MAX_RANKS = 3, 50
"""Ranks, or levels to choose from, of which a ranking has so many."""
PAIR = 2
FREE = -1
"""The value of a state that may come in several columns."""


@dataclasses.dataclass(frozen=True)
class Ranking(Rule):
    """Columns that never have the same value.

    Attributes:
        columns: positions of the columns.
        values: a number for each state of each column, the same for the same rank or level; `FREE`
            for missing, for the pool of rare levels, and for a value such as "none" that may come
            in several columns.
    """

    columns: tuple[int, ...]
    values: tuple[tuple[int, ...], ...]
    kind = "rankings"
    explains_exclusions = True

    @property
    def positions(self) -> tuple[int, ...]:
        """The columns."""
        return self.columns

    @functools.cached_property
    def _value_of(self) -> dict[int, Int64s]:
        return {
            position: np.array(values, np.int64)
            for position, values in zip(self.columns, self.values, strict=True)
        }

    def forbid(self, position: int, rows: PartialRows) -> Flags | None:
        """Forbid the values that other columns have."""
        own = self._value_of[position]
        forbidden = np.zeros((rows.count, len(own)), dtype=np.bool_)
        for theirs in self._others(position, rows):
            forbidden |= theirs[:, None] == own
        return np.asarray(forbidden & (own != FREE))

    def mark_broken(self, position: int, states: Int32s, rows: PartialRows, broken: Flags) -> None:
        """Mark the rows in which any two of the columns have one value, in place."""
        values = np.stack([self._value_of[position][states], *self._others(position, rows)])
        values.sort(axis=0)
        broken |= ((values[1:] == values[:-1]) & (values[1:] != FREE)).any(axis=0)

    def _others(self, position: int, rows: PartialRows) -> Iterator[Int64s]:
        """Yield the values of the other columns that have been drawn, int64, shape (rows,)."""
        for other in self.columns:
            if other != position and other in rows:
                yield self._value_of[other][rows.states_of(other)]

    def sentences(self, states: Sequence[States]) -> Iterator[str]:
        """Yield the columns that differ."""
        names = ", ".join(states[position].column.name for position in self.columns)
        yield f"{names} are all different"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {"positions": list(self.columns), "values": [list(each) for each in self.values]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], states: Sequence[States]) -> Self:
        """Return what `to_json` wrote."""
        columns = tuple(document["positions"])
        values = tuple(tuple(each) for each in document["values"])
        if [len(each) for each in values] != [states[position].size for position in columns]:
            raise ValueError("a ranking has a value for each state of its columns")
        return cls(columns, values)


def learn(study: RuleStudy) -> Iterator[Ranking]:
    """Learn which neighbouring columns of one scale never have the same value.

    A column joins those before it if, with its values shuffled over the rows, it would never meet
    them with a chance that is no accident (see `evidence`). One value may come in several columns,
    if it is a level or lies at an end of the ranks: "none", or 0 for what was not ranked.
    """
    columns = study.schema.columns
    limit = evidence.limit(sum(map(_has_ranks, columns)) * MAX_RANKS)
    block = _Block(study, limit)
    for position, column in enumerate(columns):
        has_ranks = _has_ranks(column)
        if not (has_ranks and block.take(position)):
            yield from block.rules()
            block = _Block(study, limit)
            if has_ranks:
                block.take(position)
    yield from block.rules()


def _has_ranks(column: Column) -> bool:
    """Tell whether a column may be one of a ranking: a few levels, or small whole numbers."""
    if column.type.is_categorical:
        return MIN_RANKS <= len(column.levels) <= MAX_RANKS
    return column.type is INTEGER and 0 <= column.bounds[0] <= column.bounds[1] <= MAX_RANKS


class _Block:
    """Columns that never have the same value so far, as they are taken one after the other."""

    def __init__(self, study: RuleStudy, limit: float) -> None:
        self._study, self._limit = study, limit
        self._positions: list[int] = []
        self._known: dict[str, int] = {}
        self._values: list[Int64s] = []
        self._free: int | None = None

    def take(self, position: int) -> bool:
        """Take a column if it belongs to the others, and tell whether it does."""
        column = self._study.schema.columns[position]
        values = self._coded(position, column)
        if not self._positions:
            self._positions, self._values = [position], [values]
            return True
        first = self._study.schema.columns[self._positions[0]]
        if first.type.is_categorical != column.type.is_categorical:
            return False
        tied = {int(v) for before in self._values for v in np.unique(values[before == values])}
        tied -= {FREE, self._free}
        if len(tied) + (self._free is not None) > 1:
            return False
        free = next(iter(tied), self._free)
        if self._log_chance(values, free) > self._limit:
            return False
        self._free = free
        self._positions.append(position)
        self._values.append(values)
        return True

    def _coded(self, position: int, column: Column) -> Int64s:
        """Return a number for each value of a column, the same as that of an equal one."""
        values = self._study.values[:, position]
        if not column.type.is_categorical:
            return np.where(np.isnan(values), FREE, values).astype(np.int64)
        ids = [FREE if level == POOL else self._known.setdefault(level, len(self._known))
               for level in column.levels]  # fmt: skip
        return np.append(ids, FREE)[np.where(np.isnan(values), len(ids), values).astype(np.int64)]

    def _log_chance(self, values: Int64s, free: int | None) -> float:
        """Return the log chance that shuffled values would never meet those of the others."""
        before = np.stack(self._values)
        chance = 0.0
        for value in np.unique(values):
            if value not in (FREE, free):
                there = int((before == value).any(axis=0).sum())
                own = int((values == value).sum())
                chance += float(evidence.log_never_together(there, own, len(values)))
        return chance

    def rules(self) -> Iterator[Ranking]:
        """Yield the ranking, if it is one."""
        if len(self._positions) < PAIR or not self._is_of_ranks():
            return
        yield Ranking(
            tuple(self._positions),
            tuple(self._by_state(position) for position in self._positions),
        )

    def _is_of_ranks(self) -> bool:
        """Tell whether the columns are of one scale.

        Numbers are ranks from 1, at most one of them left out, in three columns. Of two columns of
        levels, one has all levels of the other.
        """
        columns = [self._study.schema.columns[position] for position in self._positions]
        if columns[0].type.is_categorical:
            first, second = ({*column.levels} - {POOL} for column in columns[:2])
            return len(columns) > PAIR or first <= second or second <= first
        present = {int(v) for values in self._values for v in np.unique(values)} - {FREE}
        ranks = present - {self._free}
        is_end = self._free is None or self._free in (min(present), max(present))
        return (
            len(self._positions) >= MIN_RANKS
            and is_end
            and len(ranks) >= MIN_RANKS
            and ranks == set(range(1, len(ranks) + 1))
        )

    def _by_state(self, position: int) -> tuple[int, ...]:
        """Return the value of each state; that of other numbers if there is only one of them."""
        states = self._study.states[position]
        column = states.column
        if column.type.is_categorical:
            listed = [FREE if level == POOL else self._known[level] for level in column.levels]
        else:
            points: Floats = states.points
            own = self._values[self._positions.index(position)]
            others = sorted({*np.unique(own).tolist()} - {FREE} - {*points.astype(int).tolist()})
            listed = [*points.astype(int).tolist(), others[0] if len(others) == 1 else FREE]
        return (*(FREE if value == self._free else value for value in listed), FREE)
