"""Numbers with currencies, percent signs, decimal commas or grouped thousands."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from simulacra.engine.columns.drafts import Note
from simulacra.engine.columns.lazy import np, pa, pc
from simulacra.engine.columns.texts import strays
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Flags, Floats, Int64s

MAX_EXACT = 2**53
"""A float64 is exact for integers below this; larger ones are codes, not numbers."""

CURRENCY = r"(?:[$€£¥₹]|(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|Rs\.?)\b)"
BEFORE = rf"^([-+]?)\s*{CURRENCY}\s*([-+]?)"
AFTER = r"\s*(?:[$€£¥₹%]|\b(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|Euros?|euros?))$"
SPACED = r"(\d)[ \x{00A0}\x{202F}'’](\d{3})"  # noqa: RUF001 - thousands in Swiss and French

PLAIN = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
GROUPED = r"^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?$"
SHORT_COMMA = r"^[+-]?\d+,\d{1,2}$"
COMMA = r"^[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)(,\d+)?$"
PADDED = r"^[+-]?0\d"
TOP_CODE = (
    r"(?i)^(\d+)\s*(?:\+|(?:or|and|y|und|et)\s+(?:more|older|over|above|up|mehr|älter|plus))$"
)
BOTH_MARKS = r"\d\.\d{3}[.,]"  # 1.234,5 and 1.234.567


@dataclasses.dataclass(frozen=True)
class Numerals:
    """The different texts of a column, read as numbers.

    Attributes:
        values: float64, shape (texts,); NaN for a text that is not a number.
        notes: what was assumed.
    """

    values: Floats
    notes: tuple[Note, ...]


def parse(
    filled: pa.StringArray,
    counts: Int64s,
    conventions: Conventions = UNKNOWN,
    *,
    force: bool = False,
) -> Numerals | None:
    """Read texts as numbers; None if they are not numbers, or are codes such as 01234.

    Args:
        filled: the different texts of a column, shape (texts,), without missing ones.
        counts: int64, shape (texts,): the rows that have each.
        conventions: how they are written.
        force: read them as numbers even if many are not, or look like codes.
    """
    bare, marks = _without_marks(filled)
    if len(filled) >= strays.MIN_QUANTITY and _any(bare, TOP_CODE):
        marks.append("words, such as 'or older'")
        bare = pc.replace_substring_regex(bare, TOP_CODE, r"\1")
    if not force and _any(bare, PADDED):
        return None
    bare, is_number, separators = _with_points(bare, counts)
    if not force and not (is_number.any() and strays.are_few(~is_number, counts)):
        return None
    cells = pc.if_else(pa.array(is_number), bare, None)
    values = np.array(pc.fill_null(cells.cast(pa.float64()), np.nan), dtype=np.float64)
    if not force and np.any(np.abs(values) >= MAX_EXACT):
        return None
    notes = strays.notes(~is_number, counts, "numbers")
    if marks + separators:
        reason = f"numbers written with {', '.join(marks + separators)}"
        notes = (Note("typed", reason, int(counts.sum())), *notes)
    return Numerals(values, notes)


def _matches(texts: pa.StringArray, pattern: str) -> Flags:
    return np.asarray(pc.match_substring_regex(texts, pattern))


def _any(texts: pa.StringArray, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(texts, pattern)).as_py())


def _without_marks(texts: pa.StringArray) -> tuple[pa.StringArray, list[str]]:
    """Return the texts without currencies, percent signs and spaces, and what was removed."""
    marks: list[str] = []
    if _any(texts, PLAIN) and not _any(texts, r"[^\d.eE+-]"):
        return texts, marks
    if _any(texts, r"\d\s*%$"):
        marks.append("percent signs")
    if _any(texts, BEFORE) or _any(texts, AFTER.replace("%", "")):
        marks.append("a currency")
    texts = pc.replace_substring_regex(texts, BEFORE, r"\1\2")
    texts = pc.replace_substring_regex(texts, AFTER, "")
    for _ in range(2):  # neighbouring groups share a digit
        texts = pc.replace_substring_regex(texts, SPACED, r"\1\2")
    return texts, marks


def _with_points(texts: pa.StringArray, counts: Int64s) -> tuple[pa.StringArray, Flags, list[str]]:
    """Return the texts with decimal points only, which are numbers, and what was replaced."""
    is_plain, is_grouped = _matches(texts, PLAIN), _matches(texts, GROUPED)
    if not _any(texts, ",") and not _any(texts, BOTH_MARKS):
        return pc.replace_substring_regex(texts, r"^\+", ""), is_plain, []
    if _groups_thousands(texts, is_plain, is_grouped):
        ungrouped = pc.replace_substring(texts, ",", "")
        return ungrouped, is_plain | is_grouped, ["commas between thousands"]
    has_comma = _matches(texts, ",")
    if not _any(texts, r"\.") and strays.are_few(has_comma, counts):
        return texts, is_plain, []  # 1,3 among codes is two answers, not a decimal
    is_comma, is_short = _matches(texts, COMMA), _matches(texts, SHORT_COMMA)
    is_mixed = is_plain | is_grouped | is_short
    if is_comma.sum() < is_mixed.sum():
        pointed = pc.if_else(pa.array(is_short), pc.replace_substring(texts, ",", "."), texts)
        return pc.replace_substring(pointed, ",", ""), is_mixed, ["commas and points"]
    pointed = pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", ".")
    return pointed, is_comma, ["decimal commas"]


def _groups_thousands(texts: pa.StringArray, is_plain: Flags, is_grouped: Flags) -> bool:
    """Return whether commas group thousands, as in 1,250 and 12,000, and are not decimal commas.

    They do if a point follows the last comma of any text. They also do if three digits follow every
    comma and no number without a comma is 1,000 or more.
    """
    if _any(texts, r"^[^.]*,\d{3}\.\d+$"):
        return True
    has_comma = _matches(texts, r"\d,\d")
    bare = pc.filter(texts, pa.array(is_plain)).cast(pa.float64())
    return bool(
        has_comma.any()
        and is_grouped[has_comma].all()
        and (len(bare) == 0 or pc.max(pc.abs(bare)).as_py() < 1000)
    )
