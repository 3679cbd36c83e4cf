"""Strays: texts that do not fit the type of their column.

A text that at least as many respondents share as the disclosure threshold is an answer, not a slip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulacra.engine import disclosure
from simulacra.engine.columns.drafts import Note
from simulacra.engine.columns.lazy import np, pa

MAX_SHARE = 0.05
MAX_SPECIAL, MAX_SPECIAL_SHARE = 5, 0.6
"""Special answers of a question, and the largest share of rows that give one of them."""
MIN_RATIO = 5
"""Different values of a quantity for each special answer."""
MIN_QUANTITY = 15
"""A column with at least this many different values that fit is a quantity, so strays cannot be
levels of it."""

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Flags, Int64s


def are_few(is_stray: Flags, counts: Int64s) -> bool:
    """Return whether a column can be read as a type although some texts do not fit.

    They are few if few rows have one, or if a few different texts are shared by many rows beside a
    quantity: special answers, such as a refusal, which a number cannot be.

    Args:
        is_stray: bool, shape (texts,): whether each different text does not fit.
        counts: int64, shape (texts,): the rows that have each.
    """
    rows = int(counts[is_stray].sum())
    if rows == 0:
        return True
    is_quantity = int(np.sum(~is_stray)) >= MIN_QUANTITY
    if rows > MAX_SHARE * int(counts.sum()):
        return is_quantity and _are_special(is_stray, counts)
    return is_quantity or int(counts[is_stray].max()) < disclosure.THRESHOLD


def _are_special(is_stray: Flags, counts: Int64s) -> bool:
    """Return whether texts beside a quantity are special answers: few, and shared by many rows."""
    special = counts[is_stray & (counts >= disclosure.THRESHOLD)]
    rare = int(counts[is_stray].sum() - special.sum())
    return (
        0 < len(special) <= MAX_SPECIAL
        and rare <= MAX_SHARE * int(counts.sum())
        and int(special.sum()) <= MAX_SPECIAL_SHARE * int(counts.sum())
        and len(special) * MIN_RATIO <= int(np.sum(~is_stray))
    )


def shared(texts: pa.StringArray, is_stray: Flags, counts: Int64s) -> tuple[str, ...]:
    """Return the strays that enough respondents share to be published."""
    is_shared = is_stray & (counts >= disclosure.THRESHOLD)
    return tuple(texts.filter(pa.array(is_shared)).to_pylist())


def notes(texts: pa.StringArray, is_stray: Flags, counts: Int64s, content: str) -> tuple[Note, ...]:
    """Return notes on the strays, which become missing; those that many share are named."""
    is_shared = is_stray & (counts >= disclosure.THRESHOLD)
    named = zip(
        texts.filter(pa.array(is_shared)).to_pylist(), counts[is_shared].tolist(), strict=True
    )
    told = [
        Note("blanked", f"{rows} cells with {text!r} in a column of {content}", rows)
        for text, rows in named
    ]
    rows = int(counts[is_stray & ~is_shared].sum())
    if rows:
        told.append(Note("blanked", f"{rows} cells in a column of {content} are none", rows))
    return tuple(told)
