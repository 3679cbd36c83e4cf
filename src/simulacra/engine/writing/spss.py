"""SPSS files (.sav, .zsav): what the codebook says becomes the dictionary of a system file."""

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.codebook import Code, Coding
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.date import MONTH
from simulacra.engine.columns.drafts import floats, look_up
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.schema import Column, MultipleResponseSet
from simulacra.engine.writing import layouts, levels
from simulacra.engine.writing.codebook import Codebook, Entry, described
from simulacra.engine.writing.levels import LevelCodes
from simulacra.engine.writing.output_format import OutputFormat
from simulacra.engine.writing.system_file import cases, names
from simulacra.engine.writing.system_file.dictionary import MAX_LABEL, Dictionary
from simulacra.engine.writing.system_file.variables import (
    ELEMENT,
    MAX_DECIMALS,
    MAX_TEXT,
    MAX_WIDTH,
    DisplayFormat,
    ResponseSet,
    Value,
    Variable,
)

DAYS_TO_1970 = 141_428
"""From 14 October 1582, since when SPSS counts seconds."""
SECONDS_A_DAY = 86_400
A_SECOND = {"s": 1e0, "ms": 1e3, "us": 1e6, "ns": 1e9}
PART_BYTES = 2**25
"""About how many bytes of cases are in memory at a time."""
DEFAULT_WIDTH = 8
MAX_MISSING = 3

NUMBERS = ("F", "COMMA", "DOT", "DOLLAR", "PCT", "E", "N", "WKDAY", "MONTH",
           "CCA", "CCB", "CCC", "CCD", "CCE")  # fmt: skip
DATES = ("DATE", "ADATE", "EDATE", "SDATE", "JDATE", "MOYR", "QYR", "WKYR")
MOMENTS, TIMES, DURATIONS = ("DATETIME", "YMDHMS"), ("TIME",), ("TIME", "DTIME", "MTIME")

Encode = Callable[[pa.ChunkedArray], npt.NDArray[np.float64] | npt.NDArray[np.bytes_]]


def _writer(*, is_zlib: bool) -> Callable[[pa.Table, Codebook, Path], None]:
    def write(table: pa.Table, codebook: Codebook, path: Path) -> None:
        plain = layouts.texts_of_lists(table)
        dictionary = _dictionary(plain, codebook)
        with path.open("wb") as file:
            file.write(dictionary.records(plain.num_rows, is_zlib=is_zlib))
            cases.write(file, _parts(plain, dictionary), is_zlib=is_zlib)

    return write


