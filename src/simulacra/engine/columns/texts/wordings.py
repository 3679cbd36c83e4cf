"""The words in dates and behind times: which month, which half of the day, which time zone.

The texts of a column have few different wordings, which differ in the numbers alone, so each is
read once. All of a column are in one language: the one that reads most of its rows.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
import re
from typing import TYPE_CHECKING

from simulacra.engine.columns.texts import calendar_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from simulacra.engine.columns.texts.calendar_names import Language

NUMBER = "#"
"""Stands for a number in a wording."""
TOKEN = re.compile(r"#|[^\s#]+")
MAX_NUMBERS = 3
MAX_WORDS = 10
"""Words and numbers of a date; a longer text is prose."""
MAX_LANGUAGES = 12
"""Languages that are tried, of those that know the names of the most rows."""
SHORT = 3
"""Letters of a word before the first number that may mean nothing, such as "le" and "den"; a longer
one may make the number that of a wave or a room."""
COMMON = 0.05
"""Part of the rows that have the same words between their numbers, if these mean nothing."""
DAYS_A_WEEK = 7

OFFSETS = {
    **dict.fromkeys(("z", "utc", "ut", "gmt", "wet"), 0),
    **dict.fromkeys(("cet", "mez", "west"), 60),
    **dict.fromkeys(("cest", "mesz", "eet", "sast"), 120),
    **dict.fromkeys(("eest", "msk"), 180),
    **dict.fromkeys(("sgt", "hkt"), 480),
    **dict.fromkeys(("jst", "kst"), 540),
    "aest": 600,
    "aedt": 660,
    "edt": -240,
    **dict.fromkeys(("est", "cdt"), -300),
    "mdt": -360,
    **dict.fromkeys(("mst", "pdt"), -420),
    "pst": -480,
}
"""Minutes from UTC of the zones whose short names mean one; CST, IST and BST mean several."""
TAIL = re.compile(
    r"\s*(?P<half>[ap]\s?m\b)?\s*"
    r"(?P<zone>(?:utc|gmt|z)?\s?[+-]\d{1,2}(?::?\d{2})?|[^\W\d_]+(?:/[a-z_/+-]+)?)?"
    r"\s*(?:\(.*\)|\[.*\])?\s*(?:\d{4})?[\s.,]*"
)
OFFSET = re.compile(r"(?:utc|gmt|z)?\s?([+-])(\d{1,2}):?(\d{2})?")


@dataclasses.dataclass(frozen=True)
class Wording:
    """What the words of a date say.

    Attributes:
        numbers: how many numbers stand between them.
        month: 1 to 12, or 0 if a number says it.
        half: ``a`` or ``p`` where they say which half of the day a time is of.
        is_bare: there are no words.
    """

    numbers: int
    month: int = 0
    half: str = ""
    is_bare: bool = False


@dataclasses.dataclass(frozen=True)
class Tail:
    """What stands behind a time.

    Attributes:
        half: ``a`` or ``p``; empty on a clock of 24 hours.
        offset: of its zone from UTC in minutes; None without a zone, or if it is not known.
        is_unknown: it names something that is no known zone.
    """

    half: str = ""
    offset: int | None = None
    is_unknown: bool = False


@dataclasses.dataclass(frozen=True)
class Reading:
    """The wordings of a column, read in one language.

    Attributes:
        wordings: one a text; None for one that is not of a date.
        language: that was chosen; None if there are no names of months.
        is_certain: no other language reads as many rows and takes a name for another month.
    """

    wordings: list[Wording | None]
    language: Language | None = None
    is_certain: bool = True


def read(texts: Sequence[str], counts: Sequence[int]) -> Reading:
    """Return what the wordings of a column say.

    Args:
        texts: the different wordings, folded, a `NUMBER` for each number.
        counts: the rows that have each.
    """
    tokens = [TOKEN.findall(text) for text in texts]
    plain = [_without_month(words) for words in tokens]
    weekdays = {words[0] for words, found in zip(tokens, plain, strict=True) if found is None
                and words[1:] == [NUMBER] * MAX_NUMBERS}  # fmt: skip
    if len(weekdays) <= DAYS_A_WEEK:
        plain = [Wording(MAX_NUMBERS) if found is None and words[1:] == [NUMBER] * MAX_NUMBERS
                 else found for words, found in zip(tokens, plain, strict=True)]  # fmt: skip
    named = [i for i, found in enumerate(plain) if found is None and _may_be_date(tokens[i])]
    if not named:
        return Reading(plain)
    rows = [counts[i] for i in named]
    language, read_so, is_certain = _in_best_language([tokens[i] for i in named], rows)
    for position, wording in zip(named, read_so, strict=True):
        plain[position] = wording
    return Reading(plain, language, is_certain)


def _may_be_date(words: Sequence[str]) -> bool:
    return 1 <= words.count(NUMBER) < min(MAX_NUMBERS, len(words)) and len(words) <= MAX_WORDS


def _without_month(words: Sequence[str]) -> Wording | None:
    """Return a wording of numbers alone, or of a language that writes months as numbers."""
    numbers = words.count(NUMBER)
    if numbers == len(words):
        return Wording(numbers, is_bare=True) if 1 <= numbers <= MAX_NUMBERS else None
    if not 2 <= numbers <= MAX_NUMBERS or all(map(str.isascii, words)):
        return None
    others = [word for word in words if word != NUMBER]
    halves = [half for word in others if (half := _eastern_halves().get(word))]
    known = calendar_names.fillers_beside_numbers() | _eastern_halves().keys()
    if not known.issuperset(others):
        return None
    return Wording(numbers, half="".join(halves[:1]))


@functools.cache
def _eastern_halves() -> Mapping[str, str]:
    languages = map(calendar_names.language, calendar_names.NUMBERED)
    return dict(itertools.chain.from_iterable(one.halves.items() for one in languages))


def _in_best_language(
    wordings: Sequence[Sequence[str]], counts: Sequence[int]
) -> tuple[Language, list[Wording | None], bool]:
    """Return the language that reads the most rows, what it reads, and whether no other does."""
    english = calendar_names.language(calendar_names.FIRST)
    best = english, _in_language(english, wordings, counts), True
    if None not in best[1]:
        return best
    most = _rows(best[1], counts)
    for code in _candidates(wordings, counts):
        language = calendar_names.language(code)
        found = _in_language(language, wordings, counts)
        rows = _rows(found, counts)
        if rows > most:
            best, most = (language, found, True), rows
        elif rows == most and found != best[1]:
            best = *best[:2], False
    return best


def _rows(found: Sequence[Wording | None], counts: Sequence[int]) -> int:
    return sum(count for wording, count in zip(found, counts, strict=True) if wording)


def _candidates(wordings: Sequence[Sequence[str]], counts: Sequence[int]) -> list[str]:
    """Return the codes of languages that know the months of the most rows, common ones first."""
    by_month = calendar_names.by_month()
    rows: collections.Counter[str] = collections.Counter()
    for words, count in zip(wordings, counts, strict=True):
        known = (by_month.get(word, ()) for word in words)
        for code in set(itertools.chain.from_iterable(known)):
            rows[code] += count
    spread = calendar_names.territories()
    return sorted(rows, key=lambda code: (-rows[code], -spread[code], code))[:MAX_LANGUAGES]


def _in_language(
    language: Language, wordings: Sequence[Sequence[str]], counts: Sequence[int]
) -> list[Wording | None]:
    found = [_with_month(language, words) for words in wordings]
    rows: collections.Counter[tuple[str, ...]] = collections.Counter()
    for pair, count in zip(found, counts, strict=True):
        if pair is not None:
            rows[pair[1]] += count
    least = COMMON * sum(rows.values())
    return [None if pair is None or (pair[1] and rows[pair[1]] < least) else pair[0]
            for pair in found]  # fmt: skip


def _with_month(language: Language, words: Sequence[str]) -> tuple[Wording, tuple[str, ...]] | None:
    """Return a wording and those of its words that mean nothing; None if it names no month."""
    months = {i: month for i, word in enumerate(words) if (month := _month(language, word))}
    if len(months) > 1:  # mar is Tuesday and March
        days = [i for i in months if words[i] in language.weekdays]
        for i in days[: len(months) - 1]:
            del months[i]
    if len(months) != 1:
        return None
    ((at, month),) = months.items()
    half, idle = "", []
    first = words.index(NUMBER)
    for i, word in enumerate(words):
        if word == NUMBER or i == at or word in language.weekdays or word in language.fillers:
            continue
        if word in language.halves:
            half = language.halves[word]
        elif i > first or len(word) <= SHORT:
            idle.append(word)
        else:
            return None
    return Wording(words.count(NUMBER), month, half), tuple(idle)


def _month(language: Language, word: str) -> int:
    """Return the month that a word names or abbreviates; 0 if it names none."""
    found = language.months.get(word, 0)
    if found or len(word) < SHORT:
        return found
    begun = {number for name, number in language.months.items() if name.startswith(word)}
    return begun.pop() if len(begun) == 1 else 0


def tails(texts: Iterable[str], language: Language | None) -> list[Tail | None]:
    """Return what stands behind the times of a column; None where no time has such an end."""
    return [_tail(text, language) for text in texts]


def _tail(text: str, language: Language | None) -> Tail | None:
    half, rest = _half(text, language)
    match = TAIL.fullmatch(rest)
    if match is None:
        return None
    half = half or (match["half"] or "")[:1]
    zone = (match["zone"] or "").strip()
    if not zone:
        return Tail(half)
    if zone in OFFSETS:
        return Tail(half, OFFSETS[zone])
    shift = OFFSET.fullmatch(zone)
    if shift is None:
        half = half or calendar_names.halves().get(text.strip(), "")
        return Tail(half, is_unknown=not half)
    minutes = int(shift[2]) * 60 + int(shift[3] or 0)
    return Tail(half, -minutes if shift[1] == "-" else minutes)


def _half(text: str, language: Language | None) -> tuple[str, str]:
    """Return the half of the day that a text begins with in a language, and the rest."""
    closed = text.strip()
    for name, half in {} if language is None else language.halves.items():
        spelled = r"\s?".join(map(re.escape, name.replace(" ", "")))
        match = re.match(rf"{spelled}(?![^\W\d_])", closed)
        if match:
            return half, closed[match.end() :]
    return "", text
