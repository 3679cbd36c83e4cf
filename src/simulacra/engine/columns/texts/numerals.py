"""Numbers with currencies, percent signs, decimal commas or grouped thousands."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from simulacra.engine.columns.drafts import Note
from simulacra.engine.columns.lazy import np, pa, pc
from simulacra.engine.columns.texts import marks, strays
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Flags, Floats, Int64s

MAX_EXACT = 2**53
"""A float64 is exact for integers below this; larger ones are codes, not numbers."""

SPACED = r"(\d)[ \x{00A0}\x{2009}\x{202F}'’](\d{3})"  # noqa: RUF001 - thousands in Swiss and French

PLAIN = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
GROUPED = r"^[+-]?[1-9]\d{0,2}((,\d{3})+|(,\d{2})+,\d{3})(\.\d*)?$"  # by thousands or as in India
POINT_GROUPED = r"^[+-]?[1-9]\d{0,2}(\.\d{3})+$"
SHORT_COMMA = r"^[+-]?\d+,\d{1,2}$"
COMMA = r"^[+-]?(\d+|[1-9]\d{0,2}(\.\d{3})+)(,\d+)?$"
PADDED = r"^[+-]?0\d"
TOP_CODE = (
    r"(?i)^(\d+)\s*(?:\+|(?:or|and|y|und|et)\s+(?:more|older|over|above|up|mehr|älter|plus))$"
)
ANY = "|".join(f"({pattern})" for pattern in (PLAIN, GROUPED, COMMA))
AMBIGUOUS = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"
"""A thousand and more, or three decimals: only other numbers of the column or the file tell."""
POINT_EVIDENCE = r"(^|[^\d,])\d*\.(\d{1,2}|\d{4,})$|,\d{3}\.\d|,\d{3},\d{3}|^[+-]?0\.\d"
COMMA_EVIDENCE = r"^[+-]?\d+,(\d{1,2}|\d{4,})$|\.\d{3},\d|\.\d{3}\.\d{3}|^[+-]?0,\d"
MIN_NUMBERS = 0.9
"""The least share of different texts that are numbers in a column that tells of a file's marks."""


@dataclasses.dataclass(frozen=True)
class Numerals:
    """The different texts of a column, read as numbers.

    Attributes:
        values: float64, shape (texts,); NaN for a text that is not a number.
        unit: the mark that the numbers have, such as a currency; empty if there is none.
        special: texts that many rows share and that are no numbers.
        notes: what was assumed.
    """

    values: Floats
    unit: str
    special: tuple[str, ...]
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
    told: list[str] = []
    if len(filled) >= strays.MIN_QUANTITY and _any(filled, TOP_CODE):
        told.append("words, such as 'or older'")
        filled = pc.replace_substring_regex(filled, TOP_CODE, r"\1")
    bare = _bare(filled, counts, force=force)
    if bare is None or (not force and _any(bare.texts, PADDED)):
        return None
    decimal = conventions.decimal
    if decimal is None and bare.unit and marks.is_currency(bare.unit):
        decimal = _mark_of_money(bare.texts)
    texts, is_number, separators = _with_points(bare.texts, counts, decimal)
    if not force and not (is_number.any() and strays.are_few(~is_number, counts)):
        return None
    cells = pc.if_else(pa.array(is_number), texts, None)
    values = np.array(pc.fill_null(cells.cast(pa.float64()), np.nan), dtype=np.float64)
    values = values * bare.factors
    if not force and np.any(np.abs(values) >= MAX_EXACT):
        return None
    notes = strays.notes(filled, ~is_number, counts, "numbers")
    told += [*bare.told, *separators]
    if told:
        reason = f"numbers written with {', '.join(told)}"
        notes = (Note("typed", reason, int(counts.sum())), *notes)
    special = strays.shared(filled, ~is_number, counts)
    return Numerals(values, bare.unit, special, notes)


def _mark_of_money(amounts: pa.StringArray) -> str | None:
    """Return the decimal mark of amounts of which each mark has three digits behind it.

    Hardly any money has a thousandth, so the mark parts thousands.
    """
    marked = [mark for mark in (".", ",") if _any(amounts, rf"\{mark}\d{{3}}$")]
    if len(marked) != 1 or _any(amounts, r"[.,](\d{1,2}|\d{4,})$"):
        return None
    return "," if marked == ["."] else "."


def _bare(filled: pa.StringArray, counts: Int64s, *, force: bool) -> marks.Bare | None:
    """Return the texts without marks and spaces; most columns have neither."""
    if _any(filled, PLAIN) and not _any(filled, r"[^\d.eE+-]|[+-]$"):
        return marks.Bare(filled, np.ones(len(filled)), "", ())
    bare = marks.strip(filled, counts, force=force)
    if bare is None:
        return None
    texts = bare.texts
    for _ in range(2):  # neighbouring groups share a digit
        texts = pc.replace_substring_regex(texts, SPACED, r"\1\2")
    return dataclasses.replace(bare, texts=texts)


