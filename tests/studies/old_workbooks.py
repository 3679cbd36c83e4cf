"""Workbooks of Excel 97 to 2003, written by hand: compound files of one stream of records.

The container is [MS-CFB], the records in it are [MS-XLS].
"""

import itertools
import struct
from collections.abc import Sequence

SECTOR = 512
MIN_STREAM = 4096  # a shorter stream would stand in sectors of another size
END, FAT_SECTOR, FREE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF

BOF, END_OF_SHEET, BOUND_SHEET, DIMENSIONS, NUMBER, LABEL = (
    *(0x0809, 0x000A, 0x0085, 0x0200, 0x0203, 0x0204),
)
GLOBALS, WORKSHEET = 0x0005, 0x0010


def workbook(hidden: Sequence[str] = (), **sheets: Sequence[Sequence[str | float | None]]) -> bytes:
    """A workbook of rows of cells, of which some sheets are hidden."""
    bodies = [_sheet(rows) for rows in sheets.values()]
    opening = _beginning(GLOBALS)
    bounds_size = sum(len(_bound(0, name, is_hidden=False)) for name in sheets)
    first = len(opening) + bounds_size + len(_record(END_OF_SHEET))
    starts = itertools.accumulate([first, *map(len, bodies[:-1])])
    bounds = b"".join(
        _bound(start, name, is_hidden=name in hidden)
        for start, name in zip(starts, sheets, strict=True)
    )
    return compound("Workbook", opening + bounds + _record(END_OF_SHEET) + b"".join(bodies))


def compound(name: str, stream: bytes) -> bytes:
    """A compound file with one stream."""
    stream = stream.ljust(MIN_STREAM, b"\0")
    sectors = -(-len(stream) // SECTOR)
    fats = 1
    while fats * SECTOR // 4 < sectors + 1 + fats:
        fats += 1
    chain = [*[FAT_SECTOR] * fats, END, *range(fats + 2, fats + sectors + 1), END]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(fats * SECTOR, b"\xff")
    directory = (
        _entry("Root Entry", 5, child=1, start=END, size=0)
        + _entry(name, 2, child=FREE, start=fats + 1, size=len(stream))
        + _entry("", 0, child=FREE, start=0, size=0) * 2
    )
    header = struct.pack(
        "<8s16x5H6x9I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        *(0x3E, 3, 0xFFFE, 9, 6),
        *(0, fats, fats, 0, MIN_STREAM, END, 0, END, 0),
    )
    places = [*range(fats), *[FREE] * (109 - fats)]
    padded = stream.ljust(sectors * SECTOR, b"\0")
    return header + struct.pack("<109I", *places) + table + directory + padded


def _entry(name: str, kind: int, *, child: int, start: int, size: int) -> bytes:
    text = f"{name}\0".encode("utf-16-le") if name else b""
    return struct.pack("<64sHBBIII36xIQ", text, len(text), kind, 1, FREE, FREE, child, start, size)


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _beginning(kind: int) -> bytes:
    return _record(BOF, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 1996, 0, 6))


def _bound(start: int, name: str, *, is_hidden: bool) -> bytes:
    text = name.encode("latin1")
    head = struct.pack("<IBBBB", start, int(is_hidden), 0, len(text), 0)
    return _record(BOUND_SHEET, head + text)


def _sheet(rows: Sequence[Sequence[str | float | None]]) -> bytes:
    width = max(map(len, rows), default=0)
    cells = b"".join(
        _cell(at, column, cell)
        for at, row in enumerate(rows)
        for column, cell in enumerate(row)
        if cell is not None
    )
    dimensions = _record(DIMENSIONS, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
    return _beginning(WORKSHEET) + dimensions + cells + _record(END_OF_SHEET)


def _cell(row: int, column: int, cell: str | float) -> bytes:
    if isinstance(cell, str):
        text = cell.encode("latin1")
        return _record(LABEL, struct.pack("<HHHHB", row, column, 0, len(text), 0) + text)
    return _record(NUMBER, struct.pack("<HHHd", row, column, 0, cell))
