"""What a column of text is: numbers, dates, a boolean, or levels."""

import dataclasses
import re
from collections import defaultdict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.cleaning import dates, numerals
from simulacra.engine.cleaning.drafts import (
    MAX_EXACT,
    Draft,
    Note,
    Values,
    floats,
    looked_up,
    number,
)
from simulacra.engine.cleaning.sources import NUL
from simulacra.engine.cleaning.strays import Counts
from simulacra.engine.columns.schema import ColumnType

MISSING = (
    *("NA", "N/A", "n/a", "n.a.", "N.A.", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "nan", "-NaN"),
    *("-nan", "NULL", "null", "Null", "#NULL!", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!"),
    *(".", "-", "--", "?", "N/a", "na"),
)
"""Spellings of a missing value. 'None' is not among them: in surveys it is an answer."""

MAX_TIDIED = 10_000
"""More different texts are no categories, whatever their order."""

DIGITS = re.compile(r"(\d[\d,]{0,17})")
PROBE = 50


def recognise(array: pa.ChunkedArray, *, as_levels: bool = False) -> Draft:
    """Return the draft of a text column.

    Args:
        array: strings, any of which may be null.
        as_levels: the texts are wanted as they stand.
    """
    trimmed = pc.utf8_trim_whitespace(array)
    if not as_levels and (plain := _plain_numbers(trimmed)):
        return plain
    encoded = trimmed.combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    distinct, codes = encoded.dictionary, floats(pa.chunked_array([encoded.indices]))
    counts = np.bincount(codes[~np.isnan(codes)].astype(np.int64), minlength=len(distinct))
    is_blank = np.asarray(pc.equal(distinct, ""), dtype=bool)
    is_missing = np.asarray(pc.is_in(distinct, pa.array(MISSING)), dtype=bool)
    notes = _missing_notes(distinct, counts, is_missing)
    is_filled = ~(is_blank | is_missing)
    filled = distinct.filter(pa.array(is_filled))
    draft = _draft(filled, counts[is_filled], as_levels=as_levels)
    positions = np.where(is_filled, np.cumsum(is_filled) - 1, np.nan)
    values = looked_up(draft.values, looked_up(positions, codes))
    if draft.type in (ColumnType.INTEGER, ColumnType.NUMBER):
        return number(values).noting(*notes, *draft.notes)
    return Draft(draft.type, values, draft.levels, notes=(*notes, *draft.notes))


def _plain_numbers(trimmed: pa.ChunkedArray) -> Draft | None:
    """Return the draft of the common case, plain numbers, without looking at different texts."""
    probe = trimmed.slice(0, PROBE).drop_null()
    if not pc.all(pc.match_substring_regex(probe, numerals.PLAIN), min_count=0).as_py():
        return None
    try:
        values = floats(trimmed.cast(pa.float64()))
    except pa.ArrowInvalid:
        return None
    known = np.asarray(trimmed.is_valid())
    is_sound = np.all(np.abs(values[known]) < MAX_EXACT)  # not so of NaN and infinity
    if not known.any() or not is_sound or _is_padded(trimmed):
        return None
    return number(values)


def _is_padded(trimmed: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.match_substring_regex(trimmed, numerals.PADDED)).as_py())


def _missing_notes(
    distinct: pa.StringArray, counts: Counts, is_missing: np.ndarray
) -> tuple[Note, ...]:
    found = zip(distinct.filter(pa.array(is_missing)).to_pylist(), counts[is_missing], strict=True)
    return tuple(
        Note("blanked", f"{count} cells with {text!r} taken as missing", int(count))
        for text, count in found
    )


def _draft(filled: pa.StringArray, counts: Counts, *, as_levels: bool) -> Draft:
    """Return a draft with one value for each different text."""
    if not as_levels and len(filled):
        if is_boolean := _as_booleans(filled):
            return is_boolean
        if numbers := numerals.parse(filled, counts):
            return Draft(ColumnType.NUMBER, numbers.values, notes=numbers.notes)
        if moments := dates.parse(filled, counts):
            return Draft(moments.type, moments.values, notes=moments.notes)
    return _as_levels(filled.to_pylist(), counts)


def _as_booleans(filled: pa.StringArray) -> Draft | None:
    lowered = pc.utf8_lower(filled)
    if set(lowered.slice(0, PROBE).to_pylist()) != {"false", "true"} or len(filled) > PROBE:
        return None
    return Draft(ColumnType.BOOLEAN, _numbers(pc.equal(lowered, "true")), ("false", "true"))


def _numbers(cells: pa.Array) -> Values:
    return np.asarray(cells, dtype=np.float64)


def _as_levels(texts: list[str], counts: Counts) -> Draft:
    if len(texts) > MAX_TIDIED:
        order = sorted(texts)
        place = {text: float(index) for index, text in enumerate(order)}
        return Draft(ColumnType.NOMINAL, _numbers([place[text] for text in texts]), tuple(order))
    spelling, notes = _spellings(texts, counts)
    order = sorted(set(spelling.values()), key=natural)
    place = {text: float(index) for index, text in enumerate(order)}
    values = _numbers([place[spelling[text]] for text in texts])
    return Draft(ColumnType.NOMINAL, values, tuple(order), notes=notes)


def _spellings(texts: list[str], counts: Counts) -> tuple[dict[str, str], tuple[Note, ...]]:
    """Map each text to the commonest spelling among those that differ in case and spaces alone."""
    alike: dict[str, list[int]] = defaultdict(list)
    for index, text in enumerate(texts):
        alike[" ".join(text.split()).casefold()].append(index)
    spelling = {}
    for members in alike.values():
        best = texts[max(members, key=lambda index: (counts[index], texts[index]))]
        spelling.update({texts[index]: " ".join(best.split()) for index in members})
    merged = len(texts) - len(alike)
    reason = f"{merged} spellings that differ in case or spaces alone joined to the commonest"
    return spelling, (Note("merged", reason, merged),) if merged else ()


def without_nul(draft: Draft) -> Draft:
    """Return a draft without NUL in its levels; those that are alike then become one."""
    padded = sum(NUL in level for level in draft.levels)
    if not padded:
        return draft
    stripped = [level.replace(NUL, "").strip() for level in draft.levels]
    levels = tuple(dict.fromkeys(filled for filled in stripped if filled))
    place = dict(zip(levels, range(len(levels)), strict=True))
    table = _numbers([place.get(level, np.nan) for level in stripped])
    note = Note("relabelled", f"NUL characters removed from {padded} levels", padded)
    values = looked_up(table, draft.values)
    return dataclasses.replace(draft, values=values, levels=levels, codes=()).noting(note)


def natural(text: str) -> tuple[tuple[str | int, ...], str]:
    """Return a sort key under which 9 comes before 10 and case does not matter."""
    parts = DIGITS.split(text.casefold())
    key = [int(part.replace(",", "")) if place % 2 else part for place, part in enumerate(parts)]
    return tuple(key), text
