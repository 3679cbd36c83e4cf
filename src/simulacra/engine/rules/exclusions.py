"""Exclusions: states of two columns that never meet.

Skip patterns, blocks of questions missing together, "none of these" against the options, and any
column of few values that is a function of another are all of this one form.
"""

import dataclasses
import itertools
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from simulacra.engine.columns.encoding import Indices
from simulacra.engine.rules import evidence
from simulacra.engine.rules.states import Codes, States

MAX_COUNTED_ROWS = 100_000
"""Zeros are looked for in so many rows, and then checked in all."""

BLOCK = 1_024  # states whose counts with all others are held at once
CHUNK = 20_000  # rows whose states are held one-hot at once

Table = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Exclusions:
    """The excluded cells of all pairs of columns.

    Attributes:
        tables: by positions (one, other), one < other: bool, states of one x states of other,
            true where the two never meet.
    """

    tables: Mapping[tuple[int, int], Table]

    def __post_init__(self) -> None:
        beside: dict[int, dict[int, Table]] = {}
        for (one, other), table in self.tables.items():
            beside.setdefault(one, {})[other] = np.ascontiguousarray(table.T)
            beside.setdefault(other, {})[one] = table
        object.__setattr__(self, "_beside", beside)

    def beside(self, position: int) -> Mapping[int, Table]:
        """Return, by other column, its states x the states of a column: true where excluded."""
        found: dict[int, dict[int, Table]] = self.__dict__["_beside"]
        return found.get(position, {})

    def joined(self, more: Iterable[tuple[int, int, Table]]) -> "Exclusions":
        """Return these and other tables, each by two positions in either order."""
        tables = dict(self.tables)
        for one, other, table in more:
            _join(tables, one, other, table)
        return Exclusions(tables)

    def to_json(self) -> list[list[Any]]:
        """Return plain JSON: position, position, and the cells' bits in hexadecimal digits."""
        return [
            [one, other, np.packbits(table).tobytes().hex()]
            for (one, other), table in self.tables.items()
        ]

    @classmethod
    def from_json(cls, document: Sequence[Sequence[Any]], of: Sequence[States]) -> "Exclusions":
        """Return what `to_json` wrote.

        Raises:
            ValueError: the cells do not fit the states.
        """
        tables = {}
        for one, other, digits in document:
            shape = (of[one].size, of[other].size)
            packed = np.frombuffer(bytes.fromhex(digits), dtype=np.uint8)
            bits = np.unpackbits(packed, count=shape[0] * shape[1])
            tables[one, other] = bits.astype(np.bool_).reshape(shape)
        return cls(tables)

    def lines(self, of: Sequence[States], told: Container[tuple[int, int]]) -> Iterator[str]:
        """Return the rules in words, but for the pairs of columns that are told of elsewhere."""
        for (one, other), table in sorted(self.tables.items(), key=lambda item: item[0]):
            if (one, other) in told or (other, one) in told:
                continue
            first, second = of[one], of[other]
            if _decides(table):
                yield f"{first.column.name} decides {second.column.name}"
            elif _decides(table.T):
                yield f"{second.column.name} decides {first.column.name}"
            else:
                yield from _meetings(first, second, table)


def _decides(table: Table) -> bool:
    """Return whether each known state of one column leaves one known state of the other."""
    left = ~table[:-1, :-1]
    return int(left.any(axis=0).sum()) > 1 and bool((left.sum(axis=1) <= 1).all())


def _meetings(one: States, other: States, table: Table) -> Iterator[str]:
    """Return lines for a pair of columns; each cell is told of once."""
    left = table.copy()
    left[-1] &= one.column.missing_share > 0
    left[:, -1] &= other.column.missing_share > 0
    for first, second, cells in ((one, other, left), (other, one, left.T)):
        skipped = cells[:, :-1].all(axis=1)
        named = [code for code in np.flatnonzero(skipped).tolist() if first.is_published(code)]
        told = cells[:, -1] | skipped
        told[-1] |= first.column.missing_share == 0
        if len(named) == skipped.sum() > 0 and told.all():
            when = " or ".join(first.name(code) for code in named)
            yield f"{second.column.name} is missing exactly when {first.column.name} is {when}"
            cells[skipped], cells[:, -1] = False, False
    named = [code for code in range(one.size) if one.is_published(code)]
    shown = [code for code in range(other.size) if other.is_published(code)]
    for code in named:
        never = " or ".join(other.name(second) for second in shown if left[code, second])
        if never:
            yield f"{one.column.name} is never {one.name(code)} with {other.column.name} {never}"
        left[code, shown] = False
    if left.any():
        yield f"some values of {one.column.name} and {other.column.name} never meet"


@dataclasses.dataclass(frozen=True)
class _Layout:
    """All states of all columns, numbered through.

    Attributes:
        first: int64, by column: its first state.
        column: int64, by state: its column.
        is_missing: bool, by state.
        counts: float64, by state: rows that are in it.
        rows: that were counted.
    """

    first: Indices
    column: Indices
    is_missing: Table
    counts: npt.NDArray[np.float64]
    rows: int

    @classmethod
    def of(cls, known: Sequence[States], codes: Codes) -> "_Layout":
        sizes = np.array([one.size for one in known])
        first = np.cumsum(sizes) - sizes
        counts = np.bincount((codes + first).ravel(), minlength=int(sizes.sum()))
        is_missing = np.zeros(int(sizes.sum()), dtype=np.bool_)
        is_missing[first + sizes - 1] = True
        column = np.repeat(np.arange(len(sizes)), sizes)
        return cls(first, column, is_missing, counts.astype(np.float64), len(codes))


