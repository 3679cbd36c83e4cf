"""What the rules leave open for the values of one column, row by row."""

import dataclasses

import numpy as np
import numpy.typing as npt

from simulacra.engine.columns import encoding
from simulacra.engine.columns.encoding import Floats
from simulacra.engine.columns.schema import Column

SLACK = 1e-6
"""Of a step of the column's grid: what arithmetic on floats may add."""


@dataclasses.dataclass
class Interval:
    """Bounds on the known values of a column, narrowed by one rule after the other.

    Attributes:
        low, high: float64, one a row.
    """

    low: Floats
    high: Floats

    @classmethod
    def of(cls, rows: int) -> "Interval":
        """Return bounds that bound nothing."""
        return cls(np.full(rows, -np.inf), np.full(rows, np.inf))

    def narrow(self, low: npt.ArrayLike, high: npt.ArrayLike) -> None:
        """Narrow to another interval; NaN bounds nothing."""
        self.low = np.fmax(self.low, low)
        self.high = np.fmin(self.high, high)

    def excludes(self, column: Column, values: Floats) -> npt.NDArray[np.bool_]:
        """Return which values lie outside; missing ones never do."""
        slack = SLACK * encoding.step(column)
        return np.asarray((values < self.low - slack) | (values > self.high + slack))

    def clip(self, column: Column, values: Floats) -> Floats:
        """Return values moved into the interval, onto the grid where a point of it lies inside."""
        step = encoding.step(column)
        clipped = np.minimum(np.maximum(values, self.low), self.high)  # NaN stays
        made = encoding.rounded(column, clipped)
        slack = SLACK * step
        made = np.where(made < self.low - slack, encoding.rounded(column, made + step), made)
        return np.where(made > self.high + slack, encoding.rounded(column, made - step), made)
