"""Texts that do not fit the column they are in.

A text that as many respondents share as the disclosure threshold asks for is an answer, not a slip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulacra.engine import disclosure
from simulacra.engine.columns.drafts import Note
from simulacra.engine.columns.lazy import np

MAX_SHARE = 0.05
MIN_QUANTITY = 15
"""A column of so many different values that fit is a quantity: what does not fit is no level."""

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Flags, Int64s


def are_few(is_stray: Flags, counts: Int64s) -> bool:
    """Tell whether a column may be read as its type in spite of the texts that do not fit.

    Args:
        is_stray: of each different text, whether it does not fit.
        counts: rows that have it.
    """
    rows = int(counts[is_stray].sum())
    if rows == 0 or rows > MAX_SHARE * int(counts.sum()):
        return rows == 0
    is_quantity = int(np.sum(~is_stray)) >= MIN_QUANTITY
    return is_quantity or int(counts[is_stray].max()) < disclosure.THRESHOLD


def note(is_stray: Flags, counts: Int64s, what: str) -> tuple[Note, ...]:
    """Return what to say about them."""
    rows = int(counts[is_stray].sum())
    return (Note("blanked", f"{rows} cells in a column of {what} are none", rows),) if rows else ()
