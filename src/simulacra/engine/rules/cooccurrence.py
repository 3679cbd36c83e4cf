"""How often the states of all columns occur together, and which never do."""

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from simulacra.engine.columns.arrays import Flags, Float32s, Floats, Int32s, Int64s
from simulacra.engine.rules import evidence
from simulacra.engine.rules.states import States

MAX_COUNTED_ROWS = 100_000
"""Zeros are looked for in so many rows, and then checked in all."""
BLOCK = 1_024
"""States whose counts with all others are held at once."""
CHUNK = 20_000
"""Rows whose states are held one-hot at once."""

Table = tuple[int, int, Flags]
"""Two columns, and which of the first's states (rows) exclude which of the second's."""


@dataclasses.dataclass(frozen=True)
class _Layout:
    """All states of all columns, numbered through.

    Attributes:
        first: int64, shape (columns,): the first state of each column.
        column: int64, shape (states,): the column of each state.
        is_missing: bool, shape (states,).
        counts: float64, shape (states,): the rows in each state.
        rows: how many rows were counted.
    """

    first: Int64s
    column: Int64s
    is_missing: Flags
    counts: Floats
    rows: int

    @classmethod
    def of(cls, states: Sequence[States], coded: Int32s) -> "_Layout":
        sizes = np.array([known.size for known in states])
        first = np.cumsum(sizes) - sizes
        counts = np.bincount((coded + first).ravel(), minlength=int(sizes.sum()))
        is_missing = np.zeros(int(sizes.sum()), dtype=np.bool_)
        is_missing[first + sizes - 1] = True
        column = np.repeat(np.arange(len(sizes)), sizes)
        return cls(first, column, is_missing, counts.astype(np.float64), len(coded))

    @property
    def ends(self) -> Int64s:
        """Where each column's states begin, and where the last one's end."""
        return np.append(self.first, len(self.column))


def excluded(states: Sequence[States], coded: Int32s) -> Iterator[Table]:
    """Yield, for pairs of columns, which states exclude each other; a pair may come twice.

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
        states: of each column.
        coded: int32, shape (rows, columns): the state of each value.
    """
    number = min(len(coded), MAX_COUNTED_ROWS)
    sample = np.linspace(0, len(coded) - 1, number).astype(np.int64)
    layout = _Layout.of(states, coded[sample])
    for block, together in _count(layout, coded[sample]):
        for first, second, table in _tables(layout, block, _excluded(layout, block, together)):
            confirmed = table if number == len(coded) else _confirm(first, second, table, coded)
            if confirmed.any():
                yield first, second, confirmed


def _count(layout: _Layout, coded: Int32s) -> Iterator[tuple[slice, Float32s]]:
    """Count how often states meet: blocks of whole columns' states x all states."""
    total, edges = len(layout.column), [0]
    for start, end in itertools.pairwise(layout.ends.tolist()):
        if end - edges[-1] > BLOCK and start > edges[-1]:
            edges.append(start)
    for start, end in itertools.pairwise([*edges, total]):
        together = np.zeros((end - start, total), dtype=np.float32)
        for row in range(0, len(coded), CHUNK):
            chunk = coded[row : row + CHUNK] + layout.first
            member = np.zeros((len(chunk), total), dtype=np.float32)
            np.put_along_axis(member, chunk, 1, axis=1)
            together += member[:, start:end].T @ member
        yield slice(start, end), together


def _excluded(layout: _Layout, block: slice, together: Float32s) -> Flags:
    """Return which states of a block exclude which of all states."""
    limit = evidence.limit(len(layout.column) ** 2)
    counts, rows = layout.counts, layout.rows
    own = counts[block, None]
    result = np.zeros(together.shape, dtype=np.bool_)
    is_other = layout.column[block, None] != layout.column[None, :]
    zero = np.nonzero((together == 0) & is_other & (own > 0) & (counts > 0))
    chance = evidence.log_never_together(counts[block][zero[0]], counts[zero[1]], rows)
    result[zero] = chance <= limit
    always = np.nonzero((together == own) & is_other & (own > 0))
    chance = evidence.log_never_together(counts[block][always[0]], rows - counts[always[1]], rows)
    implied = np.zeros_like(result)
    implied[always] = chance <= limit
    decided = np.logical_or.reduceat(implied, layout.first, axis=1)[:, layout.column]
    result |= decided & ~implied
    _add_functions(layout, block, together, result)
    return result


def _add_functions(layout: _Layout, block: slice, together: Float32s, result: Flags) -> None:
    """Exclude what functions between two columns' known states leave out, in place."""
    columns = np.unique(layout.column[block])
    known = np.where(layout.is_missing, 0, together)
    known[layout.is_missing[block]] = 0
    largest = np.maximum.reduceat(known, layout.first, axis=1)
    total = np.add.reduceat(known, layout.first, axis=1)
    starts = layout.first[columns] - block.start
    pure = np.logical_and.reduceat(largest == total, starts, axis=0)
    limit = evidence.limit(len(layout.first) ** 2)
    ends = layout.ends
    for row, other in zip(*np.nonzero(pure), strict=True):
        column = columns[row]
        own = slice(ends[column] - block.start, ends[column + 1] - block.start - 1)
        cells = known[own, ends[other] : ends[other + 1] - 1]
        counts = cells.sum(axis=0).astype(np.float64)
        values, groups = int((counts > 0).sum()), int((cells.sum(axis=1) > 0).sum())
        if column == other or values < 2:
            continue
        if groups * np.log(values) - evidence.log_arrangements(counts) <= limit:
            left_out = (cells == 0) & (cells.sum(axis=1, keepdims=True) > 0)
            result[own, ends[other] : ends[other + 1] - 1] |= left_out


def _tables(layout: _Layout, block: slice, result: Flags) -> Iterator[Table]:
    """Yield the excluded cells of a block's columns, pair by pair."""
    columns = np.unique(layout.column[block])
    ends = layout.ends
    starts = layout.first[columns] - block.start
    by_column = np.logical_or.reduceat(result, layout.first, axis=1)
    has_exclusions = np.logical_or.reduceat(by_column, starts)
    for row, other in zip(*np.nonzero(has_exclusions), strict=True):
        column = int(columns[row])
        own = slice(ends[column] - block.start, ends[column + 1] - block.start)
        yield column, int(other), result[own, ends[other] : ends[other + 1]]


def _confirm(first: int, second: int, table: Flags, coded: Int32s) -> Flags:
    """Take out the cells that do occur in rows which were not counted."""
    cell = coded[:, first] * np.int64(table.shape[1]) + coded[:, second]
    seen = np.bincount(cell, minlength=table.size).reshape(table.shape) > 0
    return table & ~seen
