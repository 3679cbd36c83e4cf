"""Spellings of one level that readers take for the same, and the natural order of levels."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

from simulacra.engine.columns.drafts import Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulacra.engine.columns.arrays import Int64s

DIGITS = re.compile(r"(\d[\d,]{0,17})")
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
"""Characters that no reader sees: soft hyphens, joiners, direction and byte order marks."""
ALIKE = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u00b4\u0060\u2032", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)
"""Quotation marks and dashes of typography, and those of a keyboard."""


def merge(texts: Sequence[str], counts: Int64s) -> tuple[dict[str, str], tuple[Note, ...]]:
    """Return the most common spelling of each text, among those that a reader takes for the same.

    They differ in case, spaces, quotation marks, dashes, HTML entities, invisible characters or
    the Unicode form of a letter (Unicode Standard Annex 15).

    Args:
        texts: different texts.
        counts: int64, shape (texts,): the rows that have each.
    """
    alike: dict[str, list[int]] = defaultdict(list)
    shown = [_shown(text) for text in texts]
    for index, text in enumerate(shown):
        alike[_key(text)].append(index)
    spelling = {}
    for members in alike.values():
        rows: dict[str, int] = defaultdict(int)
        for index in members:
            rows[shown[index]] += int(counts[index])
        commonest = max(rows, key=lambda each: (rows[each], each))
        spelling.update({texts[index]: commonest for index in members})
    merged = len(texts) - len(alike)
    reason = (
        f"{merged} spellings that differ only in case, spaces, marks or encoding joined to the "
        "commonest"
    )
    return spelling, (Note("merged", reason, merged),) if merged else ()


def _shown(text: str) -> str:
    """Return a text as it is published: in the composed Unicode form, without entities."""
    if text.isascii() and "&" not in text:
        return " ".join(text.split())
    plain = INVISIBLE.sub("", html.unescape(text))
    return unicodedata.normalize("NFC", " ".join(plain.split()))


def _key(shown: str) -> str:
    if shown.isascii():
        return shown.translate(ALIKE).casefold()
    return unicodedata.normalize("NFKC", shown).translate(ALIKE).casefold()


def natural_order(text: str) -> tuple[tuple[str | int, ...], str]:
    """Return a sort key that puts 9 before 10 and ignores case."""
    parts = DIGITS.split(text.casefold())
    key = [int(part.replace(",", "")) if index % 2 else part for index, part in enumerate(parts)]
    return tuple(key), text
