"""The states of a column: what rules between columns are about.

A category's states are its levels. A number's are the values that many rows share, such as the 0 of
"hours worked", and 'any other number'. Missing is a state of every column, always the last one.

Rules are about what is generated, and rows beyond a published bound are generated next to it.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from simulacra.engine import disclosure
from simulacra.engine.columns import tree_codes
from simulacra.engine.columns.arrays import Floats, Int32s
from simulacra.engine.columns.schema import Column, Schema

HEAVY_SHARE = 0.01
"""Share of the rows from which on one value of a long scale is a state of its own."""


@dataclasses.dataclass(frozen=True)
class States:
    """The states of one column.

    Attributes:
        column: whose states they are.
        points: float64: of a number, the values that are states of their own, in order.
    """

    column: Column
    points: Floats

    @classmethod
    def learn(cls, column: Column, values: Floats) -> "States":
        """Return the states that a column of a study has.

        On a short scale every value that may be emitted as it stands is a state, on a long one
        those of at least `HEAVY_SHARE` of the rows, and zero, which means that there is nothing.
        """
        if column.type.is_categorical:
            return cls(column, np.empty(0))
        known = np.clip(values[~np.isnan(values)], *column.bounds)
        distinct, counts = np.unique(known, return_counts=True)
        is_state = counts >= disclosure.THRESHOLD
        if len(distinct) > tree_codes.MAX_COARSE:
            is_state &= (counts >= HEAVY_SHARE * len(known)) | (distinct == 0)
        return cls(column, distinct[is_state])

    @property
    def missing(self) -> int:
        """The state 'missing'."""
        return len(self.column.levels) or len(self.points) + 1

    @property
    def size(self) -> int:
        """The number of states."""
        return self.missing + 1

    def of(self, values: Floats) -> Int32s:
        """Return the state of each value; what is beyond a published bound is at the bound."""
        if self.column.type.is_categorical:
            return np.where(np.isnan(values), self.missing, values).astype(np.int32)
        values = np.clip(values, *self.column.bounds)
        other = len(self.points)
        if other == 0:
            return np.where(np.isnan(values), self.missing, other).astype(np.int32)
        nearest = np.minimum(np.searchsorted(self.points, values), other - 1)
        state = np.where(self.points[nearest] == values, nearest, other)
        return np.where(np.isnan(values), self.missing, state).astype(np.int32)

    def is_published(self, state: int) -> bool:
        """Return whether a state can be named: a level or missing, but never a number."""
        return self.column.type.is_categorical or state == self.missing

    def name(self, state: int) -> str:
        """Return a state that is published in words."""
        return "missing" if state == self.missing else repr(self.column.levels[state])


@dataclasses.dataclass(frozen=True)
class RuleStudy:
    """A study as rules are learned from it.

    Attributes:
        schema: its columns.
        values: float64, shape (rows, columns).
        states: of each column.
        coded: int32, shape (rows, columns): the state of each value.
    """

    schema: Schema
    values: Floats
    states: tuple[States, ...]
    coded: Int32s

    @classmethod
    def of(cls, schema: Schema, values: Floats) -> "RuleStudy":
        """Find the states of every column."""
        states = tuple(
            States.learn(column, values[:, position])
            for position, column in enumerate(schema.columns)
        )
        coded = np.empty(values.shape, dtype=np.int32)
        for position, known in enumerate(states):
            coded[:, position] = known.of(values[:, position])
        return cls(schema, values, states, coded)


@dataclasses.dataclass(frozen=True)
class PartialRows:
    """Synthetic rows of which some columns have been drawn.

    Attributes:
        values: float64, shape (rows,), by position of a column that has been drawn.
        states: of every column.
        count: how many rows there are.
    """

    values: Mapping[int, Floats]
    states: Sequence[States]
    count: int

    def __contains__(self, position: object) -> bool:
        """Tell whether a column has been drawn."""
        return position in self.values

    def column(self, position: int) -> Column:
        """Return a column, drawn or not."""
        return self.states[position].column

    def states_of(self, position: int, among: "slice | np.ndarray" = slice(None)) -> Int32s:
        """Return the states of a column, int32, in all rows or among some."""
        return self.states[position].of(self.values[position][among])
