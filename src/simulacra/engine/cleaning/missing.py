"""Values that stand for no answer because a caller says so."""

import dataclasses

import numpy as np

from simulacra.engine.columns.drafts import Draft, Note
from simulacra.engine.columns.texts.conventions import Conventions


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
