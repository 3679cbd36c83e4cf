"""Values that stand for no answer: those that a caller names, and those that look like it."""

import dataclasses
import json
import re
from collections.abc import Iterable

import numpy as np

from simulacra.engine import disclosure
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.drafts import Draft, Note
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.schema import CleaningAction, Column
from simulacra.engine.columns.texts.conventions import Conventions
from simulacra.engine.words import Words

SET_ASIDE = re.compile(r"7+|8+|9+|9+[4-9]")
"""Digits of the codes that coders set aside for answers that are no number."""
MIN_VALUES = 5
MIN_GAP, MIN_GAP_SHARE = 2, 0.25
"""How far such a code is above the other values, and in shares of the length of their range."""


def blank(draft: Draft, conventions: Conventions) -> Draft:
    """Return a column without the values that stand for no answer.

    A value is named by its text, by its number, or by the code behind its label. Columns of texts
    have lost theirs when they were recognised.
    """
    stated = {*(conventions.missing or ()), *conventions.also_missing}
    if not stated:
        return draft
    numbers = np.array([float(text) for text in stated if _is_number(text)])
    if draft.type.is_categorical:
        codes = draft.label_values or [np.nan] * len(draft.levels)
        named = [level in stated or code in numbers
                 for level, code in zip(draft.levels, codes, strict=True)]  # fmt: skip
        is_missing = np.isin(draft.values, np.flatnonzero(named))
    else:
        is_missing = np.isin(draft.values, numbers)
    count = int(is_missing.sum())
    if not count:
        return draft
    note = Note("blanked", f"{count} values stand for no answer, as requested", count)
    values = np.where(is_missing, np.nan, draft.values)
    return dataclasses.replace(draft, values=values).with_notes(note)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def noticed(columns: Iterable[tuple[Column, Draft]], words: Words) -> list[CleaningAction]:
    """Return what looks like codes for no answer among whole numbers without labels.

    Without a label it may be a number as well, so it stays one until a caller says otherwise.
    """
    found = []
    for column, draft in columns:
        codes = _codes(draft.values[draft.known]) if draft.type is INTEGER else {}
        if codes:
            listed = ", ".join(f"{code:g}" for code in codes)
            option = json.dumps({column.source_name: [int(code) for code in codes]})
            reason = (
                f"{sum(codes.values())} rows have {listed}, apart from all other values; if that "
                f"stands for no answer, state it: {words.missing} = {option}"
            )
            found.append(CleaningAction(column.name, "noticed", reason, sum(codes.values())))
    return found


def _codes(known: Floats) -> dict[float, int]:
    """Return values that look like codes for no answer, and how many rows have each."""
    values, counts = np.unique(known, return_counts=True)
    below_zero = int(np.sum(values < 0))
    top = _beginning_of_top(values[below_zero:]) + below_zero
    apart = [*range(top, len(values))]
    if below_zero == 1 and (values[0] == -1 or _is_set_aside(values[0])):
        apart.append(0)
    if len(values) - len(apart) < MIN_VALUES:
        return {}
    return {
        float(values[index]): int(counts[index])
        for index in sorted(apart)
        if counts[index] >= disclosure.THRESHOLD
    }


def _beginning_of_top(values: Floats) -> int:
    """Return the position from which on values are codes, well above those before them."""
    for index in range(len(values) - 1, 0, -1):
        if not _is_set_aside(values[index]):
            break
        gap = max(MIN_GAP, MIN_GAP_SHARE * float(values[index - 1] - values[0]))
        if values[index] - values[index - 1] >= gap:
            return index
    return len(values)


def _is_set_aside(value: float) -> bool:
    return SET_ASIDE.fullmatch(f"{abs(value):.0f}") is not None
