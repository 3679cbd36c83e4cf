"""Text columns: which of them are numbers, dates, booleans or levels."""

import dataclasses
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine import disclosure
from simulacra.engine.cleaning.sources import NUL
from simulacra.engine.columns import registry
from simulacra.engine.columns.arrays import Flags, Floats, Int64s
from simulacra.engine.columns.drafts import Draft, Note, floats, look_up
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.number import MAX_EXACT, NUMBER
from simulacra.engine.columns.texts import numerals
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

MISSING = (
    *("NA", "N/A", "n/a", "n.a.", "N.A.", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "nan", "-NaN"),
    *("-nan", "NULL", "null", "Null", "#NULL!", "#DIV/0!", "#REF!", "#VALUE!", "#NAME?", "#NUM!"),
    *(".", "-", "--", "?", "N/a", "na"),
)
"""Spellings of a missing value. 'None' is not among them: in surveys it is an answer."""

PROBE = 50
"""The first texts of a column; if they are plain numbers, all of them may be."""


def recognise(
    array: pa.ChunkedArray, conventions: Conventions = UNKNOWN, *, as_levels: bool = False
) -> Draft:
    """Return the draft of a text column.

    Args:
        array: strings, shape (rows,); any may be null.
        conventions: how they are written, as far as that is known.
        as_levels: keep the texts as levels even where they could be read as another type.
    """
    trimmed = pc.utf8_trim_whitespace(array)
    is_plain = conventions.missing is None and not conventions.also_missing
    if is_plain and not as_levels and (plain := _plain_numbers(trimmed, conventions)):
        return plain
    encoded = trimmed.combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    distinct, codes = encoded.dictionary, floats(pa.chunked_array([encoded.indices]))
    counts = np.bincount(codes[~np.isnan(codes)].astype(np.int64), minlength=len(distinct))
    is_blank = np.asarray(pc.equal(distinct, ""), dtype=bool)
    is_missing = stand_for_no_answer(distinct, conventions)
    notes = _missing_notes(distinct, counts, is_missing)
    is_filled = ~(is_blank | is_missing)
    filled = distinct.filter(pa.array(is_filled))
    recognise_texts = NOMINAL.recognise if as_levels or not len(filled) else registry.recognise
    draft = recognise_texts(filled, counts[is_filled], conventions)
    positions = np.where(is_filled, np.cumsum(is_filled) - 1, np.nan)
    values = look_up(draft.values, look_up(positions, codes))
    if draft.type is NUMBER:
        read = dataclasses.replace(
            registry.of_numbers(values), unit=draft.unit, notes=(*notes, *draft.notes)
        )
    else:
        read = dataclasses.replace(draft, values=values, notes=(*notes, *draft.notes))
    stated = {*public(distinct, counts, is_missing), *(draft.conventions.missing or ())}
    found = dataclasses.replace(draft.conventions, missing=tuple(sorted(stated)))
    return dataclasses.replace(read, conventions=found)


def stand_for_no_answer(distinct: pa.StringArray, conventions: Conventions) -> Flags:
    """Return which texts stand for no answer; a number stands for each way to write it."""
    stated = conventions.missing if conventions.missing is not None else MISSING
    listed = [*stated, *conventions.also_missing]
    is_missing = np.asarray(pc.is_in(distinct, pa.array(listed, pa.string())), dtype=bool)
    numbers = {float(text) for text in listed if re.fullmatch(numerals.PLAIN, text)}
    if numbers:
        is_number = pc.match_substring_regex(distinct, numerals.PLAIN)
        cells = pc.if_else(is_number, distinct, None).cast(pa.float64())
        is_missing |= np.isin(np.asarray(pc.fill_null(cells, np.nan)), list(numbers))
    return is_missing


def public(distinct: pa.StringArray, counts: Int64s, is_missing: Flags) -> list[str]:
    """Return the texts for no answer that tell nothing of one respondent."""
    is_public = (counts >= disclosure.THRESHOLD) | np.asarray(pc.is_in(distinct, pa.array(MISSING)))
    return list(distinct.filter(pa.array(is_missing & is_public)).to_pylist())


def _plain_numbers(trimmed: pa.ChunkedArray, conventions: Conventions) -> Draft | None:
    """Return the draft of plain numbers, None if it is no such column.

    This common case is fast because it needs no list of the different texts.
    """
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
    if conventions.decimal != "." and _may_group(values[known], trimmed):
        return None
    return registry.of_numbers(values)


def _may_group(known: Floats, trimmed: pa.ChunkedArray) -> bool:
    """Tell whether each point has three digits behind it, and so may part thousands."""
    if np.all(known == np.round(known)) and not pc.any(pc.match_substring(trimmed, ".")).as_py():
        return False
    has_three = pc.match_substring_regex(trimmed, r"^[+-]?[1-9]\d{0,2}\.\d{3}$|^[^.]*$")
    return bool(pc.all(has_three).as_py())


def _is_padded(trimmed: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.match_substring_regex(trimmed, numerals.PADDED)).as_py())


def _missing_notes(distinct: pa.StringArray, counts: Int64s, is_missing: Flags) -> tuple[Note, ...]:
    missing = zip(
        distinct.filter(pa.array(is_missing)).to_pylist(), counts[is_missing], strict=True
    )
    return tuple(
        Note("blanked", f"{count} cells with {text!r} taken as missing", int(count))
        for text, count in missing
    )


def without_nul(draft: Draft) -> Draft:
    """Return a draft without NUL characters in its levels; equal levels are then joined."""
    padded = sum(NUL in level for level in draft.levels)
    if not padded:
        return draft
    stripped = [level.replace(NUL, "").strip() for level in draft.levels]
    levels = tuple(dict.fromkeys(filled for filled in stripped if filled))
    positions = dict(zip(levels, range(len(levels)), strict=True))
    table = np.array([positions.get(level, np.nan) for level in stripped])
    note = Note("relabelled", f"NUL characters removed from {padded} levels", padded)
    values = look_up(table, draft.values)
    return dataclasses.replace(draft, values=values, levels=levels, label_values=()).with_notes(
        note
    )
