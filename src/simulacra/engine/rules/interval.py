"""What the rules leave open for the known values of a numeric column, row by row."""

import dataclasses

import numpy as np
import numpy.typing as npt

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.columns.schema import Column

SLACK = 1e-6
"""Of a step of the column's grid: what arithmetic on floats may add."""


@dataclasses.dataclass
class Interval:
    """Bounds on the known values of a column, narrowed by one rule after the other.

    Attributes:
        low, high: float64, shape (rows,).
    """

    low: Floats
    high: Floats

    @classmethod
    def unbounded(cls, rows: int) -> "Interval":
        """Return bounds that bound nothing."""
        return cls(np.full(rows, -np.inf), np.full(rows, np.inf))

    def narrow(self, low: npt.ArrayLike, high: npt.ArrayLike) -> None:
        """Narrow to another interval; NaN bounds nothing."""
        self.low = np.fmax(self.low, low)
        self.high = np.fmin(self.high, high)

    def excludes(self, column: Column, values: Floats) -> Flags:
        """Return which values lie outside, bool, shape (rows,); missing ones never do."""
        slack = SLACK * column.step
        return np.asarray((values < self.low - slack) | (values > self.high + slack))

    def clip(self, column: Column, values: Floats) -> Floats:
        """Return values moved into the interval, onto values in use where one lies inside.

        Otherwise they are moved onto the grid where a point of it lies inside.
        """
        step = column.step
        slack = SLACK * step
        clipped = np.minimum(np.maximum(values, self.low), self.high)  # NaN stays
        on_grid = column.to_grid(clipped)
        is_below = on_grid < self.low - slack
        on_grid = np.where(is_below, column.to_grid(on_grid + step), on_grid)
        on_grid = np.where(on_grid > self.high + slack, column.to_grid(on_grid - step), on_grid)
        if column.increment is None:
            return on_grid
        least = column.increment.at_or_above(np.fmax(self.low - slack, column.bounds[0]))
        most = column.increment.at_or_below(np.fmin(self.high + slack, column.bounds[1]))
        in_use = column.to_grid(np.clip(column.increment.nearest(clipped), least, most))
        return np.where(least <= most, in_use, on_grid)
