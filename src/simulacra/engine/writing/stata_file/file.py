"""A file of Stata: sections between tags, and a map of where each begins."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from simulacra.engine.writing.stata_file.variables import LONG_TEXT, Variable
from simulacra.engine.writing.system_file.names import cut

MAX_VARIABLES = 32_767
NAME_BYTES, FORMAT_BYTES, LABEL_BYTES = 129, 57, 321
MAX_LABEL = 80
"""Characters of the label of a variable or file."""
MAX_NOTE = 67_784
"""Bytes of a characteristic."""
MAX_VALUE_LABEL = 32_000
SECTIONS = 14
"""Places in the map: of eleven sections, and of the beginning, map and end of the file."""
PART_ROWS = 10_000
UTF_8_TEXT = 130
OF_FILE = "_dta"
"""What characteristics belong to that are none of a variable's."""


def write(
    path: Path, table: pa.Table, variables: Sequence[Variable], label: str, notes: Sequence[str]
) -> None:
    """Write a file.

    It states no time of writing, so that the same rows give the same bytes.

    Args:
        path: of the file.
        table: the rows; a column for each variable.
        variables: in the order of the columns.
        label: of the file.
        notes: on it, which Stata shows by ``notes``.

    Raises:
        ValueError: there are more variables than a file can have.
    """
    if len(variables) > MAX_VARIABLES:
        raise ValueError(
            f"There are {len(variables):,} columns; a file of Stata has {MAX_VARIABLES:,} at most."
        )
    with path.open("wb") as file:
        offsets = [0]
        file.write(_header(len(variables), table.num_rows, label))
        offsets.append(file.tell())
        file.write(_tagged("map", bytes(8 * SECTIONS)))
        for name, content in _descriptions(variables, notes):
            offsets.append(file.tell())
            file.write(_tagged(name, content))
        offsets.append(file.tell())
        long_texts = _write_data(file, table, variables)
        offsets.append(file.tell())
        file.write(b"<strls>")
        for chunk in long_texts:
            file.write(chunk)
        file.write(b"</strls>")
        offsets.append(file.tell())
        file.write(_tagged("value_labels", b"".join(_value_labels(variables))))
        offsets.append(file.tell())
        file.write(b"</stata_dta>")
        offsets.append(file.tell())
        file.seek(offsets[1])
        file.write(_tagged("map", struct.pack(f"<{SECTIONS}Q", *offsets)))


def _tagged(name: str, content: bytes) -> bytes:
    return b"<%b>%b</%b>" % (name.encode(), content, name.encode())


def _header(columns: int, rows: int, label: str) -> bytes:
    text = label[:MAX_LABEL].encode()
    parts = {
        "release": b"118",
        "byteorder": b"LSF",
        "K": struct.pack("<H", columns),
        "N": struct.pack("<Q", rows),
        "label": struct.pack("<H", len(text)) + text,
        "timestamp": b"\0",
    }
    return b"<stata_dta>" + _tagged("header", b"".join(_tagged(*it) for it in parts.items()))


def _descriptions(
    variables: Sequence[Variable], notes: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the sections before the data."""
    yield "variable_types", b"".join(struct.pack("<H", it.storage.code) for it in variables)
    yield "varnames", b"".join(_padded(it.name, NAME_BYTES) for it in variables)
    yield "sortlist", bytes(2 * (len(variables) + 1))
    yield "formats", b"".join(_padded(it.display_format, FORMAT_BYTES) for it in variables)
    yield (
        "value_label_names",
        b"".join(_padded(it.name if it.labels else "", NAME_BYTES) for it in variables),
    )
    yield (
        "variable_labels",
        b"".join(_padded(shortened(it.label), LABEL_BYTES) for it in variables),
    )
    yield "characteristics", b"".join(_characteristics(variables, notes))


def shortened(label: str) -> str:
    """Return a label of as many characters as there may be; an ellipsis shows that it was cut."""
    return label if len(label) <= MAX_LABEL else label[: MAX_LABEL - 1] + "…"


def _padded(text: str, size: int) -> bytes:
    return text.replace("\0", " ").encode().ljust(size, b"\0")


def _characteristics(variables: Sequence[Variable], notes: Sequence[str]) -> Iterator[bytes]:
    of_file = {"note0": str(len(notes))} if notes else {}
    of_file |= {f"note{number}": note for number, note in enumerate(notes, 1)}
    known: list[tuple[str, Mapping[str, str]]] = [(OF_FILE, of_file)]
    known += [(variable.name, variable.characteristics) for variable in variables]
    for owner, characteristics in known:
        for name, text in characteristics.items():
            content = cut(text.replace("\0", " "), MAX_NOTE - 1).encode() + b"\0"
            named = _padded(owner, NAME_BYTES) + _padded(name, NAME_BYTES)
            yield _tagged("ch", struct.pack("<I", len(named) + len(content)) + named + content)


def _write_data(file: BinaryIO, table: pa.Table, variables: Sequence[Variable]) -> Iterator[bytes]:
    """Write the values of all rows, and return the texts that stand behind them, row by row."""
    dtype = np.dtype([(f"{at}", it.storage.dtype) for at, it in enumerate(variables)])
    behind: list[tuple[int, int, bytes]] = []
    file.write(b"<data>")
    for first in range(0, table.num_rows, PART_ROWS):
        part = table.slice(first, PART_ROWS)
        rows = np.empty(part.num_rows, dtype=dtype)
        for at, (variable, column) in enumerate(zip(variables, part.columns, strict=True)):
            if variable.storage is not LONG_TEXT:
                rows[f"{at}"] = variable.values(column)
                continue
            texts = [bytes(text) for text in variable.encode(column)]
            numbers = first + np.arange(1, len(texts) + 1, dtype=np.uint64)
            is_text = np.array([bool(text) for text in texts])
            rows[f"{at}"] = np.where(is_text, np.uint64(at + 1) | numbers << np.uint64(16), 0)
            behind += [
                (row, at + 1, text)
                for row, text in zip(numbers.tolist(), texts, strict=True)
                if text
            ]
        file.write(rows.tobytes())
    file.write(b"</data>")
    return (
        b"GSO" + struct.pack("<IQBI", column, row, UTF_8_TEXT, len(text) + 1) + text + b"\0"
        for row, column, text in sorted(behind)
    )


def _value_labels(variables: Sequence[Variable]) -> Iterator[bytes]:
    for variable in variables:
        if not variable.labels:
            continue
        codes = sorted(variable.labels)
        texts = [
            cut(variable.labels[code].replace("\0", " "), MAX_VALUE_LABEL).encode() + b"\0"
            for code in codes
        ]
        starts = np.cumsum([0, *map(len, texts)])
        table = struct.pack(
            f"<2i{2 * len(codes)}i", len(codes), int(starts[-1]), *map(int, starts[:-1]), *codes
        ) + b"".join(texts)
        named = _padded(variable.name, NAME_BYTES) + bytes(3)
        yield _tagged("lbl", struct.pack("<i", len(table)) + named + table)
