"""Marks around numbers: signs, currencies, units, percent signs, and factors such as K."""

from __future__ import annotations

import dataclasses
import functools
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from simulacra.engine.columns.lazy import np, pa, pc
from simulacra.engine.columns.texts import strays

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from simulacra.engine.columns.arrays import Floats, Int64s

MINUS = r"\-\x{2212}\x{2013}\x{FE63}\x{FF0D}"
"""The minus of a keyboard, that of typography, a dash in its place, and the small and wide one."""
BODY = (
    r"(?:\d(?:[\d.,'’ \x{00A0}\x{2009}\x{202F}]*\d)?\.?|\.\d+)"  # noqa: RUF001 - as people type it
    r"(?:[eE][+-]?\d{1,3})?"
)
MARKED = (
    rf"^(?P<open>\()?\s*(?P<before>[+{MINUS}]?)\s*"
    rf"(?P<prefix>(?:[^\d\s()+.,{MINUS}][^\d()+{MINUS}]{{0,7}}?)?)\s*(?P<after>[+{MINUS}]?)\s*"
    rf"(?P<body>{BODY})\s*(?P<suffix>(?:[^\d\s().,+{MINUS}][^\d()]{{0,19}}?)?)"
    rf"\s*(?P<behind>[{MINUS}]?)\s*(?P<close>\))?$"
)
MONEY_OUTSIDE = r"^([^\d\s()]{1,4})\s*\(([^()]*)\)$"  # $(5.00), as accountants write it
PROBE = 300
"""The first texts of a column; if few of them are numbers with marks, it holds something else."""
MAX_MARKS = 50
"""More different marks are words of a text."""
MIN_SHARE = 0.5
"""The least share of rows that have the unit of a column."""
MAX_OTHER_SHARE = 0.05
"""The largest share of rows whose mark is not the common one."""
LONGEST = 4
"""Letters of the longest abbreviation of a currency, FCFA."""
FACTORS = {"k": 1e3, "m": 1e6}

COMMON_CURRENCIES = frozenset(
    {"eur", "usd", "gbp", "chf", "sek", "nok", "dkk", "pln", "rs", "euro"}
)
"""Letters that mean money even beside few different numbers; others may be words, as in TOP 10."""


@dataclasses.dataclass(frozen=True)
class Bare:
    """Texts without their marks.

    Attributes:
        texts: strings, shape (texts,): what is left; null for a text that is no number with the
            marks of the others.
        factors: float64, shape (texts,): what each number is to be multiplied by.
        unit: the mark that the numbers have; empty if there is none.
        told: what was removed, in words.
    """

    texts: pa.StringArray
    factors: Floats
    unit: str
    told: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class _Mark:
    """What stands beside a number: its unit, a factor, and how both are told apart from others."""

    unit: str
    factor: float

    @property
    def key(self) -> str:
        """The unit without differences of case, points and the plural."""
        folded = self.unit.casefold().rstrip(".")
        return folded[:-1] if len(folded) > 3 and folded.endswith("s") else folded


NO_MARK = _Mark("", 1.0)


def strip(texts: pa.StringArray, counts: Int64s, *, force: bool = False) -> Bare | None:
    """Return the texts without marks, None if they are no numbers.

    A unit is a mark that nearly all numbers have. A word in front of a number is a name, as in
    Town 7, unless it is a currency.

    Args:
        texts: the different texts of a column, shape (texts,), without missing ones.
        counts: int64, shape (texts,): the rows that have each.
        force: they are numbers, whatever they look like.
    """
    texts = pc.replace_substring_regex(texts, MONEY_OUTSIDE, r"(\1\2)")
    probe = pc.match_substring_regex(texts.slice(0, PROBE), MARKED)
    if not force and 2 * (pc.sum(probe).as_py() or 0) < len(probe):
        return None
    parts = pc.extract_regex(texts, MARKED)
    is_number = np.asarray(parts.is_valid())
    marks, which = _marks(parts)
    if len(marks) > MAX_MARKS and not force:
        return None
    rows = np.bincount(which[is_number], counts[is_number], minlength=len(marks))
    is_quantity = force or int(is_number.sum()) >= strays.MIN_QUANTITY
    unit, is_fitting = _common(marks, rows, is_quantity=is_quantity)
    is_doubtful = unit.isalpha() and unit.casefold() not in COMMON_CURRENCIES
    if is_doubtful and not force and _is_in_front(parts, unit) and not _are_amounts(parts):
        return None
    marks, metre = _read_factors(marks, is_fitting)
    unit = unit or metre
    is_number &= np.asarray(is_fitting)[which]
    left = pc.if_else(pa.array(is_number), _signed(parts), None)
    factors = np.asarray([mark.factor for mark in marks])[which]
    return Bare(left, factors, unit, tuple(_told(parts, is_number, unit, factors)))


def _marks(parts: pa.StructArray) -> tuple[list[_Mark], np.ndarray]:
    """Return the different marks, and which of them each text has, int64."""
    both = pc.binary_join_element_wise(parts.field("prefix"), parts.field("suffix"), "\x1f")
    encoded = pc.fill_null(both, "\x1f").dictionary_encode()
    marks = [_mark(*text.split("\x1f")) for text in encoded.dictionary.to_pylist()]
    return marks, np.asarray(encoded.indices).astype(np.int64)


def _mark(prefix: str, suffix: str) -> _Mark:
    prefix, suffix = prefix.strip(), suffix.strip()
    if prefix and not is_currency(prefix):
        return _Mark(f"{prefix} {suffix}", np.nan)
    factor = 1.0
    letter, rest = suffix[:1], suffix[1:].strip()
    if letter.casefold() in FACTORS and (not rest or is_currency(rest)):
        factor, suffix = FACTORS[letter.casefold()], rest
    if prefix and suffix:
        return _Mark(f"{prefix} {suffix}", np.nan)
    unit = prefix or suffix
    if factor > 1 and not unit:  # a metre or a million, a thousand or nothing else
        return _Mark(letter, factor)
    return _Mark(unit, factor)


