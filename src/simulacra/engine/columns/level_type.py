"""What the categorical types share: values are positions of levels."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from simulacra.engine import errors
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.lazy import np, pa, pc
from simulacra.engine.columns.tree_codes import TreeCoding

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats
    from simulacra.engine.columns.drafts import Draft
    from simulacra.engine.columns.facts import ColumnFacts

MAX_LEVELS = 1000
"""A column of more different values is not made categorical: few respondents would share one."""
SHARE_DIGITS = 6


class LevelType(ColumnType):
    """A type whose values are levels."""

    is_categorical = True

    __slots__ = ()

    def describe(self, draft: Draft) -> dict[str, Any]:
        """Return levels and shares."""
        levels = draft.values[draft.known].astype(np.int64)
        counts = np.bincount(levels, draft.known_weights, minlength=len(draft.levels))
        shares = tuple(round(float(count / counts.sum()), SHARE_DIGITS) for count in counts)
        return {"levels": draft.levels, "shares": shares}

    def encode_values(self, column: ColumnFacts, array: pa.ChunkedArray) -> Floats:
        """Return the position of each level."""
        texts = array.cast(pa.string())
        positions = pc.index_in(texts, pa.array(column.levels, pa.string()))
        if positions.null_count > texts.null_count:
            raise ValueError(f"column {column.name!r} holds other levels than the schema's")
        filled = pc.fill_null(positions.cast(pa.float64()), np.nan)
        return np.array(filled.to_numpy(), dtype=np.float64)

    def decode_values(self, column: ColumnFacts, values: Floats) -> pa.Array:
        """Return the levels as text."""
        missing = np.isnan(values)
        positions = np.where(missing, 0, np.round(values)).astype(np.int64)
        return pa.array(column.levels, pa.string()).take(pa.array(positions, mask=missing))

    def tree_coding(self, column: ColumnFacts, values: Floats) -> TreeCoding:
        """Return the coding by positions; a missing value comes last."""
        return TreeCoding(len(column.levels) + 1, self.is_ordered)

    def cells(self, column: ColumnFacts, values: Floats) -> None:
        """Return None: rare levels are pooled, so every level may be emitted."""


def as_levels(name: str, draft: Draft) -> Draft:
    """Return a column with each of its values as a level, in their order.

    Raises:
        errors.StudyError: there are too many.
    """
    if draft.type.is_categorical:
        return draft
    points = np.unique(draft.values[draft.known])
    if len(points) > MAX_LEVELS:
        raise errors.StudyError(
            f"Column {name!r} has {len(points):,} different values; up to {MAX_LEVELS:,} can be "
            "made levels."
        )
    values = np.where(draft.known, np.searchsorted(points, draft.values), np.nan)
    levels = tuple(_as_text(draft, point) for point in points)
    return dataclasses.replace(draft, values=values, levels=levels, decimals=0)


def _as_text(draft: Draft, point: float) -> str:
    if draft.type.is_temporal:
        return str(draft.type.to_bound(point))
    return f"{point:.{draft.decimals}f}"
