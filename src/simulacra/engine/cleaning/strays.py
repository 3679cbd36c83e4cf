"""Cells that do not fit the column they are in."""

import numpy as np
import numpy.typing as npt

from simulacra.engine.cleaning.drafts import Note

MAX_SHARE = 0.05
MIN_LEVEL_ROWS = 5
"""A text that so many rows share is an answer, not a slip."""

MIN_QUANTITY = 15
"""A column of so many different values that fit is a quantity: what does not fit is no level."""

Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def are_few(is_stray: Mask, counts: Counts) -> bool:
    """Tell whether a column may be read as its type in spite of the texts that do not fit.

    Args:
        is_stray: of each different text, whether it does not fit.
        counts: rows that have it.
    """
    rows = int(counts[is_stray].sum())
    if rows == 0 or rows > MAX_SHARE * int(counts.sum()):
        return rows == 0
    is_quantity = int(np.sum(~is_stray)) >= MIN_QUANTITY
    return is_quantity or int(counts[is_stray].max()) < MIN_LEVEL_ROWS


def note(is_stray: Mask, counts: Counts, what: str) -> tuple[Note, ...]:
    """Return what to say about them."""
    rows = int(counts[is_stray].sum())
    return (Note("blanked", f"{rows} cells in a column of {what} are none", rows),) if rows else ()
