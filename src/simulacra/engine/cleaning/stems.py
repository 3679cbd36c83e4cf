"""Columns that are the options of one question: their names, and which answer means "chosen"."""

import re
from collections.abc import Callable, Sequence

from simulacra.engine.columns import boolean
from simulacra.engine.columns.schema import OF_OPTION, Column

CHOICES = 2
BRACKETED = re.compile(r"(.*\S)\s*\[[^\[\]]+\]")
CODED = re.compile(r"^(\w+)\[\w+\](?=\W)")
"""The code of an option behind that of its question, before the wording: ``Q1[SQ001]. Which?``."""
NUMBERED = re.compile(r"(.*[^\W\d_])[\W_]*\d+")


def _bracketed(column: Column) -> str:
    stem = _matched(BRACKETED, column.label) or _matched(BRACKETED, column.source_name)
    return CODED.sub(r"\1", stem)


def _matched(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.fullmatch(text)
    return found[1] if found else ""


STEMS: tuple[tuple[Callable[[Column], str], int], ...] = (
    (lambda column: column.label.rpartition(OF_OPTION)[0], 2),
    (_bracketed, 2),
    (lambda column: column.label.rpartition(": ")[0], 3),
    (lambda column: column.source_name.rpartition("/")[0], 3),
    (lambda column: column.source_name.rpartition(".")[0], 3),
    (lambda column: _matched(NUMBERED, column.source_name), 3),
)
"""How tools join a question and an option, with how many options these are taken for such: ``which?
- first``, ``which? [first]``, ``which?: first``, ``which/first``, ``which.first``, ``which_1``."""


def is_choice(column: Column) -> bool:
    """Tell whether a column says no more than whether something was chosen."""
    if column.type.is_categorical:
        return len(column.levels) <= CHOICES
    return column.bounds == (0.0, 1.0)


def chosen(columns: Sequence[Column]) -> tuple[bool, str | None]:
    """Return whether the columns say which answer means "chosen", and that answer.

    It is 1 beside 0 and true beside false. Of two levels that all columns have, it is the one that
    says yes, or the one that the other denies by more words before it, as in "not selected". If
    each column has a level of its own beside one that all have, the own one is it.

    Returns:
        The answer is None if it is the second level of each column, or a number.
    """
    pairs = {column.levels for column in columns}
    if not all(map(is_choice, columns)) or any(len(pair) == 1 for pair in pairs):
        return False, None
    if () in pairs:
        return pairs == {()}, None
    if len(pairs) > 1:
        shared = set.intersection(*map(set, pairs))
        return len(shared) == 1 and all(pair[0] in shared for pair in pairs), None
    (pair,) = pairs
    first, second = pair
    for level, other in ((second, first), (first, second)):
        if _affirms(level, other):
            return True, None if level == second else level
    return False, None


def _affirms(level: str, other: str) -> bool:
    if boolean.says(level) is True and boolean.says(other) is not True:
        return True
    if boolean.says(other) is False and boolean.says(level) is None:
        return True
    return other.casefold() != level.casefold() and other.casefold().endswith(level.casefold())
