"""What a seed row's value may be emitted as, and generated values as Arrow arrays.

A study is a float64 matrix (see `cleaning.clean.Study`): a category is the position of its level, a
date days and a time microseconds since 1970, a missing value NaN.
"""

import dataclasses

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.columns.schema import Column, ColumnType, point
from simulacra.engine.scenario.conditions import Range

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

VERBATIM_ROWS = 5
"""A number is emitted as it stands only if so many seed rows share it."""
BLUR = 1 / 40
"""How far around it an outermost number is drawn, in lengths of the scale."""

SECOND = 1e6  # microseconds


def level_codes(values: Floats, levels: int) -> Indices:
    """Return the position of each value's level, and `levels` for a missing value."""
    return np.where(np.isnan(values), levels, values).astype(np.int64)


@dataclasses.dataclass(frozen=True)
class Cells:
    """What each seed row can emit of a number: the row's own neighbourhood.

    A value that `VERBATIM_ROWS` rows share is a point, `low` = `high`. Any other is drawn from as
    far around it as its nearest neighbour, which keeps means and bridges no gaps; the outermost
    ones from a `BLUR` of the scale or, on a calendar, from the stretch next to the bound.

    Attributes:
        low, high: float64, one a seed row; NaN for a missing value.
    """

    low: Floats
    high: Floats


def cells(column: Column, values: Floats) -> Cells:
    """Return the cells of a numeric column."""
    known = values[~np.isnan(values)]
    distinct, inverse, counts = np.unique(known, return_inverse=True, return_counts=True)
    first, last = bounds(column)
    blur = max(BLUR * (last - first), step(column))
    gaps = np.concatenate([[blur], np.diff(distinct), [blur]])
    radius = np.where(counts >= VERBATIM_ROWS, 0.0, np.minimum(gaps[1:], gaps[:-1]))
    low = np.clip(distinct - radius, first, last)
    high = np.clip(distinct + radius, first, last)
    ordered = np.sort(known)
    beside = min(2 * VERBATIM_ROWS, len(ordered))
    high = np.where(distinct < first, np.clip(ordered[beside - 1], first, last), high)
    low = np.where(distinct > last, np.clip(ordered[-beside], first, last), low)
    made = Cells(np.full(len(values), np.nan), np.full(len(values), np.nan))
    made.low[~np.isnan(values)] = low[inverse]
    made.high[~np.isnan(values)] = high[inverse]
    return made


def bounds(column: Column) -> tuple[float, float]:
    """Return the published bounds of a numeric column as numbers."""
    if column.min is None or column.max is None:
        raise ValueError(f"column {column.name!r} has no bounds")
    return point(column.type, column.min), point(column.type, column.max)


def step(column: Column) -> float:
    """Return the distance between two neighbours on a column's grid."""
    if column.type is ColumnType.NUMBER:
        return float(10.0 ** -(column.decimals or 0))
    return SECOND if column.type is ColumnType.DATETIME else 1.0


def rounded(column: Column, values: Floats) -> Floats:
    """Return values on the column's grid."""
    if column.type is ColumnType.NUMBER:
        return np.asarray(np.round(values, column.decimals or 0))
    return np.asarray(np.round(values / step(column)) * step(column))


def holds(column: Column, values: Floats) -> npt.NDArray[np.bool_]:
    """Return which values a numeric column may take: on its grid and within its bounds."""
    low, high = bounds(column)
    return np.asarray((values >= low) & (values <= high) & (rounded(column, values) == values))


@dataclasses.dataclass(frozen=True)
class Window:
    """A range as the sampler uses it.

    Attributes:
        first, last: the smallest and largest value on the grid that may be emitted.
        mass: float64, one a seed row: the part of the row's cell that lies in the range.
        low, high: float64, one a seed row: that part's ends.
        inside: bool, one a seed row: whether its own value lies in the range.
    """

    first: float
    last: float
    mass: Floats
    low: Floats
    high: Floats
    inside: npt.NDArray[np.bool_]


def window(column: Column, values: Floats, seed: Cells, wanted: Range) -> Window:
    """Cut the cells of a column's values to a range.

    A range between two seed values, in which no cell has a part, is served by the nearest cells:
    interpolation.
    """
    first, last = point(column.type, wanted.min), point(column.type, wanted.max)
    own = (values >= first) & (values <= last)
    half = step(column) / 2
    low = np.clip(seed.low, first - half, last + half)
    high = np.clip(seed.high, first - half, last + half)
    width = seed.high - seed.low
    is_point = width == 0
    inside = (seed.low >= first) & (seed.high <= last)
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(is_point, inside.astype(np.float64), (high - low) / width)
    mass = np.nan_to_num(part, nan=0.0)
    if not mass.any():
        mass = _nearest(seed, first, last)
        low, high = np.full_like(low, first), np.full_like(high, last)
    first, last = _on_grid(column, first, last)
    return Window(first, last, mass, low, high, own)


def _on_grid(column: Column, first: float, last: float) -> tuple[float, float]:
    """Return the ends moved inwards onto the grid; a range between two grid points is kept."""
    size = step(column)
    grid = np.round(np.array([first, last]) / size) + np.array([[-1, 0, 1]]).T
    points = rounded(column, grid * size)  # by division alone 0.3 is not on the grid of 0.1
    inner_first = float(points[points[:, 0] >= first, 0].min())
    inner_last = float(points[points[:, 1] <= last, 1].max())
    return (inner_first, inner_last) if inner_first <= inner_last else (first, last)


def _nearest(seed: Cells, first: float, last: float) -> Floats:
    """Give mass to the rows whose values are next to the range, on either side."""
    below = np.where(seed.high < first, seed.high, -np.inf)
    above = np.where(seed.low > last, seed.low, np.inf)
    near = (below == below.max()) & np.isfinite(below)
    near |= (above == above.min()) & np.isfinite(above)
    return np.asarray(near, dtype=np.float64)


def to_arrow(column: Column, values: Floats) -> pa.Array:
    """Return generated values as an Arrow array of the type that a user expects."""
    missing = np.isnan(values)
    if column.type is ColumnType.NUMBER:
        return pa.array(values, mask=missing)
    whole = np.where(missing, 0, np.round(values)).astype(np.int64)
    if column.type is ColumnType.BOOLEAN:
        return pa.array(whole.astype(bool), mask=missing)
    if column.type is ColumnType.DATE:
        return pa.array(whole.astype(np.int32), pa.int32(), mask=missing).cast(pa.date32())
    if column.type is ColumnType.DATETIME:
        return pa.array(whole, pa.int64(), mask=missing).cast(pa.timestamp("us"))
    if column.type is ColumnType.INTEGER:
        return pa.array(whole, mask=missing)
    levels = pa.array(column.levels, pa.string())
    return levels.take(pa.array(whole, mask=missing))


def from_arrow(column: Column, array: pa.ChunkedArray) -> Floats:
    """Return the numbers of an Arrow column: what `to_arrow` was given.

    Raises:
        ValueError: a text that is no level of the column.
    """
    kind = column.type
    if kind.is_categorical:
        texts = array.cast(pa.string())
        codes = pc.index_in(texts, pa.array(column.levels, pa.string()))
        if codes.null_count > texts.null_count:
            raise ValueError(f"column {column.name!r} holds other levels than the schema's")
        array = codes
    elif kind is ColumnType.DATE:
        array = array.cast(pa.date32()).cast(pa.int32())
    elif kind is ColumnType.DATETIME:
        array = array.cast(pa.timestamp("us")).cast(pa.int64())
    return np.array(pc.fill_null(array.cast(pa.float64()), np.nan).to_numpy(), dtype=np.float64)
