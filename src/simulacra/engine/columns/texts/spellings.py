"""Spellings of one level that differ in case or spaces, and the natural order of levels."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from simulacra.engine.columns.drafts import Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulacra.engine.columns.arrays import Int64s

DIGITS = re.compile(r"(\d[\d,]{0,17})")


def merge(texts: Sequence[str], counts: Int64s) -> tuple[dict[str, str], tuple[Note, ...]]:
    """Return the most common spelling of each text, among those that differ in case and spaces.

    Args:
        texts: different texts.
        counts: int64, shape (texts,): the rows that have each.
    """
    alike: dict[str, list[int]] = defaultdict(list)
    for index, text in enumerate(texts):
        alike[" ".join(text.split()).casefold()].append(index)
    spelling = {}
    for members in alike.values():
        commonest = texts[max(members, key=lambda index: (counts[index], texts[index]))]
        spelling.update({texts[index]: " ".join(commonest.split()) for index in members})
    merged = len(texts) - len(alike)
    reason = f"{merged} spellings that differ only in case or spaces joined to the commonest"
    return spelling, (Note("merged", reason, merged),) if merged else ()


def natural_order(text: str) -> tuple[tuple[str | int, ...], str]:
    """Return a sort key that puts 9 before 10 and ignores case."""
    parts = DIGITS.split(text.casefold())
    key = [int(part.replace(",", "")) if index % 2 else part for index, part in enumerate(parts)]
    return tuple(key), text
