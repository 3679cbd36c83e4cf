"""How the values of a column are cells of Excel."""

import dataclasses
import datetime as dt
import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.columns.date import MONTH
from simulacra.engine.columns.drafts import floats
from simulacra.engine.writing import levels
from simulacra.engine.writing.codebook import Entry

MAX_TEXT = 32_767
"""Characters of a cell."""
MAX_EXACT = 2**53
FIRST_DAY = dt.date(1900, 3, 1)
"""Earlier days are texts: Excel counts a day that 1900 did not have, and none before it."""
DAYS_TO_1970 = 25_569
SECONDS_A_DAY = 86_400
A_SECOND = {"s": 1e0, "ms": 1e3, "us": 1e6, "ns": 1e9}
NARROW, WIDE = 8, 40
"""The narrowest and the widest column of rows, in characters."""
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
ESCAPE = re.compile("_(x[0-9A-Fa-f]{4}_)")
"""What Excel would take for a character by its number."""

NUMBER, FLAG, TEXT = "n", "b", "inlineStr"
"""Types of cells, as the file names them."""


@dataclasses.dataclass(frozen=True)
class Cells:
    """How the cells of a column are written.

    Attributes:
        kind: the type of its cells.
        texts: returns their contents as texts of XML, null where a cell is empty.
        number_format: how Excel shows them; empty for its own choice.
        width: of the column, in characters.
    """

    kind: str
    texts: Callable[[pa.ChunkedArray], pa.ChunkedArray | pa.Array]
    number_format: str = ""
    width: int = NARROW


def of(column: pa.ChunkedArray, entry: Entry | None) -> Cells:
    """Return how a column is written: as what its values are in Excel."""
    if pa.types.is_dictionary(column.type):
        plain = column.type.value_type
        found = of(column.cast(plain), entry)
        return dataclasses.replace(found, texts=lambda cells: found.texts(cells.cast(plain)))
    for is_kind, of_kind in KINDS:
        if is_kind(column.type):
            return of_kind(column, entry)
    if entry is not None and entry.column.levels and levels.are_whole(entry.column.levels):
        return Cells(NUMBER, lambda cells: cells.cast(pa.string()))
    return _of_texts(column)


def text(given: str) -> str:
    """Return a text that a cell can hold; XML knows no control characters."""
    return CONTROLS.sub(" ", given[:MAX_TEXT])


def _of_flags(_: pa.ChunkedArray, __: Entry | None) -> Cells:
    return Cells(FLAG, lambda cells: cells.cast(pa.int8()).cast(pa.string()))


def _of_days(column: pa.ChunkedArray, entry: Entry | None) -> Cells:
    if _is_before(column, FIRST_DAY):
        return _of_texts(column)
    is_month = entry is not None and entry.column.grid == MONTH
    return Cells(NUMBER, _days, "mmm yyyy" if is_month else "yyyy-mm-dd", 12)


def _days(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    days = cells.cast(pa.date32()).cast(pa.int32())
    return pc.add(days, pa.scalar(DAYS_TO_1970, pa.int32())).cast(pa.string())


def _of_moments(column: pa.ChunkedArray, _: Entry | None) -> Cells:
    if _is_before(column, FIRST_DAY):
        return _of_texts(column)
    return Cells(NUMBER, _moments, "yyyy-mm-dd hh:mm:ss", 20)


def _moments(cells: pa.ChunkedArray) -> pa.Array:
    seconds = floats(cells.cast(pa.int64())) / A_SECOND[cells.type.unit]
    return _spelled(seconds / SECONDS_A_DAY + DAYS_TO_1970)


def _is_before(column: pa.ChunkedArray, day: dt.date) -> bool:
    first = pc.min(column.cast(pa.timestamp("us"))).as_py()
    return first is not None and first.date() < day


def _of_times(_: pa.ChunkedArray, __: Entry | None) -> Cells:
    return Cells(NUMBER, lambda cells: _spelled(_parts_of_days(cells)), "hh:mm:ss", 10)


def _of_durations(column: pa.ChunkedArray, _: Entry | None) -> Cells:
    least = pc.min(column.cast(pa.int64())).as_py()
    if least is not None and least < 0:  # of which Excel shows nothing but hashes
        return Cells(TEXT, _spelled_durations, "", 12)
    return Cells(NUMBER, lambda cells: _spelled(_parts_of_days(cells)), "[h]:mm:ss", 10)


def _parts_of_days(cells: pa.ChunkedArray) -> np.ndarray:
    storage = pa.int32() if cells.type.bit_width == 32 else pa.int64()
    return floats(cells.cast(storage)) / (A_SECOND[cells.type.unit] * SECONDS_A_DAY)


def _spelled_durations(cells: pa.ChunkedArray) -> pa.Array:
    found: list[str | None] = []
    for days in _parts_of_days(cells):
        if np.isnan(days):
            found.append(None)
            continue
        minutes, seconds = divmod(round(abs(days) * SECONDS_A_DAY), 60)
        sign = "-" if days < 0 else ""
        found.append(f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}")
    return pa.array(found, pa.string())


def _of_numbers(column: pa.ChunkedArray, entry: Entry | None) -> Cells:
    if pa.types.is_integer(column.type):
        extent = pc.min_max(column).as_py()
        if max((abs(end) for end in extent.values() if end is not None), default=0) > MAX_EXACT:
            return _of_texts(column)
        return Cells(NUMBER, lambda cells: cells.cast(pa.string()))
    decimals = None if entry is None else entry.column.decimals
    shown = f"0.{'0' * decimals}" if decimals else ""
    return Cells(NUMBER, lambda cells: _spelled(floats(cells)), shown)


def _spelled(numbers: np.ndarray) -> pa.Array:
    """Return numbers as texts that are read as the same ones, null where there is none."""
    return pa.array(numbers, mask=~np.isfinite(numbers)).cast(pa.string())


def _of_texts(column: pa.ChunkedArray) -> Cells:
    longest = pc.max(pc.utf8_length(column.cast(pa.string()))).as_py() or 0
    return Cells(TEXT, _escaped, "", longest + 2)


def _escaped(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts as XML has them; an empty one is an empty cell."""
    encoded = cells.cast(pa.string()).combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    known = [_xml(it) or None for it in encoded.dictionary.to_pylist()]
    return pa.array(known, pa.string()).take(encoded.indices)


def _xml(given: str) -> str:
    safe = ESCAPE.sub(r"_x005F_\1", text(given))
    return safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


KINDS: tuple[
    tuple[Callable[[pa.DataType], bool], Callable[[pa.ChunkedArray, Entry | None], Cells]], ...
] = (
    (pa.types.is_boolean, _of_flags),
    (pa.types.is_date, _of_days),
    (pa.types.is_timestamp, _of_moments),
    (pa.types.is_time, _of_times),
    (pa.types.is_duration, _of_durations),
    (pa.types.is_integer, _of_numbers),
    (pa.types.is_floating, _of_numbers),
)
"""What tells the type of a column, and how its cells are written."""
