"""Codings: how the file of a study holds a column, told of the column as it was cleaned."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from simulacra.engine.codebook import Code, Coding, Variable
from simulacra.engine.columns import boolean
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.drafts import Draft

FALSE, TRUE = boolean.LEVELS
EXACT = 2**53
"""Whole numbers below it can all be told apart."""
REACH = 10_000
"""How far from other codes a new one is looked for."""


def of(draft: Draft, variable: Variable, array: pa.ChunkedArray) -> Coding | None:
    """Return how the file holds a column; None if it has no codes for it.

    Every level has a code, or is what a blank stands for. A level that is in no cell, such as the
    one that rare levels were pooled into, gets a code of the file that has its label and is no
    other level's, or else a code that nothing has.

    Args:
        draft: the column.
        variable: its entry in the codebook.
        array: the column as it was read.
    """
    if variable.coding is None:
        return None
    coding = dataclasses.replace(
        variable.coding,
        labels={code: it for code, it in variable.coding.labels.items() if _is_finite(code)},
    )
    if not draft.type.is_categorical:
        # Numbers and dates that were texts are written as what they are.
        return None if coding.is_text else dataclasses.replace(coding, codes=())
    known = _known(draft, variable, coding, array)
    numbers = _number_codes(known, coding)
    taken = {known[level] for level in draft.levels if level in known}
    codes: list[Code | None] = []
    for level in draft.levels:
        if level in known:
            codes.append(known[level])
        elif level == draft.levels[0] and _is_filled(draft):
            codes.append(None)
        elif (spare := _spare(level, coding, taken)) is not None:
            codes.append(spare)
        else:
            codes.append(_text_code(level, known) if coding.is_text else next(numbers))
    missing = tuple(ends for ends in coding.missing if not _holds_any(ends, codes))
    return dataclasses.replace(coding, codes=tuple(codes), missing=missing)


def _known(
    draft: Draft, variable: Variable, coding: Coding, array: pa.ChunkedArray
) -> Mapping[str, Code]:
    """Return the code of each level that the file has cells or labels of."""
    if variable.is_labelled:
        levels = array.chunk(0).dictionary.to_pylist()
        known = {
            level: code
            for level, code in zip(levels, coding.codes, strict=True)
            if code is not None and _is_finite(code)
        }
    elif variable.counted is not None and draft.type is BOOLEAN:
        return _of_choice(variable.counted, array)
    elif coding.is_text:
        known = {level: level for level in draft.levels[int(_is_filled(draft)) :]}
    else:
        known = {level: code for level in draft.levels if (code := _number(level)) is not None}
    if draft.type is BOOLEAN and known.keys().isdisjoint(boolean.LEVELS):
        said = {boolean.says(level): code for level, code in known.items()}
        meanings = {FALSE: said.get(False), TRUE: said.get(True)}
        return {level: code for level, code in meanings.items() if code is not None}
    return known


def _of_choice(counted: float, array: pa.ChunkedArray) -> Mapping[str, Code]:
    """Return the codes of an option without labels: what is counted, and the least other number."""
    values = np.unique(array.cast("float64").drop_null().to_numpy())
    others = values[values != counted]
    return {TRUE: counted} | ({FALSE: float(others[0])} if len(others) else {})


def _is_filled(draft: Draft) -> bool:
    """Tell whether blanks stand for the first of two levels."""
    return len(draft.levels) == 2 and any(note.action == "filled" for note in draft.notes)


def _number(level: str) -> float | None:
    try:
        number = float(level)
    except ValueError:
        return None
    return number if _is_finite(number) else None


def _is_finite(code: Code) -> bool:
    return isinstance(code, str) or bool(np.isfinite(code))


def _spare(level: str, coding: Coding, taken: set[Code]) -> Code | None:
    """Return the first code that the file labels as a level, and that no level has."""
    labelled = (code for code, label in coding.labels.items() if " ".join(label.split()) == level)
    free = (it for it in labelled if it not in taken and not _is_missing(it, coding.missing))
    return next(free, None)


def _number_codes(known: Mapping[str, Code], coding: Coding) -> Iterator[float]:
    """Yield whole numbers that no code is, beyond all codes if what is missing leaves room there.

    A range of missing values may have no end. Then come the numbers from 0 down, and at last those
    that the file declares to be missing.
    """
    labelled = [
        code for code in coding.labels if not _is_missing(code, coding.missing)
    ]  # a code for no answer is often far above the others
    used = [number for code in (*known.values(), *labelled) if abs(number := float(code)) < EXACT]
    taken = {float(code) for code in (*known.values(), *coding.labels)}
    first = max(0, *map(int, used)) + 1 if used else 1
    near = itertools.chain(range(first, first + REACH), range(0, -REACH, -1))
    valid = (code for code in near if not _is_missing(float(code), coding.missing))
    for code in itertools.chain(valid, itertools.count(first)):
        if code not in taken:
            taken.add(float(code))
            yield float(code)


def _text_code(level: str, known: Mapping[str, Code]) -> str:
    """Return a level as a code of its own."""
    taken = {*known.values()}
    numbered = (f"{level} {number}" for number in itertools.count(2))
    return next(code for code in itertools.chain([level], numbered) if code not in taken)


def _is_missing(code: Code, missing: tuple[tuple[Code, Code], ...]) -> bool:
    return any(_holds_any(ends, [code]) for ends in missing)


def _holds_any(ends: tuple[Code, Code], codes: list[Code | None]) -> bool:
    """Tell whether a range has one of some codes, which are all of its kind."""
    low, high = ends
    if isinstance(low, str) or isinstance(high, str):
        return any(code in ends for code in codes)
    return any(code is not None and low <= float(code) <= high for code in codes)
