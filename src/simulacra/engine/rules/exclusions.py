"""Exclusions: states of two columns that never meet.

Skip patterns, blocks of questions missing together, "none of these" against the options, and any
column of few values that is a function of another are all of this one form.
"""

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import numpy as np

from simulacra.engine.columns.arrays import Flags
from simulacra.engine.rules import cooccurrence
from simulacra.engine.rules.rule import Rule
from simulacra.engine.rules.states import PartialRows, RuleStudy, States


@dataclasses.dataclass(frozen=True, eq=False)
class Exclusion(Rule):
    """The states of two columns that never meet.

    Attributes:
        first, second: positions of the columns, first < second.
        table: bool, shape (states of first, states of second): true where the two never meet.
    """

    first: int
    second: int
    table: Flags
    kind = "exclusions"

    @classmethod
    def between(cls, position: int, other: int, table: Flags) -> Self:
        """Return the exclusion of two columns in either order; the table's rows are the first's."""
        if position < other:
            return cls(position, other, table.copy())
        return cls(other, position, table.T.copy())

    @property
    def positions(self) -> tuple[int, int]:
        """The two columns."""
        return self.first, self.second

    @functools.cached_property
    def _transposed(self) -> Flags:
        return np.ascontiguousarray(self.table.T)

    def seen_from(self, position: int) -> tuple[int, Flags]:
        """Return the other column, and the table with its states as rows."""
        if position == self.first:
            return self.second, self._transposed
        return self.first, self.table

    def forbid(self, position: int, rows: PartialRows) -> Flags | None:
        """Forbid the states that the other column's state excludes."""
        other, table = self.seen_from(position)
        return table[rows.states_of(other)] if other in rows else None

    def sentences(self, states: Sequence[States]) -> Iterator[str]:
        """Yield a function as one sentence, anything else as what never meets."""
        first, second = states[self.first], states[self.second]
        if _decides(self.table):
            yield f"{first.column.name} decides {second.column.name}"
        elif _decides(self.table.T):
            yield f"{second.column.name} decides {first.column.name}"
        else:
            yield from _meetings(first, second, self.table)

    def to_json(self) -> list[Any]:
        """Return both positions, and the cells' bits in hexadecimal digits."""
        return [self.first, self.second, np.packbits(self.table).tobytes().hex()]

    @classmethod
    def from_json(cls, document: Sequence[Any], states: Sequence[States]) -> Self:
        """Return what `to_json` wrote."""
        first, second, digits = document
        shape = (states[first].size, states[second].size)
        packed = np.frombuffer(bytes.fromhex(digits), dtype=np.uint8)
        bits = np.unpackbits(packed, count=shape[0] * shape[1])
        return cls(first, second, bits.astype(np.bool_).reshape(shape))


def merge(exclusions: Iterable[Exclusion]) -> list[Exclusion]:
    """Join the exclusions of each pair of columns into one, in the order of their first."""
    merged: dict[tuple[int, int], Exclusion] = {}
    for exclusion in exclusions:
        known = merged.setdefault(exclusion.positions, exclusion)
        if known is not exclusion:
            table = known.table | exclusion.table
            merged[exclusion.positions] = dataclasses.replace(known, table=table)
    return list(merged.values())


def learn(study: RuleStudy) -> list[Exclusion]:
    """Learn which states never meet; see `cooccurrence.excluded` for the evidence asked for."""
    tables = cooccurrence.excluded(study.states, study.coded)
    return merge(Exclusion.between(first, second, table) for first, second, table in tables)


def _decides(table: Flags) -> bool:
    """Return whether each known state of one column leaves one known state of the other."""
    possible = ~table[:-1, :-1]
    return int(possible.any(axis=0).sum()) > 1 and bool((possible.sum(axis=1) <= 1).all())


def _meetings(first: States, second: States, table: Flags) -> Iterator[str]:
    """Yield sentences for a pair of columns; each excluded cell is in one of them."""
    open_cells = table.copy()
    open_cells[-1] &= first.column.missing_share > 0
    open_cells[:, -1] &= second.column.missing_share > 0
    yield from _skips(first, second, open_cells)
    yield from _skips(second, first, open_cells.T)
    named = [state for state in range(first.size) if first.is_published(state)]
    others = [state for state in range(second.size) if second.is_published(state)]
    for state in named:
        never = " or ".join(second.name(other) for other in others if open_cells[state, other])
        if never:
            what = f"{first.column.name} is never {first.name(state)}"
            yield f"{what} with {second.column.name} {never}"
        open_cells[state, others] = False
    if open_cells.any():
        yield f"some values of {first.column.name} and {second.column.name} never meet"


def _skips(filter_column: States, skipped: States, cells: Flags) -> Iterator[str]:
    """Yield the sentence of a skip pattern, and take its cells out of those to be explained."""
    skips = cells[:, :-1].all(axis=1)
    named = [state for state in np.flatnonzero(skips).tolist() if filter_column.is_published(state)]
    is_exact = cells[:, -1] | skips
    is_exact[-1] |= filter_column.column.missing_share == 0
    if len(named) == skips.sum() > 0 and is_exact.all():
        when = " or ".join(filter_column.name(state) for state in named)
        yield f"{skipped.column.name} is missing exactly when {filter_column.column.name} is {when}"
        cells[skips], cells[:, -1] = False, False