def _matches(texts: pa.StringArray, pattern: str) -> Flags:
    return np.asarray(pc.fill_null(pc.match_substring_regex(texts, pattern), fill_value=False))


def _any(texts: pa.StringArray, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(texts, pattern)).as_py())


def decimal_mark(filled: pa.StringArray, counts: Int64s) -> str | None:
    """Return the decimal mark that the numbers of a column show, None if they show none or both.

    Args:
        filled: different texts of a column, shape (texts,), without missing ones.
        counts: int64, shape (texts,): the rows that have each.
    """
    bare = _bare(filled, counts, force=False) if len(filled) else None
    if bare is None or _matches(bare.texts, ANY).sum() < MIN_NUMBERS * len(filled):
        return None
    if _any(bare.texts, PADDED):  # codes, or times such as 07.45
        return None
    shown = {
        mark: int(_matches(bare.texts, pattern).sum())
        for mark, pattern in ((".", POINT_EVIDENCE), (",", COMMA_EVIDENCE))
    }
    is_one = min(shown.values()) == 0 < max(shown.values())
    return max(shown, key=lambda mark: shown[mark]) if is_one else None


def is_ambiguous(filled: pa.StringArray) -> bool:
    """Tell whether numbers have a mark that may group thousands or come before decimals."""
    return _any(filled, AMBIGUOUS)


def _with_points(
    texts: pa.StringArray, counts: Int64s, decimal: str | None
) -> tuple[pa.StringArray, Flags, list[str]]:
    """Return the texts with decimal points only, which are numbers, and what was replaced.

    Args:
        texts: numbers without marks; null for other texts.
        counts: int64, shape (texts,): the rows that have each.
        decimal: the mark that other columns show; it tells what this column leaves open.
    """
    is_plain, is_grouped = _matches(texts, PLAIN), _matches(texts, GROUPED)
    if not _any(texts, ","):
        return _with_points_only(texts, is_plain, decimal)
    if _commas_group(texts, is_plain, is_grouped, decimal):
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


def _with_points_only(
    texts: pa.StringArray, is_plain: Flags, decimal: str | None
) -> tuple[pa.StringArray, Flags, list[str]]:
    """Return numbers without commas, whose points may part thousands."""
    has_point, is_grouped = _matches(texts, r"\."), _matches(texts, POINT_GROUPED)
    if not has_point.any() or not is_grouped[has_point].all():
        return pc.replace_substring_regex(texts, r"^\+", ""), is_plain, []
    if _points_group(texts, has_point, decimal):
        ungrouped = pc.replace_substring(texts, ".", "")
        return ungrouped, is_plain | is_grouped, ["points between thousands"]
    told = [] if decimal else ["a point before three digits, taken as the decimal mark"]
    return texts, is_plain, told


def _points_group(texts: pa.StringArray, has_point: Flags, decimal: str | None) -> bool:
    """Return whether points group thousands, where three digits follow each of them.

    They do if a number has two of them, or if the file has decimal commas. Without evidence from
    other columns they do if some numbers have no point, all of these are below 1,000, and some
    with a point end in 0: of decimals no program writes a last zero in some rows and not in others.
    """
    if _any(texts, r"\.\d{3}\.\d"):
        return True
    if decimal is not None:
        return decimal == ","
    bare = pc.filter(texts, pa.array(~has_point)).cast(pa.float64())
    return bool(
        len(bare) > bare.null_count
        and pc.max(pc.abs(bare)).as_py() < 1000
        and _any(texts, r"\.\d\d0$")
    )


def _commas_group(
    texts: pa.StringArray, is_plain: Flags, is_grouped: Flags, decimal: str | None
) -> bool:
    """Return whether commas group thousands, as in 1,250 and 12,000, and are not decimal commas.

    They do if a point follows the last comma of any text. If three digits follow every comma, they
    do so if a number has two commas, or the file has decimal points; without evidence from other
    columns, if no number without a comma is 1,000 or more.
    """
    if _any(texts, r"^[^.]*,\d{3}\.\d+$"):
        return True
    has_comma = _matches(texts, r"\d,\d")
    if not has_comma.any() or not is_grouped[has_comma].all():
        return False
    if decimal is not None or _any(texts, r",\d+,"):
        return decimal != "," or _any(texts, r",\d+,")
    bare = pc.filter(texts, pa.array(is_plain)).cast(pa.float64())
    return len(bare) == 0 or bool(pc.max(pc.abs(bare)).as_py() < 1000)