def _is_in_front(parts: pa.StructArray, unit: str) -> bool:
    """Tell whether numbers stand behind letters, as in Rp 12.000, but also in Q 12."""
    return bool(pc.any(pc.equal(pc.utf8_trim_whitespace(parts.field("prefix")), unit)).as_py())


def _are_amounts(parts: pa.StructArray) -> bool:
    """Tell whether numbers have cents, or thousands: so do amounts, and few numbers of things."""
    pattern = r"[.,]\d|\d{4}|\d \d"
    return bool(pc.any(pc.match_substring_regex(parts.field("body"), pattern)).as_py())


def _common(marks: Sequence[_Mark], rows: Int64s, *, is_quantity: bool) -> tuple[str, list[bool]]:
    """Return the unit of a column, and which marks its numbers may have.

    Most numbers have the unit, and hardly any has another. A sign that means nothing else than
    money or a share is passed over where fewer have it.
    """
    by_key: Counter[str] = Counter()
    for mark, count in zip(marks, rows.tolist(), strict=True):
        if mark.unit and not np.isnan(mark.factor) and not _is_factor(mark):
            by_key[mark.key] += count
    plain = [not mark.unit or _is_factor(mark) for mark in marks]
    if not by_key:
        return "", plain
    key, count = by_key.most_common(1)[0]
    unit = max(
        (mark for mark in marks if mark.key == key), key=lambda mark: rows[marks.index(mark)]
    ).unit
    is_known = _is_sign(unit) or key in COMMON_CURRENCIES
    if sum(by_key.values()) - count > MAX_OTHER_SHARE * sum(by_key.values()):
        return "", plain
    is_shared = count >= MIN_SHARE * rows.sum()
    if not is_known and not (is_shared and is_quantity):
        return "", plain
    is_fitting = [
        not mark.unit or mark.key == key or (_is_factor(mark) and is_known) for mark in marks
    ]
    return unit if is_shared else "", is_fitting


def _is_factor(mark: _Mark) -> bool:
    return mark.factor > 1 and mark.unit.casefold() in FACTORS


def _read_factors(marks: Sequence[_Mark], is_fitting: Sequence[bool]) -> tuple[list[_Mark], str]:
    """Return the marks with factors that are no units, and the unit m if that is what it is."""
    present = {mark.unit for mark, fits in zip(marks, is_fitting, strict=True)
               if fits and _is_factor(mark)}  # fmt: skip
    is_length = {unit.casefold() for unit in present} == {"m"} and present != {"M"}
    if not is_length:
        return list(marks), ""
    read = [dataclasses.replace(mark, factor=1.0) if _is_factor(mark) else mark for mark in marks]
    return read, "m"


def _signed(parts: pa.StructArray) -> pa.StringArray:
    """Return the bodies with a minus where a sign, in any place, or parentheses say so."""
    signs = pc.binary_join_element_wise(
        *(parts.field(name) for name in ("before", "after", "behind")), ""
    )
    minus = pc.match_substring_regex(signs, rf"[{MINUS}]")
    is_opened, is_closed = (pc.not_equal(parts.field(name), "") for name in ("open", "close"))
    body = pc.if_else(pc.xor(is_opened, is_closed), None, parts.field("body"))
    negative = pc.binary_join_element_wise("-", body, "")
    return pc.if_else(pc.xor(minus, is_opened), negative, body)


def _told(
    parts: pa.StructArray, is_number: np.ndarray, unit: str, factors: Floats
) -> Iterable[str]:
    read = parts.filter(pa.array(is_number))
    if unit:
        yield _name_of(unit)
    if np.any(factors[is_number] > 1):
        yield "K for thousands and M for millions"
    if pc.any(pc.equal(read.field("open"), "(")).as_py():
        yield "parentheses around negative ones"
    if pc.any(pc.not_equal(read.field("behind"), "")).as_py():
        yield "the minus behind"


def _name_of(unit: str) -> str:
    if unicodedata.normalize("NFKC", unit) in ("%", "٪"):
        return "percent signs"
    is_money = not unit.strip(".").isalpha() or unit.strip(".").casefold() in COMMON_CURRENCIES
    return f"a currency, {unit}" if is_money and is_currency(unit) else f"the unit {unit}"


def _is_sign(unit: str) -> bool:
    """Tell whether a unit is a sign that means nothing else: money or a share."""
    return any(unicodedata.category(character) in ("Sc", "Po", "So") for character in unit)


def is_currency(text: str) -> bool:
    """Tell whether a text is a currency: a sign, an abbreviation of any language, or a code."""
    stripped = text.strip().strip(".")
    if any(unicodedata.category(character) == "Sc" for character in stripped):
        return len(stripped) <= 5
    folded = stripped.casefold()
    return folded in COMMON_CURRENCIES or (len(folded) <= LONGEST and folded in _currencies())


@functools.cache
def _currencies() -> frozenset[str]:
    """Return codes (ISO 4217) and abbreviations of currencies, of all languages of the CLDR."""
    from babel import Locale, localedata  # noqa: PLC0415 - takes a while, and few columns need it

    languages = [name for name in localedata.locale_identifiers() if "_" not in name]
    known = {str(code) for code in Locale("en").currencies}
    for language in languages:
        known.update(map(str, Locale.parse(language).currency_symbols.values()))
    plain = {re.sub(r"[\u200e\u200f]", "", text).strip(" .").casefold() for text in known}
    return frozenset(text for text in plain if len(text) > 1) | COMMON_CURRENCIES