def learn(known: Sequence[States], codes: Codes) -> Exclusions:
    """Learn which states never meet.

    Three patterns are looked for in the counts of all pairs of states, each where a permutation
    test makes it no accident (see `evidence`):

    - two states never meet (Fisher's exact test: an expected count of about 13 for two yes-no
      questions, of 25 among 500 columns);
    - one state always comes with one of another column, which excludes the rest of that column's
      states, the rare ones too;
    - all known states of one column come with one known state of another each: of the arrangements
      of the other column's k values at most ``k ** states`` are so. Rare levels are covered too, as
      the evidence is the whole table.

    Args:
        known: the states of the columns.
        codes: of the rows, rows x columns.
    """
    places = np.linspace(0, len(codes) - 1, min(len(codes), MAX_COUNTED_ROWS)).astype(np.int64)
    layout = _Layout.of(known, codes[places])
    tables: dict[tuple[int, int], Table] = {}
    for block, together in _counted(layout, codes[places]):
        _collect(tables, layout, block, _excluded(layout, block, together))
    if len(places) < len(codes):
        tables = _checked(tables, codes)
    return Exclusions(tables)


def _counted(layout: _Layout, codes: Codes) -> Iterator[tuple[slice, Counts]]:
    """Count how often states meet: blocks of whole columns' states x all states."""
    total, edges = len(layout.column), [0]
    for start, end in itertools.pairwise([*layout.first.tolist(), total]):
        if end - edges[-1] > BLOCK and start > edges[-1]:
            edges.append(start)
    for start, end in itertools.pairwise([*edges, total]):
        together = np.zeros((end - start, total), dtype=np.float32)
        for row in range(0, len(codes), CHUNK):
            chunk = codes[row : row + CHUNK] + layout.first
            member = np.zeros((len(chunk), total), dtype=np.float32)
            np.put_along_axis(member, chunk, 1, axis=1)
            together += member[:, start:end].T @ member
        yield slice(start, end), together


def _excluded(layout: _Layout, block: slice, together: Counts) -> Table:
    """Return which states of a block exclude which of all states."""
    limit = evidence.limit(len(layout.column) ** 2)
    counts, rows = layout.counts, layout.rows
    own = counts[block, None]
    excluded = np.zeros(together.shape, dtype=np.bool_)
    is_other = layout.column[block, None] != layout.column[None, :]
    zero = np.nonzero((together == 0) & is_other & (own > 0) & (counts > 0))
    chance = evidence.log_apart(counts[block][zero[0]], counts[zero[1]], rows)
    excluded[zero] = chance <= limit
    always = np.nonzero((together == own) & is_other & (own > 0))
    chance = evidence.log_apart(counts[block][always[0]], rows - counts[always[1]], rows)
    implied = np.zeros_like(excluded)
    implied[always] = chance <= limit
    decided = np.logical_or.reduceat(implied, layout.first, axis=1)[:, layout.column]
    excluded |= decided & ~implied
    _functions(layout, block, together, excluded)
    return excluded


def _functions(layout: _Layout, block: slice, together: Counts, excluded: Table) -> None:
    """Exclude what functions between two columns' known states leave out."""
    columns = np.unique(layout.column[block])
    known = np.where(layout.is_missing, 0, together)
    known[layout.is_missing[block]] = 0
    most = np.maximum.reduceat(known, layout.first, axis=1)
    whole = np.add.reduceat(known, layout.first, axis=1)
    starts = layout.first[columns] - block.start
    pure = np.logical_and.reduceat(most == whole, starts, axis=0)
    limit = evidence.limit(len(layout.first) ** 2)
    ends = np.append(layout.first, len(layout.column))
    for place, other in zip(*np.nonzero(pure), strict=True):
        one = columns[place]
        own = slice(ends[one] - block.start, ends[one + 1] - block.start - 1)
        cells = known[own, ends[other] : ends[other + 1] - 1]
        counts = cells.sum(axis=0).astype(np.float64)
        values, groups = int((counts > 0).sum()), int((cells.sum(axis=1) > 0).sum())
        if one == other or values < 2:
            continue
        if groups * np.log(values) - evidence.log_arrangements(counts) <= limit:
            left_out = (cells == 0) & (cells.sum(axis=1, keepdims=True) > 0)
            excluded[own, ends[other] : ends[other + 1] - 1] |= left_out


def _collect(
    tables: dict[tuple[int, int], Table], layout: _Layout, block: slice, excluded: Table
) -> None:
    """Add the excluded cells of a block's columns to the tables, whichever side they come from."""
    columns = np.unique(layout.column[block])
    ends = np.append(layout.first, len(layout.column))
    starts = layout.first[columns] - block.start
    some = np.logical_or.reduceat(np.logical_or.reduceat(excluded, layout.first, axis=1), starts)
    for place, other in zip(*np.nonzero(some), strict=True):
        one, other = int(columns[place]), int(other)  # noqa: PLW2901 - plain integers as keys
        own = slice(ends[one] - block.start, ends[one + 1] - block.start)
        table = excluded[own, ends[other] : ends[other + 1]]
        _join(tables, one, other, table)


def _join(tables: dict[tuple[int, int], Table], one: int, other: int, table: Table) -> None:
    key = (min(one, other), max(one, other))
    table = table if one < other else table.T
    tables[key] = tables[key] | table if key in tables else table.copy()


def _checked(tables: dict[tuple[int, int], Table], codes: Codes) -> dict[tuple[int, int], Table]:
    """Take out the cells that do occur in rows which were not counted."""
    left = {}
    for (one, other), table in tables.items():
        cell = codes[:, one] * np.int64(table.shape[1]) + codes[:, other]
        seen = np.bincount(cell, minlength=table.size).reshape(table.shape) > 0
        if (table & ~seen).any():
            left[one, other] = table & ~seen
    return left
