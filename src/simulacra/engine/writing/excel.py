"""Excel workbooks (.xlsx): the rows, a codebook, and what the rows are.

No cell becomes a formula or a link, whatever text it holds: each is written as what it is.
"""

import dataclasses
import datetime as dt
import io
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from simulacra.engine.codebook import Code
from simulacra.engine.writing import layouts, levels
from simulacra.engine.writing.codebook import Codebook, Entry
from simulacra.engine.writing.levels import LevelCodes
from simulacra.engine.writing.output_format import OutputFormat
from simulacra.engine.writing.workbook_file import cells, rows
from simulacra.engine.writing.workbook_file.cells import Cells

if TYPE_CHECKING:
    import xlsxwriter

MAX_COLUMNS = 16_384
A4 = 9
LINE, PARAGRAPH, MAX_HEIGHT = 15.0, 4.0, 400.0
"""Points of a line, of the gap behind a paragraph, and of the tallest row."""
ABOUT_WIDTHS = 22, 100
CREATED = dt.datetime(1980, 1, 1)  # noqa: DTZ001 - Excel knows no zones
"""Stated as the time of writing, so that the same rows give the same bytes."""

ROWS, CODEBOOK, VALUES, ABOUT = "Rows", "Codebook", "Value labels", "About these rows"
HEAD = {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "bottom_color": "#7A8CA0",
        "valign": "vcenter"}  # fmt: skip
WRAPPED = {"text_wrap": True, "valign": "top"}


def _write(table: pa.Table, codebook: Codebook, path: Path) -> None:
    import xlsxwriter  # noqa: PLC0415 - only this format needs it

    if table.num_columns > MAX_COLUMNS:
        raise ValueError(
            f"There are {table.num_columns:,} columns; a sheet of Excel has {MAX_COLUMNS:,}."
        )
    plain = layouts.texts_of_lists(table)
    found = [_cells_of(plain, name, codebook) for name in plain.column_names]
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": codebook.title, "created": CREATED})
        book.set_size(2400, 1600)
        _begin_rows(book, plain, found)
        if codebook.entries:
            coded = levels.of(codebook)
            _write_codebook(book, plain, codebook, coded)
            _write_values(book, plain, codebook, coded)
        if codebook.card or codebook.notes:
            _write_about(book, codebook)
    rows.put(buffer.getvalue(), path, plain, found)


def _cells_of(table: pa.Table, name: str, codebook: Codebook) -> Cells:
    found = cells.of(table[name], codebook.entries.get(name))
    return dataclasses.replace(found, number_format="0.0000") if name == codebook.weight else found


def _begin_rows(book: "xlsxwriter.Workbook", table: pa.Table, found: Sequence[Cells]) -> None:
    """Make the sheet of the rows with their names, and empty cells of their formats below."""
    sheet = book.add_worksheet(ROWS)
    heads = [book.add_format({**HEAD, "align": side}) for side in ("left", "right")]
    formats = [
        book.add_format({"num_format": it.number_format}) if it.number_format else None
        for it in found
    ]
    for column, (name, it) in enumerate(zip(table.column_names, found, strict=True)):
        width = min(max(len(name) + 4, it.width), cells.WIDE)
        sheet.set_column(column, column, width, formats[column])
        sheet.write_string(0, column, cells.text(name), heads[it.kind == cells.NUMBER])
        sheet.write_blank(1, column, None, formats[column])
    sheet.freeze_panes(1, 0)
    _lay_out(sheet)
    if table.num_columns:
        sheet.autofilter(0, 0, table.num_rows, table.num_columns - 1)
        last = table.num_rows, table.num_columns - 1
        sheet.ignore_errors({"number_stored_as_text": _range(*last)})


def _lay_out(sheet: Any) -> None:  # noqa: ANN401 - a sheet of a library without types
    """Have a sheet printed across, with its heads on each page."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)


def _range(row: int, column: int) -> str:
    from xlsxwriter.utility import xl_range  # noqa: PLC0415 - as above

    return str(xl_range(0, 0, row, column))


# What the columns are


CODEBOOK_HEADS = {"Name": 24, "Label": 64, "Type": 12, "Values": 40, "Missing in the study": 12,
                  "Codes of no answer": 18, "Multiple-response set": 32,
                  "Name in the study's file": 24}  # fmt: skip


def _write_codebook(
    book: "xlsxwriter.Workbook",
    table: pa.Table,
    codebook: Codebook,
    coded: "dict[str, LevelCodes]",
) -> None:
    sets = {name: one.label or one.name for one in codebook.sets for name in one.columns}
    share = book.add_format({"num_format": "0.0%", "valign": "top", "align": "left"})
    lines: list[tuple[Any, ...]] = []
    for name in table.column_names:
        entry = codebook.entries.get(name)
        if entry is None:
            lines.append((name, "", _kind(table[name].type), "", None, "", "", ""))
            continue
        column = entry.column
        lines.append(
            (
                name,
                column.label if column.label != name else "",
                str(column.type),
                _described(entry, coded.get(name)),
                column.missing_share,
                _missing_codes(entry),
                sets.get(name, ""),
                column.source_name if column.source_name != name else "",
            )
        )
    _write_lines(book, CODEBOOK, CODEBOOK_HEADS, lines, share)


def _kind(kind: pa.DataType) -> str:
    return "number" if pa.types.is_floating(kind) or pa.types.is_integer(kind) else str(kind)


def _described(entry: Entry, coded: LevelCodes | None) -> str:
    """Return the levels of a column, or the span of its numbers, in words."""
    column = entry.column
    if coded is not None:
        pairs = [
            level if code is None or _shown(code) == level else f"{_shown(code)} = {level}"
            for code, level in zip(coded.codes, column.levels, strict=True)
        ]
        return "\n".join(pairs[:20]) + (f"\n… {len(pairs) - 20:,} more" if pairs[20:] else "")
    if column.min is None or column.max is None:
        return ""
    unit = f" {column.unit}" if column.unit else ""
    return f"{column.min} to {column.max}{unit}"


def _shown(code: Code) -> str:
    return code if isinstance(code, str) else f"{code:.15g}"


def _missing_codes(entry: Entry) -> str:
    """Return the codes that stand for no answer in the study's file; no row has one."""
    if entry.coding is None:
        return ""
    spans = [
        _shown(low) if low == high else f"{_shown(low)} to {_shown(high)}"
        for low, high in entry.coding.missing
    ]
    return ", ".join(spans)


