"""Names of months, weekdays and halves of the day in the languages of CLDR, as Babel has them."""

from __future__ import annotations

import collections
import dataclasses
import functools
import pickle
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from babel import Locale

FIRST = "en"
"""Tried before all languages are loaded, which takes half a second."""
SCRIPT = 4
"""Letters of the script in a code such as sr_Latn; what is shorter is a territory."""
OF_MONTHS = ("wide", "abbreviated")
EXTRA = {"de": {"mrz": 3}, "id": {"agt": 8}}
"""Abbreviations that office programs write and CLDR does not have."""
LITERAL = re.compile(r"'([^']*)'|([^\W\d_a-zA-Z]+)")
AFFIXES = {"he": ("ב", ""), "eu": ("", "ren")}
"""What stands before and behind a month without a space."""
NUMBERED = ("ja", "ko", "vi", "zh")
"""Languages that write months as numbers."""


@dataclasses.dataclass(frozen=True)
class Language:
    """What one language calls the parts of a date; all names are folded.

    Attributes:
        code: such as ``pt`` or ``sr_Latn``.
        months: name to the number of the month, 1 to 12.
        weekdays: the words of their names.
        halves: name of a half of the day to ``a`` or ``p``.
        fillers: words that its dates have between the numbers.
    """

    code: str
    months: Mapping[str, int]
    weekdays: frozenset[str]
    halves: Mapping[str, str]
    fillers: frozenset[str]


def fold(name: str) -> str:
    """Return a name without what spellings differ in: case, full stops, forms of one character."""
    if name.isascii():
        return name.lower().replace(".", "").strip()
    folded = unicodedata.normalize("NFKC", name.lower())
    return "".join(c for c in folded if c != "." and unicodedata.category(c) != "Cf").strip()


@functools.cache
def language(code: str) -> Language:
    """Return what a language calls the parts of a date."""
    locale = _locale(code)
    weekdays = {part: 1 for name in _weekdays(locale) for part in re.split(r"[\s-]+", name)}
    return Language(
        code,
        _months(code),
        frozenset(_with_unaccented(weekdays)),
        _halves_of(locale.day_periods),
        frozenset(_fillers(locale)),
    )


@functools.cache
def by_month() -> Mapping[str, tuple[str, ...]]:
    """Return the codes of the languages that have a month of each name."""
    from babel import localedata  # noqa: PLC0415 - the API process does not need it

    codes = collections.defaultdict(list)
    for code in sorted(localedata.locale_identifiers()):
        if all(len(part) == SCRIPT for part in code.split("_")[1:]):
            for name in _months(code):
                codes[name].append(code)
    return {name: tuple(found) for name, found in codes.items()}


@functools.cache
def halves() -> Mapping[str, str]:
    """Return what all languages call the halves of the day; a name for both is left out."""
    from babel import localedata  # noqa: PLC0415 - as above

    found: dict[str, str] = {}
    for code in localedata.locale_identifiers():
        own = _own(code).get("day_periods", {})
        for name, half in _halves_of(own).items():
            found[name] = half if found.get(name, half) == half else ""
    return found


@functools.cache
def territories() -> collections.Counter[str]:
    """Return in how many territories CLDR knows each language to be written."""
    from babel import localedata  # noqa: PLC0415 - as above

    return collections.Counter(code.split("_")[0] for code in localedata.locale_identifiers())


@functools.cache
def fillers_beside_numbers() -> frozenset[str]:
    """Return the words of languages that write months as numbers, such as those for year."""
    words: set[str] = set()
    for code in NUMBERED:
        wide = _locale(code).months["format"]["wide"].values()
        words |= {fold(re.sub(r"\d", "", name)) for name in wide} | language(code).fillers
    return frozenset(words)


def _own(code: str) -> Mapping[str, Any]:
    """Return the data of a locale without what it inherits, which takes most of the time.

    Babel's own loader would keep it for the whole of the data afterwards.
    """
    from babel import localedata  # noqa: PLC0415 - as above

    with Path(localedata.resolve_locale_filename(code)).open("rb") as file:
        return dict(pickle.load(file))  # noqa: S301 - a file of an installed package


def _locale(code: str) -> Locale:
    from babel import Locale  # noqa: PLC0415 - as above

    return Locale.parse(code)


@functools.cache
def _months(code: str) -> dict[str, int]:
    """Return its own names of months; what it shares with all languages has none."""
    found = dict(EXTRA.get(code, {}))
    own = _own(code).get("months", {})
    for context in filter(_is_given, own.values()):
        for names in filter(_is_given, map(context.get, OF_MONTHS)):
            for number, name in names.items():
                folded = fold(name)
                if len(folded) > 1 and not any(map(str.isdigit, folded)):
                    found.setdefault(folded, int(number))
    before, behind = AFFIXES.get(code, ("", ""))
    found |= {f"{before}{name}{behind}": number for name, number in found.items()}
    words = collections.defaultdict(set)
    for name, number in found.items():
        for word in re.split(r"[\s'\u2019]+", name):
            words[word].add(number)
    of_one = {
        word: numbers.pop()
        for word, numbers in words.items()
        if len(numbers) == 1 and len(word) > len("de")
    }
    return _with_unaccented(of_one | found)


def _weekdays(locale: Locale) -> Iterable[str]:
    for context in locale.days.values():
        for names in context.values():
            yield from map(fold, names.values())


def _halves_of(day_periods: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for context in filter(_is_given, day_periods.values()):
        for names in filter(_is_given, map(context.get, OF_MONTHS)):
            for half in ("am", "pm"):
                if half in names:
                    found[fold(names[half])] = half[0]
    return found


def _is_given(data: object) -> bool:
    """Tell whether a part of a locale's data is given, and not a reference to another part."""
    return isinstance(data, Mapping)


def _fillers(locale: Locale) -> Iterable[str]:
    formats = [*locale.date_formats.values()]
    skeletons = locale.datetime_skeletons
    formats += [skeletons[name] for name in ("yMMMM", "yMMM") if name in skeletons]
    for form in formats:
        for quoted, bare in LITERAL.findall(form.pattern):
            yield from fold(quoted or bare).split()


def _with_unaccented(names: dict[str, int]) -> dict[str, int]:
    """Return the names and, where that is no other name, the same without their accents."""
    found = dict(names)
    for name, number in names.items():
        if name.isascii():
            continue
        decomposed = unicodedata.normalize("NFD", name)
        bare = "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f")
        found.setdefault(bare, number)
    return found
