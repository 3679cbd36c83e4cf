"""Options of multiple-response questions: columns that hold an answer where it was chosen."""

import dataclasses

import numpy as np

from simulacra.engine.columns.boolean import BOOLEAN, LEVELS, UNCHOSEN
from simulacra.engine.columns.drafts import Draft, Note
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL

OPPOSITES = {
    "yes": "no", "y": "n", "ja": "nein", "j": "n", "oui": "non", "si": "no", "sí": "no",
    "sim": "não", "true": "false",
}  # fmt: skip
CHOSEN = 1.0


def fill(draft: Draft) -> Draft:
    """Return a column with a single answer with its blanks taken as "not chosen".

    Other columns are returned as they are.
    """
    known = draft.known
    if known.all() or not known.any():
        return draft
    blanks = int((~known).sum())
    if draft.type is INTEGER and np.all(draft.values[known] == CHOSEN):
        note = Note("filled", f"{blanks} blanks in a column of 1 alone taken as 0", blanks)
        return dataclasses.replace(draft, values=np.where(known, draft.values, 0.0)).with_notes(
            note
        )
    answers = np.unique(draft.values[known])
    if draft.type is not NOMINAL or len(answers) > 1 or len(draft.label_values) > 1:
        return draft
    answer = draft.levels[int(answers[0])]
    other = _opposite(answer)
    note = Note("filled", f"{blanks} blanks beside a single answer taken as {other!r}", blanks)
    values = np.where(known, 1.0, 0.0)
    return dataclasses.replace(
        draft, values=values, levels=(other, answer), label_values=()
    ).with_notes(note)


def _opposite(answer: str) -> str:
    word = OPPOSITES.get(answer.casefold())
    if word is None:
        return UNCHOSEN
    if answer.isupper():
        return word.upper()
    return word.title() if answer[0].isupper() else word


def as_stated(draft: Draft) -> Draft:
    """Return a column whose codes 0 and 1 have the labels false and true as a boolean."""
    if [*draft.levels] == [*LEVELS] and [*draft.label_values] == [0, 1]:
        return Draft(BOOLEAN, draft.values, LEVELS, notes=draft.notes)
    return draft


def as_boolean(draft: Draft, counted: float) -> Draft:
    """Return an unlabelled option of a dichotomous set as a boolean: chosen or not.

    Args:
        draft: the option, as numbers.
        counted: the number that means "chosen".
    """
    known = draft.known
    values = np.where(known, draft.values == counted, np.nan)
    notes = [Note("typed", "an option of a multiple-response set: chosen or not", int(known.sum()))]
    if np.all(values[known] == 1) and not known.all():
        blanks = int((~known).sum())
        values = np.nan_to_num(values)
        notes.append(Note("filled", f"{blanks} blanks taken as not chosen", blanks))
    return Draft(BOOLEAN, values, LEVELS, notes=(*draft.notes, *notes))
