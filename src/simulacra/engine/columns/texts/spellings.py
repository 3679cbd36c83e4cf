"""Texts that are one level though they are spelled differently, and the order of levels."""

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
    """Map each text to the commonest spelling among those that differ only in case and spaces.

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
    """Return a sort key under which 9 comes before 10 and case does not matter."""
    parts = DIGITS.split(text.casefold())
    key = [int(part.replace(",", "")) if index % 2 else part for index, part in enumerate(parts)]
    return tuple(key), text
