"""Stata files (.dta): what the codebook says becomes labels and characteristics."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.codebook import Coding
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.date import MONTH
from simulacra.engine.columns.drafts import floats, look_up
from simulacra.engine.writing import layouts, levels
from simulacra.engine.writing.codebook import Codebook, Entry, described
from simulacra.engine.writing.levels import LevelCodes
from simulacra.engine.writing.output_format import OutputFormat
from simulacra.engine.writing.stata_file import file, names
from simulacra.engine.writing.stata_file.variables import (
    DOUBLE,
    LONG,
    Variable,
    of_numbers,
    of_text,
)

DAYS_TO_1960 = 3_653
"""Until 1970; Stata counts days from 1 January 1960, and milliseconds of that day."""
MILLISECONDS_A_DAY = 86_400_000
A_MILLISECOND = {"s": 1e-3, "ms": 1e0, "us": 1e3, "ns": 1e6}
MAX_DECIMALS = 9

CODES, UNIT = "Codes", "Unit"
"""Characteristics besides those of `codebook.described`: the codes of the study's file where these
are none of Stata's, and the unit of a duration."""


def _write(table: pa.Table, codebook: Codebook, path: Path) -> None:
    plain = layouts.texts_of_lists(table)
    coded = levels.of(codebook)
    valid = names.valid(plain.column_names)
    new_names = dict(zip(plain.column_names, valid, strict=True))
    variables = [
        _variable(new, name, plain[name], codebook.entries.get(name), coded.get(name))
        for name, new in new_names.items()
    ]
    file.write(path, plain, variables, codebook.title, [*_notes(codebook, new_names)])


def _notes(codebook: Codebook, new_names: Mapping[str, str]) -> Sequence[str]:
    """Return what the file has no other place for: what it is, its sets and its weight."""
    notes = codebook.notes
    for one in codebook.sets:
        members = " ".join(new_names[name] for name in one.columns)
        notes.append(f"Multiple-response set {one.name} ({one.kind}): {one.label}: {members}")
    if codebook.weight is not None:
        notes.append(f"Weight: {new_names[codebook.weight]}")
    return notes


def _variable(
    new: str, name: str, column: pa.ChunkedArray, entry: Entry | None, coded: LevelCodes | None
) -> Variable:
    """Return the variable of a column.

    Args:
        new: its name in the file.
        name: its name in the table.
        column: its cells.
        entry: what the codebook has of it.
        coded: its codes, if it is categorical.
    """
    label, beside = described(new, name, entry, lambda it: file.shortened(it) == it)
    facts = {"name": new, "label": label, "characteristics": beside}
    if entry is not None and coded is not None:
        return _of_levels(facts, entry, coded)
    plain = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(plain) or pa.types.is_large_string(plain):
        return _of_texts(facts, column.cast(plain))
    return _of_numbers(facts, column, entry)


def _of_levels(facts: dict[str, Any], entry: Entry, coded: LevelCodes) -> Variable:
    """Return a variable of whole numbers with labels.

    Stata labels nothing else: codes that are texts or fractions become 1, 2, 3 and so on.
    """
    column, codes, labels = entry.column, coded.codes, dict(coded.labels)
    if not all(map(_is_whole, (*codes, *labels))):
        shown = {
            code: labels.get(code, level)
            for code, level in zip(codes, column.levels, strict=True)
            if code is not None
        }
        known = dict(sorted({**labels, **shown}.items(), key=lambda pair: str(pair[0])))
        order = [code for code in codes if code is not None]
        order += [code for code in known if code not in shown]
        numbers = {code: float(number) for number, code in enumerate(order, 1)}
        text = "; ".join(f"{number:.0f} = {code}" for code, number in numbers.items())
        facts["characteristics"][CODES] = text
        codes = tuple(None if code is None else numbers[code] for code in codes)
        labels = {numbers[code]: known[code] for code in order}
    table = np.array([np.nan if code is None else float(code) for code in codes])
    ends = [float(code) for code in (*codes, *labels) if code is not None] or [0.0]
    return Variable(
        **facts,
        storage=of_numbers(min(ends), max(ends), is_whole=True),
        display_format="%8.0g",
        encode=lambda cells: look_up(table, column.encode(cells)),
        labels={int(code): str(label) for code, label in labels.items()},
    )


def _is_whole(code: object) -> bool:
    if code is None:
        return True
    return (
        isinstance(code, float | int)
        and float(code).is_integer()
        and (LONG.least <= code <= LONG.most)
    )


def _of_texts(facts: Mapping[str, Any], column: pa.ChunkedArray) -> Variable:
    longest = pc.max(pc.binary_length(column)).as_py() or 1
    storage = of_text(max(longest, 1))
    return Variable(
        **facts,
        storage=storage,
        display_format=f"%-{min(longest, 244) or 1}s",
        encode=lambda cells: [(text or "").encode() for text in cells.to_pylist()],
    )


def _of_numbers(facts: dict[str, Any], column: pa.ChunkedArray, entry: Entry | None) -> Variable:
    coding = entry.coding if entry is not None and entry.coding is not None else Coding()
    kind, described = column.type, None if entry is None else entry.column
    decimals = (described.decimals or 0) if described is not None else None
    if pa.types.is_duration(kind):
        facts["characteristics"][UNIT] = "seconds"
    encode = functools.partial(_numbers, kind)
    values = encode(column)
    known = values[~np.isnan(values)]
    least, most = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    is_whole = bool((known == np.floor(known)).all()) and not pa.types.is_floating(kind)
    labels = {}
    if all(map(_is_whole, coding.labels)):
        has = set(known[np.isin(known, [float(code) for code in coding.labels])].tolist())
        missing = [ends for ends in coding.missing if not isinstance(ends[0], str)]
        labels = {
            int(code): label
            for code, label in coding.labels.items()
            if not (code in has and any(low <= code <= high for low, high in missing))
        }
    storage = of_numbers(least, most, is_whole=is_whole)
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        storage = DOUBLE
    return Variable(
        **facts,
        storage=storage,
        display_format=_display(kind, decimals, is_month=_is_month(described)),
        encode=encode,
        labels=labels,
    )


def _is_month(described: Any) -> bool:  # noqa: ANN401 - a column or none
    return described is not None and described.grid == MONTH


def _display(kind: pa.DataType, decimals: int | None, *, is_month: bool) -> str:
    if pa.types.is_date(kind):
        return "%tdMon_CCYY" if is_month else "%td"
    if pa.types.is_timestamp(kind):
        return "%tc"
    if pa.types.is_time(kind):
        return "%tcHH:MM:SS"
    if decimals is None or pa.types.is_duration(kind):
        return "%10.0g"
    return f"%12.{min(decimals, MAX_DECIMALS)}f" if decimals else "%10.0g"


def _numbers(kind: pa.DataType, column: pa.ChunkedArray) -> Floats:
    """Return cells as Stata counts them, float64, shape (rows,), NaN where missing."""
    if pa.types.is_date(kind):
        return floats(column.cast(pa.date32()).cast(pa.int32())) + DAYS_TO_1960
    if pa.types.is_timestamp(kind):
        moments = floats(column.cast(pa.int64())) / A_MILLISECOND[kind.unit]
        return moments + DAYS_TO_1960 * MILLISECONDS_A_DAY
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        storage = pa.int32() if kind.bit_width == 32 else pa.int64()
        milliseconds = floats(column.cast(storage)) / A_MILLISECOND[kind.unit]
        return milliseconds if pa.types.is_time(kind) else milliseconds / 1e3
    return floats(column)


DTA = OutputFormat("dta", _write, is_coded=True)
