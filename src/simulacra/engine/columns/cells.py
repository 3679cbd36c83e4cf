"""What the value of each respondent may be emitted as, and what of that lies in a range.

Emitting the value itself would disclose it. A number that enough respondents share is emitted as
it stands; any other is drawn from a cell around it.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from simulacra.engine import disclosure
from simulacra.engine.columns.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulacra.engine.columns.arrays import Flags, Floats
    from simulacra.engine.columns.facts import ColumnFacts
    from simulacra.engine.columns.increments import Increment

    HabitFinder = Callable[[Floats], Increment | None]

BLUR = 1 / 40
"""Half the width of the cell of an outermost number, in lengths of the scale."""

NEIGHBOURS, GAP = 8, 10.0
"""A range between two values is served by them if their gap is at most so many times the median of
the gaps beside it, up to so many on either side and at least so many in all. Where values lie at
random, 1 % of the points of the scale lie in a wider gap."""


@dataclasses.dataclass(frozen=True)
class Cells:
    """The interval that each respondent's number is drawn from.

    A value that enough respondents share is a point, `low` = `high`. The cell of any other reaches
    as far to both sides as its nearest neighbour, which keeps means and bridges no gaps. The
    outermost ones reach over a `BLUR` of the scale or, on a calendar, over the values next to the
    bound.

    Attributes:
        low, high: float64, shape (rows,); NaN for a missing value.
        habit: the pattern that most respondents keep to but not all; None without one.
        follows: bool, shape (rows,): the respondents who do.
    """

    low: Floats
    high: Floats
    habit: Increment | None
    follows: Flags

    def draw(self, column: ColumnFacts, rows: np.ndarray, rng: np.random.Generator) -> Floats:
        """Draw a value from the cells of some respondents, float64, one a row number."""
        low, high = self.low[rows], self.high[rows]
        values = column.round(low + rng.random(low.shape) * (high - low))
        values = self.as_usual(column, rows, values, *column.bounds)
        return np.where(low == high, low, values)

    def as_usual(
        self, column: ColumnFacts, rows: np.ndarray, values: Floats, first: float, last: float
    ) -> Floats:
        """Return values with those of respondents who keep to a pattern moved onto it.

        Args:
            column: whose values they are.
            rows: int64: the respondents.
            values: float64, one a respondent.
            first: the least value that may be emitted.
            last: the greatest one.
        """
        if self.habit is None:
            return values
        usual = column.to_grid(self.habit.nearest(values))
        fits = self.follows[rows] & (usual >= first) & (usual <= last)
        return np.where(fits, usual, values)


@dataclasses.dataclass(frozen=True)
class Window:
    """The parts of cells that lie in a range.

    Attributes:
        first, last: the smallest and largest value on the grid that may be emitted.
        mass: float64, shape (rows,): the part of a respondent's cell that lies in the range.
        low, high: float64, shape (rows,): the ends of that part.
        inside: bool, shape (rows,): whether the respondent's own value lies in the range.
        cells: that were cut.
    """

    first: float
    last: float
    mass: Floats
    low: Floats
    high: Floats
    inside: Flags
    cells: Cells

    def draw(self, column: ColumnFacts, rows: np.ndarray, rng: np.random.Generator) -> Floats:
        """Draw a value from the windows of some respondents, float64, one a row number."""
        low, high = self.low[rows], self.high[rows]
        values = low + rng.random(len(rows)) * (high - low)
        ends = np.array([self.first, self.last])
        holds_values_in_use = np.array_equal(column.round(ends), ends)
        values = column.round(values) if holds_values_in_use else column.to_grid(values)
        values = self.cells.as_usual(column, rows, values, self.first, self.last)
        return np.clip(np.where(low == high, low, values), self.first, self.last)


def around(column: ColumnFacts, values: Floats, habit: HabitFinder) -> Cells:
    """Return the cells of a numeric column's values.

    Args:
        column: whose values they are.
        values: float64, shape (rows,).
        habit: takes the different values, and returns the pattern that most keep to; not asked
            where all keep to one.
    """
    known = values[~np.isnan(values)]
    distinct, inverse, counts = np.unique(known, return_inverse=True, return_counts=True)
    first, last = column.bounds
    blur = max(BLUR * (last - first), column.step)
    gaps = np.concatenate([[blur], np.diff(distinct), [blur]])
    nearest = np.minimum(gaps[1:], gaps[:-1])
    radius = np.where(counts >= disclosure.THRESHOLD, 0.0, nearest)
    low = np.clip(distinct - radius, first, last)
    high = np.clip(distinct + radius, first, last)
    ordered = np.sort(known)
    beside = min(2 * disclosure.THRESHOLD, len(ordered))
    high = np.where(distinct < first, np.clip(ordered[beside - 1], first, last), high)
    low = np.where(distinct > last, np.clip(ordered[-beside], first, last), low)
    usual = habit(distinct) if column.increment is None else None
    follows = np.zeros(len(values), dtype=np.bool_)
    if usual is not None:
        follows[~np.isnan(values)] = usual.holds(distinct)[inverse]
    cells = Cells(np.full(len(values), np.nan), np.full(len(values), np.nan), usual, follows)
    cells.low[~np.isnan(values)] = low[inverse]
    cells.high[~np.isnan(values)] = high[inverse]
    return cells


def window(column: ColumnFacts, values: Floats, cells: Cells, first: float, last: float) -> Window:
    """Cut the cells of a column's values to a range.

    A range in which nobody's value lies is empty, unless it lies between two neighbours of a dense
    scale; then the cells that reach into it serve it, or the nearest ones: interpolation.
    """
    half = column.step / 2
    low = np.clip(cells.low, first - half, last + half)
    high = np.clip(cells.high, first - half, last + half)
    width = cells.high - cells.low
    is_covered = (cells.low >= first) & (cells.high <= last)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(width == 0, is_covered.astype(np.float64), (high - low) / width)
    mass = np.nan_to_num(part, nan=0.0)
    inside = (values >= first) & (values <= last)
    if not inside.any():
        if not _is_dense(values, first, last):
            mass = np.zeros_like(mass)
        elif not mass.any():
            mass = _nearest(cells, first, last)
            low, high = np.full_like(low, first), np.full_like(high, last)
    return Window(*_on_grid(column, first, last), mass, low, high, inside, cells)


def _on_grid(column: ColumnFacts, first: float, last: float) -> tuple[float, float]:
    """Return the ends moved inwards onto values in use; a range between two of them is kept."""
    if column.increment is not None:
        ends = np.array([first, last])
        above, below = column.increment.at_or_above(ends), column.increment.at_or_below(ends)
        if above[0] <= below[1]:
            return float(above[0]), float(below[1])
    step = column.step
    grid = np.round(np.array([first, last]) / step) + np.array([[-1, 0, 1]]).T
    points = column.to_grid(grid * step)  # by division alone 0.3 is not on the grid of 0.1
    inner_first = float(points[points[:, 0] >= first, 0].min())
    inner_last = float(points[points[:, 1] <= last, 1].max())
    return (inner_first, inner_last) if inner_first <= inner_last else (first, last)


def _is_dense(values: Floats, first: float, last: float) -> bool:
    """Tell whether the values around a range are hardly nearer to each other than across it."""
    distinct = np.unique(values[~np.isnan(values)])
    above = int(np.searchsorted(distinct, first))
    if above in {0, len(distinct)} or distinct[above] <= last:
        return False
    gaps = np.diff(distinct)
    around = np.r_[gaps[max(0, above - 1 - NEIGHBOURS) : above - 1], gaps[above:][:NEIGHBOURS]]
    return len(around) >= NEIGHBOURS and gaps[above - 1] <= GAP * float(np.median(around))


def _nearest(cells: Cells, first: float, last: float) -> Floats:
    """Give mass to the respondents whose cells are next to the range, on either side."""
    below = np.where(cells.high < first, cells.high, -np.inf)
    above = np.where(cells.low > last, cells.low, np.inf)
    near = (below == below.max()) & np.isfinite(below)
    near |= (above == above.min()) & np.isfinite(above)
    return np.asarray(near, dtype=np.float64)
