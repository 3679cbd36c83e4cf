"""What type a raw column is, and its values as numbers.

Categories become the position of their level, dates and times their distance from 1970 (days,
microseconds); a missing value is NaN throughout.
"""

import dataclasses
import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.columns.schema import ColumnType

Values = npt.NDArray[np.float64]

MAX_EXACT = 2**53  # beyond it a float64 does not hold every integer
MAX_DECIMALS = 9
MAX_NUMBER = 1e29  # trees see 32 bits; beyond is a code for something else, as infinity is
SIGNIFICANT = 6


@dataclasses.dataclass(frozen=True)
class Note:
    """Something that was done to a column; see `schema.CleaningAction`."""

    action: str
    reason: str
    count: int


@dataclasses.dataclass(frozen=True)
class Draft:
    """A column whose type is known.

    Attributes:
        type: its type.
        values: one number a row.
        levels: of a category, by position.
        decimals: digits behind the point that all values have at most.
        codes: of a category that the file keeps as numbers, the number of each level.
        notes: what was done.
    """

    type: ColumnType
    values: Values
    levels: tuple[str, ...] = ()
    decimals: int = 0
    codes: tuple[float, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which rows have a value."""
        return ~np.isnan(self.values)

    def noting(self, *notes: Note) -> "Draft":
        """Return the draft with more notes."""
        return dataclasses.replace(self, notes=(*self.notes, *notes))


def floats(array: pa.ChunkedArray) -> Values:
    """Return an Arrow column as float64, null as NaN."""
    return np.array(pc.fill_null(array.cast("float64"), np.nan).to_numpy(), dtype=np.float64)


def number(values: Values) -> Draft:
    """Return the draft of numbers: integers if all are whole."""
    values = np.where(np.abs(values) <= MAX_NUMBER, values, np.nan)
    decimals = _decimals(values[~np.isnan(values)])
    is_whole = decimals == 0 and not np.any(np.abs(values) >= MAX_EXACT)
    kind = ColumnType.INTEGER if is_whole else ColumnType.NUMBER
    return Draft(kind, values, decimals=decimals)


def _decimals(known: Values) -> int:
    """Return how many digits behind the point the values have; more than 9 only if all are tiny."""
    for decimals in range(MAX_DECIMALS):
        if np.all(np.round(known, decimals) == known):
            return decimals
    typical = float(np.median(np.abs(known[known != 0])))
    return max(MAX_DECIMALS, min(SIGNIFICANT - math.floor(math.log10(typical)), 300))


def looked_up(table: Values, codes: Values) -> Values:
    """Return the table's value for each code; NaN stays NaN."""
    extended = np.append(table, np.nan)
    return extended[np.where(np.isnan(codes), len(table), codes).astype(np.int64)]
