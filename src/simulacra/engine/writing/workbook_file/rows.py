"""Rows of a table, put into the first sheet of a workbook."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.writing.workbook_file.cells import TEXT, Cells

SHEET = "xl/worksheets/sheet1.xml"
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)
PART_ROWS = 2_000
FIRST_ROW = 2
"""Of the rows, behind the names."""
STYLED = re.compile(r'<c r="([A-Z]+)2" s="(\d+)"/>')
EXAMPLE = re.compile(r'<row r="2".*?</row>(?=</sheetData>)', re.DOTALL)
END = "</sheetData>"
DIMENSION = re.compile(r'<dimension ref="[^"]*"/>')


def put(book: bytes, path: Path, table: pa.Table, cells: Sequence[Cells]) -> None:
    """Write a workbook with rows below the names in its first sheet.

    Args:
        book: the workbook; the first sheet has the names of the columns, and empty cells of the
            formats of the columns below them, which the rows replace.
        path: of the file.
        table: the rows.
        cells: how each column is written.
    """
    with (
        zipfile.ZipFile(io.BytesIO(book)) as made,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for part in made.infolist():
            named = zipfile.ZipInfo(part.filename, WRITTEN_AT)
            named.compress_type = zipfile.ZIP_DEFLATED
            content = made.read(part)
            if part.filename != SHEET or not table.num_columns:
                archive.writestr(named, content)
                continue
            with archive.open(named, "w", force_zip64=True) as sheet:
                for chunk in _sheet(content.decode(), table, cells):
                    sheet.write(chunk.encode())


def _sheet(empty: str, table: pa.Table, cells: Sequence[Cells]) -> Iterator[str]:
    """Yield the XML of a sheet with its rows."""
    styles = dict(STYLED.findall(empty))
    last = f"{_letters(table.num_columns - 1)}{table.num_rows + 1}"
    head, _, tail = EXAMPLE.sub("", empty).partition(END)
    yield DIMENSION.sub(f'<dimension ref="A1:{last}"/>', head)
    for first in range(0, table.num_rows, PART_ROWS):
        yield _rows(table.slice(first, PART_ROWS), FIRST_ROW + first, cells, styles)
    yield END + tail


def _rows(table: pa.Table, first: int, cells: Sequence[Cells], styles: Mapping[str, str]) -> str:
    numbers = pa.array(range(first, first + table.num_rows)).cast(pa.string())
    pieces = [pc.binary_join_element_wise('<row r="', numbers, '">', "")]
    for position, (column, it) in enumerate(zip(table.columns, cells, strict=True)):
        letters = _letters(position)
        style = f' s="{styles[letters]}"' if letters in styles else ""
        begin, end = ("<is><t xml:space=\"preserve\">", "</t></is>") if it.kind == TEXT else (
            "<v>", "</v>"
        )  # fmt: skip
        made = pc.binary_join_element_wise(
            *(f'<c r="{letters}', numbers, f'"{style} t="{it.kind}">{begin}'),
            *(_whole(it.texts(column)), f"{end}</c>", ""),
        )
        pieces.append(pc.fill_null(made, ""))
    return "".join(pc.binary_join_element_wise(*pieces, "</row>", "").to_pylist())


def _whole(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts


def _letters(position: int) -> str:
    """Return the letters of a column, from 0."""
    found, rest = "", position + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        found = chr(ord("A") + digit) + found
    return found
