"""The states of a column: what rules between columns are about.

A category's states are its levels. A number's are the values that many rows share, such as the 0 of
"hours worked", and 'any other number'. Missing is a state of every column, always the last one.

Rules are about what is generated, and rows beyond a published bound are generated next to it.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from simulacra.engine.columns import encoding
from simulacra.engine.columns.encoding import Floats
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.model import coding

Codes = npt.NDArray[np.int32]

HEAVY_SHARE = 0.01
"""Share of the rows from which on one value of a long scale is a state of its own."""


@dataclasses.dataclass(frozen=True)
class States:
    """The states of one column.

    Attributes:
        column: whose states they are.
        points: float64, of a number: the values that are states of their own, in order.
    """

    column: Column
    points: Floats

    @classmethod
    def of(cls, column: Column, values: Floats) -> "States":
        """Return the states that a column of seed values has.

        On a short scale every value that may be emitted as it stands is a state, on a long one
        those of at least `HEAVY_SHARE` of the rows.
        """
        if column.type.is_categorical:
            return cls(column, np.empty(0))
        known = np.clip(values[~np.isnan(values)], *encoding.bounds(column))
        distinct, counts = np.unique(known, return_counts=True)
        least: float = encoding.VERBATIM_ROWS
        if len(distinct) > coding.FEW_CODES:
            least = max(least, HEAVY_SHARE * len(known))
        return cls(column, distinct[counts >= least])

    @property
    def missing(self) -> int:
        """The code of 'missing'."""
        return len(self.column.levels) or len(self.points) + 1

    @property
    def size(self) -> int:
        """The number of states."""
        return self.missing + 1

    def codes(self, values: Floats) -> Codes:
        """Return the state of each value; one beyond the published bounds is taken as the bound."""
        if self.column.type.is_categorical:
            return encoding.level_codes(values, self.missing).astype(np.int32)
        values = np.clip(values, *encoding.bounds(self.column))
        other = len(self.points)
        if other == 0:
            return np.where(np.isnan(values), self.missing, other).astype(np.int32)
        place = np.minimum(np.searchsorted(self.points, values), other - 1)
        place = np.where(self.points[place] == values, place, other)
        return np.where(np.isnan(values), self.missing, place).astype(np.int32)

    def is_published(self, code: int) -> bool:
        """Return whether a state can be named: a level or missing, but never a number."""
        return self.column.type.is_categorical or code == self.missing

    def name(self, code: int) -> str:
        """Return a state that is published in words."""
        return "missing" if code == self.missing else repr(self.column.levels[code])


def of_all(schema: Schema, values: Floats) -> tuple[States, ...]:
    """Return the states of every column."""
    return tuple(
        States.of(column, values[:, position]) for position, column in enumerate(schema.columns)
    )


def coded(states: Sequence[States], values: Floats) -> Codes:
    """Return the states of whole rows, rows x columns."""
    codes = np.empty(values.shape, dtype=np.int32)
    for position, one in enumerate(states):
        codes[:, position] = one.codes(values[:, position])
    return codes
