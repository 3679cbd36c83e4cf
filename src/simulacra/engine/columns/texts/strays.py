"""Strays: texts that do not fit the type of their column.

A text that at least as many respondents share as the disclosure threshold is an answer, not a slip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulacra.engine import disclosure
from simulacra.engine.columns.drafts import Note
from simulacra.engine.columns.lazy import np

MAX_SHARE = 0.05
MIN_QUANTITY = 15
"""A column with at least this many different values that fit is a quantity, so strays cannot be
levels of it."""

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Flags, Int64s


def are_few(is_stray: Flags, counts: Int64s) -> bool:
    """Return whether a column can be read as a type although some texts do not fit.

    Args:
        is_stray: bool, shape (texts,): whether each different text does not fit.
        counts: int64, shape (texts,): the rows that have each.
    """
    rows = int(counts[is_stray].sum())
    if rows == 0 or rows > MAX_SHARE * int(counts.sum()):
        return rows == 0
    is_quantity = int(np.sum(~is_stray)) >= MIN_QUANTITY
    return is_quantity or int(counts[is_stray].max()) < disclosure.THRESHOLD


def notes(is_stray: Flags, counts: Int64s, content: str) -> tuple[Note, ...]:
    """Return a note on the strays, which become missing; none if there are no strays."""
    rows = int(counts[is_stray].sum())
    return (
        (Note("blanked", f"{rows} cells in a column of {content} are none", rows),) if rows else ()
    )
