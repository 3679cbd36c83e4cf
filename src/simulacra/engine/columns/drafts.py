"""A column whose type is known, while it is being cleaned."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from simulacra.engine.columns.lazy import np, pa, pc
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Flags, Floats
    from simulacra.engine.columns.column_type import ColumnType


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
        values: float64, shape (rows,); see `arrays.Floats`.
        levels: of a categorical column, by position.
        decimals: digits behind the decimal point that no value exceeds.
        label_values: of a categorical column that the file keeps as numbers, the number behind
            each level.
        unit: of numbers, the mark that a file writes beside them; empty if there is none.
        notes: what was done.
        conventions: of a column of texts, how these were taken to be written.
        weights: float64, shape (rows,): how many people each row stands for; None if all alike.
    """

    type: ColumnType
    values: Floats
    levels: tuple[str, ...] = ()
    decimals: int = 0
    label_values: tuple[float, ...] = ()
    unit: str = ""
    notes: tuple[Note, ...] = ()
    conventions: Conventions = UNKNOWN
    weights: Floats | None = None

    @property
    def known(self) -> Flags:
        """Which rows have a value, bool, shape (rows,)."""
        return ~np.isnan(self.values)

    @property
    def level_counts(self) -> np.ndarray:
        """How many rows have each level of a categorical column, int64, shape (levels,)."""
        return np.bincount(self.values[self.known].astype(np.int64), minlength=len(self.levels))

    @property
    def known_weights(self) -> Floats | None:
        """The weights of the rows that have a value; None if all are alike."""
        return None if self.weights is None else self.weights[self.known]

    @property
    def missing_share(self) -> float:
        """The share of the people whom rows without a value stand for."""
        return 1 - float(np.average(self.known, weights=self.weights))

    def with_notes(self, *notes: Note) -> Draft:
        """Return the draft with more notes."""
        return dataclasses.replace(self, notes=(*self.notes, *notes))


def floats(array: pa.ChunkedArray) -> Floats:
    """Return an Arrow column as float64, shape (rows,), null as NaN; beyond 2^53 the nearest."""
    numbers = array.cast("float64", safe=False)
    return np.array(pc.fill_null(numbers, np.nan).to_numpy(), dtype=np.float64)


def look_up(table: Floats, positions: Floats) -> Floats:
    """Return the value of a table at each position, float64; NaN stays NaN."""
    extended = np.append(table, np.nan)
    return extended[np.where(np.isnan(positions), len(table), positions).astype(np.int64)]