def _parts(table: pa.Table, dictionary: Dictionary) -> Iterator[npt.NDArray[np.uint64]]:
    """Yield the cases, a multiple of eight at a time."""
    rows = max(PART_BYTES // (dictionary.width * ELEMENT) // 8 * 8, 8)
    for first in range(0, table.num_rows, rows):
        part = table.slice(first, rows)
        found = np.empty((part.num_rows, dictionary.width), dtype=np.uint64)
        at = 0
        for variable, column in zip(dictionary.variables, part.columns, strict=True):
            found[:, at : at + variable.elements] = variable.cases(column)
            at += variable.elements
        yield found


def _dictionary(table: pa.Table, codebook: Codebook) -> Dictionary:
    valid = names.valid(table.column_names)
    coded = levels.of(codebook)
    variables = [
        _variable(new, name, table[name], codebook.entries.get(name), coded.get(name))
        for new, name in zip(valid, table.column_names, strict=True)
    ]
    position = {name: index for index, name in enumerate(table.column_names)}
    sets, notes = _sets(codebook, position, coded)
    return Dictionary(
        variables,
        sets,
        None if codebook.weight is None else position[codebook.weight],
        codebook.title,
        (*codebook.notes, *notes),
    )


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
    label, beside = described(new, name, entry, lambda it: len(it.encode()) <= MAX_LABEL)
    facts = {"name": new, "label": label, "attributes": beside}
    if entry is not None and coded is not None:
        return _of_levels(facts, entry, coded)
    if _is_text(column.type):
        return _of_texts(facts, column)
    return _of_numbers(facts, column, entry)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _of_levels(facts: Mapping[str, Any], entry: Entry, coded: LevelCodes) -> Variable:
    column, coding = entry.column, entry.coding or Coding()
    measure = "ordinal" if column.type is ORDINAL else coding.measure.replace("ordinal", "")
    facts = {**facts, "measure": measure or "nominal", "missing": _possible(coding.missing)}
    if coded.is_text:
        texts = ["" if code is None else str(code) for code in coded.codes]
        known = [*texts, *(str(code) for code in coded.labels)]
        stated = DisplayFormat.parse(coding.display_format)
        width = max(1, stated.width if stated else 0, *(len(text.encode()) for text in known))
        return Variable(
            **facts,
            width=min(width, MAX_TEXT),
            display_format=DisplayFormat("A", width),
            encode=functools.partial(_look_up_texts, column, _bytes(texts)),
            labels=coded.labels,
        )
    numbers = [code for code in coded.codes if code is not None]
    digits = max((len(f"{code:.15g}") for code in (*numbers, *coded.labels)), default=1)
    is_whole = all(float(code).is_integer() for code in numbers)
    shown = DisplayFormat("F", digits) if is_whole else DisplayFormat("F", max(digits, 8), 2)
    table = np.array([np.nan if code is None else float(code) for code in coded.codes])
    return Variable(
        **facts,
        width=0,
        display_format=_stated(coding, NUMBERS, shown),
        encode=lambda cells: look_up(table, column.encode(cells)),
        labels=coded.labels,
    )


def _of_texts(facts: Mapping[str, Any], column: pa.ChunkedArray) -> Variable:
    longest = pc.max(pc.binary_length(_plain(column))).as_py() or 1
    width = min(max(longest, 1), MAX_TEXT)
    return Variable(
        **facts,
        width=width,
        display_format=DisplayFormat("A", width),
        measure="nominal",
        encode=lambda cells: _bytes(["" if it is None else it for it in cells.to_pylist()]),
    )


def _of_numbers(facts: Mapping[str, Any], column: pa.ChunkedArray, entry: Entry | None) -> Variable:
    coding = entry.coding if entry is not None and entry.coding is not None else Coding()
    known, shown = _display(column, entry)
    values = _numbers(column)
    dropped = [ends for ends in coding.missing if _has_any(values, ends)]
    missing = _possible([ends for ends in coding.missing if ends not in dropped])
    labels = {
        code: label
        for code, label in coding.labels.items()
        if not any(_has_any(np.array([code]), ends) for ends in dropped)
    }
    return Variable(
        **facts,
        width=0,
        display_format=_stated(coding, known, shown, DEFAULT_WIDTH),
        measure=coding.measure or "scale",
        encode=_numbers,
        labels=labels,
        missing=missing,
    )


def _has_any(values: Floats, ends: tuple[Any, Any]) -> bool:
    """Tell whether rows have a value that the study's file declares to be missing.

    No respondent has one, but a number that is drawn between two of theirs can be one.
    """
    return bool(np.any((values >= ends[0]) & (values <= ends[1])))


def _possible(missing: Sequence[tuple[Code, Code]]) -> list[tuple[Value, Value]]:
    """Return as many ranges of missing values as a variable can have, short texts alone."""
    short = [ends for ends in missing if all(_is_short(end) for end in ends)]
    spans = [ends for ends in short if ends[0] != ends[1]][:1]
    points = [ends for ends in short if ends[0] == ends[1]]
    return [*spans, *points[: 1 if spans else MAX_MISSING]]


def _is_short(code: Code) -> bool:
    return not isinstance(code, str) or len(code.encode()) <= ELEMENT


def _display(column: pa.ChunkedArray, entry: Entry | None) -> tuple[Sequence[str], DisplayFormat]:
    """Return the names of formats that show such values, and the narrowest that all fit."""
    kind, described = column.type, None if entry is None else entry.column
    if pa.types.is_date(kind):
        is_month = described is not None and described.grid == MONTH
        return DATES, DisplayFormat("MOYR", 8) if is_month else DisplayFormat("DATE", 11)
    if pa.types.is_timestamp(kind):
        return MOMENTS, DisplayFormat("DATETIME", 20)
    if pa.types.is_time(kind):
        return TIMES, DisplayFormat("TIME", 8)
    if pa.types.is_duration(kind):
        decimals = 0 if described is None else min(described.decimals or 0, MAX_DECIMALS)
        return DURATIONS, DisplayFormat("DTIME", 13 + (decimals and decimals + 1), decimals)
    if pa.types.is_boolean(kind):
        return NUMBERS, DisplayFormat("F", 1)
    decimals = 2 if pa.types.is_floating(kind) else 0
    if described is not None:
        decimals = min(described.decimals or 0, MAX_DECIMALS)
    extent = pc.min_max(column).as_py()
    ends = [end for end in extent.values() if end is not None]
    digits = max((len(f"{end:.0f}") for end in ends), default=1)
    width = digits + (decimals and decimals + 1)
    return NUMBERS, DisplayFormat("F", min(width, MAX_WIDTH), decimals)


def _stated(
    coding: Coding, known: Sequence[str], needed: DisplayFormat, least: int = 0
) -> DisplayFormat:
    """Return the format of the study's file if it shows such values, wide enough for them.

    Args:
        coding: of the column.
        known: names of formats that show such values.
        needed: the narrowest format that shows all of them.
        least: the width of what is returned if the study's file states no such format.
    """
    stated = DisplayFormat.parse(coding.display_format)
    if stated is None or stated.name not in known:
        return dataclasses.replace(needed, width=max(needed.width, least))
    if stated.name != "F" or stated.width - stated.decimals >= needed.width - needed.decimals:
        return stated
    width = min(needed.width - needed.decimals + stated.decimals, MAX_WIDTH)
    return DisplayFormat("F", width, stated.decimals)


def _numbers(column: pa.ChunkedArray) -> Floats:
    """Return cells as SPSS counts them, float64, shape (rows,), NaN where missing."""
    kind = column.type
    if pa.types.is_date(kind):
        return (floats(column.cast(pa.date32()).cast(pa.int32())) + DAYS_TO_1970) * SECONDS_A_DAY
    if pa.types.is_timestamp(kind):
        moments = floats(column.cast(pa.int64())) / A_SECOND[kind.unit]
        return moments + DAYS_TO_1970 * SECONDS_A_DAY
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        storage = pa.int32() if kind.bit_width == 32 else pa.int64()
        return floats(column.cast(storage)) / A_SECOND[kind.unit]
    return floats(column)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _bytes(texts: Sequence[str]) -> npt.NDArray[np.bytes_]:
    """Return texts as bytes of one width; no letter is cut in two."""
    return np.array([names.cut(text, MAX_TEXT).encode() for text in texts], dtype=np.bytes_)


def _look_up_texts(
    column: Column, codes: npt.NDArray[np.bytes_], cells: pa.ChunkedArray
) -> npt.NDArray[np.bytes_]:
    positions = column.encode(cells)
    blank = np.append(codes, np.array([b""]))
    return blank[np.where(np.isnan(positions), len(codes), positions).astype(np.int64)]


def _sets(
    codebook: Codebook, position: Mapping[str, int], coded: Mapping[str, LevelCodes]
) -> tuple[list[ResponseSet], list[str]]:
    """Return the multiple-response sets, and a note on each that SPSS cannot state."""
    valid = names.valid([one.name for one in codebook.sets], most=names.MAX_BYTES - len("$"))
    sets, notes = [], []
    for name, one in zip(valid, codebook.sets, strict=True):
        counted, obstacle = _counted(codebook, one, coded)
        if obstacle:
            notes.append(f"The multiple-response set {one.name} is left out: {obstacle}.")
            continue
        columns = [position[column] for column in one.columns]
        sets.append(ResponseSet(f"${name}", one.label, columns, counted))
    return sets, notes


def _counted(
    codebook: Codebook, one: MultipleResponseSet, coded: Mapping[str, LevelCodes]
) -> tuple[Code | None, str]:
    """Return the value that means "chosen" in a set of dichotomies, and why a set cannot be stated.

    The reason is empty if it can be.
    """
    if len({name in coded and coded[name].is_text for name in one.columns}) > 1:
        return None, "some of its variables are texts and some are numbers"
    if one.kind != levels.DICHOTOMY:
        return None, ""
    counted: set[Code | None] = set()
    for name in one.columns:
        column = codebook.entries[name].column
        if not column.type.is_categorical:
            counted.add(levels.CHOSEN if one.counted is None else _number(one.counted))
            continue
        level = levels.chosen(one, column.levels)
        counted.add(coded[name].codes[column.levels.index(level)])
    if len(counted) > 1:
        return None, "its variables have different codes for what was chosen"
    (value,) = counted
    if value is None or (isinstance(value, float) and not value.is_integer()):
        return None, "what was chosen has no whole number for a code"
    return value, ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


SAV = OutputFormat("sav", _writer(is_zlib=False), is_coded=True)
ZSAV = OutputFormat("zsav", _writer(is_zlib=True), is_coded=True)