VALUES_HEADS = {"Name": 24, "Code": 12, "Label": 64, "Share in the study": 14}


def _write_values(
    book: "xlsxwriter.Workbook",
    table: pa.Table,
    codebook: Codebook,
    coded: "dict[str, LevelCodes]",
) -> None:
    share = book.add_format({"num_format": "0.0%", "valign": "top", "align": "left"})
    lines = []
    for name in table.column_names:
        if name not in coded:
            continue
        column, codes = codebook.entries[name].column, coded[name].codes
        shares = column.shares or (None,) * len(codes)
        for code, level, of in zip(codes, column.levels, shares, strict=True):
            lines.append((name, code, level, of))
        unused = {code: label for code, label in coded[name].labels.items() if code not in codes}
        lines += [(name, code, label, None) for code, label in unused.items()]
    if lines:
        _write_lines(book, VALUES, VALUES_HEADS, lines, share)


def _write_lines(
    book: "xlsxwriter.Workbook",
    name: str,
    heads: dict[str, int],
    lines: Sequence[Sequence[Any]],
    share: Any,  # noqa: ANN401 - a format of a library without types
) -> None:
    """Write a sheet of texts, codes and shares below their heads; fractions are shares."""
    sheet = book.add_worksheet(name)
    head, wrapped = book.add_format({**HEAD, "text_wrap": True}), book.add_format(WRAPPED)
    left = book.add_format({**WRAPPED, "align": "left"})
    for column, (title, width) in enumerate(heads.items()):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, title, head)
    sheet.set_row(0, _height([*heads], [*heads.values()]))
    for row, line in enumerate(lines, 1):
        sheet.set_row(row, _height(line, [*heads.values()]))
        for column, (title, value) in enumerate(zip(heads, line, strict=True)):
            if isinstance(value, str):
                if value:
                    sheet.write_string(row, column, cells.text(value), wrapped)
            elif value is not None:
                is_share = title.endswith("study")
                sheet.write_number(row, column, value, share if is_share else left)
    sheet.freeze_panes(1, 1)
    _lay_out(sheet)
    sheet.autofilter(0, 0, max(len(lines), 1), len(heads) - 1)
    sheet.ignore_errors({"number_stored_as_text": _range(max(len(lines), 1), len(heads) - 1)})


def _height(texts: Sequence[Any], widths: Sequence[int]) -> float:
    """Return the height of a row, in points, that shows all lines of its texts.

    Programs find it themselves when a text is typed in, but not when a file is opened.
    """
    most = 1
    for text, width in zip(texts, widths, strict=True):
        if isinstance(text, str):
            wrapped = [textwrap.wrap(line, width) or [""] for line in text.split("\n")]
            most = max(most, sum(map(len, wrapped)))
    return min(LINE * most, MAX_HEIGHT)


# What the rows are


def _write_about(book: "xlsxwriter.Workbook", codebook: Codebook) -> None:
    sheet = book.add_worksheet(ABOUT)
    title = book.add_format({"bold": True, "font_size": 14})
    name = book.add_format({"bold": True, "valign": "top", "text_wrap": True})
    text = book.add_format(WRAPPED)
    table = book.add_format({"font_name": "Consolas", "font_size": 9})
    sheet.hide_gridlines(2)
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    for column, width in enumerate(ABOUT_WIDTHS):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, cells.text(codebook.title), title)
    row = 2
    for heading, content in codebook.card:
        sheet.set_row(row, _height((heading, content), ABOUT_WIDTHS) + PARAGRAPH)
        sheet.write_string(row, 0, cells.text(heading), name)
        sheet.write_string(row, 1, cells.text(content), text)
        row += 1
    for line in _lines(codebook.figures):
        row += 1
        sheet.write_string(row, 0, cells.text(line), table)


def _lines(text: str) -> Iterator[str]:
    yield from text.split("\n") if text else ()


XLSX = OutputFormat("xlsx", _write)
