"""Excel workbooks (.xlsx): the rows, a codebook, and what the rows are.

No cell becomes a formula or a link, whatever text it holds: each is written as what it is.
"""

import dataclasses
import datetime as dt
import math
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.codebook import Code
from simulacra.engine.columns.date import MONTH
from simulacra.engine.writing import layouts, levels
from simulacra.engine.writing.codebook import Codebook, Entry
from simulacra.engine.writing.levels import LevelCodes
from simulacra.engine.writing.output_format import OutputFormat

if TYPE_CHECKING:
    import xlsxwriter

MAX_COLUMNS = 16_384
MAX_TEXT = 32_767
"""Characters of a cell."""
MAX_EXACT = 2**53
LARGE = 1_000_000
"""Cells beyond which a workbook goes to the disk row by row."""
PART_ROWS = 2_000
A4 = 9
LINE, PARAGRAPH, MAX_HEIGHT = 15.0, 4.0, 400.0
"""Points of a line, of the gap behind a paragraph, and of the tallest row."""
ABOUT_WIDTHS = 22, 100
CREATED = dt.datetime(1980, 1, 1)  # noqa: DTZ001 - Excel knows no zones
"""Stated as the time of writing, so that the same rows give the same bytes."""

FIRST_DAY = dt.date(1900, 3, 1)
"""Earlier days are texts: Excel counts a day that 1900 did not have, and none before it."""
DAYS_TO_1970 = 25_569
SECONDS_A_DAY = 86_400
A_SECOND = {"s": 1e0, "ms": 1e3, "us": 1e6, "ns": 1e9}

ROWS, CODEBOOK, VALUES, ABOUT = "Rows", "Codebook", "Value labels", "About these rows"
HEAD = {"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "bottom_color": "#7A8CA0",
        "valign": "vcenter"}  # fmt: skip
WRAPPED = {"text_wrap": True, "valign": "top"}
WIDTHS = 8, 40
"""The narrowest and the widest column of rows, in characters."""
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")

Write = Callable[[Any, int, int, Any], Any]


@dataclasses.dataclass(frozen=True)
class _Cells:
    """How the cells of a column are written.

    Attributes:
        write: one of the methods of a worksheet.
        values: returns what it takes, None where a cell is empty.
        number_format: how Excel shows them; empty for its own choice.
        width: of the column, in characters.
    """

    write: str
    values: Callable[[pa.ChunkedArray], Sequence[Any]]
    number_format: str = ""
    width: int = WIDTHS[0]


def _write(table: pa.Table, codebook: Codebook, path: Path) -> None:
    import xlsxwriter  # noqa: PLC0415 - only this format needs it

    if table.num_columns > MAX_COLUMNS:
        raise ValueError(
            f"There are {table.num_columns:,} columns; a sheet of Excel has {MAX_COLUMNS:,}."
        )
    plain = layouts.texts_of_lists(table)
    options = {
        "constant_memory": plain.num_rows * plain.num_columns > LARGE,
        "tmpdir": str(path.resolve().parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "use_zip64": True,
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": codebook.title, "created": CREATED})
        book.set_size(2400, 1600)
        _write_rows(book, plain, codebook)
        if codebook.entries:
            coded = levels.of(codebook)
            _write_codebook(book, plain, codebook, coded)
            _write_values(book, plain, codebook, coded)
        if codebook.card or codebook.notes:
            _write_about(book, codebook)


def _write_rows(book: "xlsxwriter.Workbook", table: pa.Table, codebook: Codebook) -> None:
    sheet = book.add_worksheet(ROWS)
    heads = [book.add_format({**HEAD, "align": side}) for side in ("left", "right")]
    found = [_cells(table[name], codebook.entries.get(name)) for name in table.column_names]
    found = [
        dataclasses.replace(it, number_format="0.0000") if name == codebook.weight else it
        for name, it in zip(table.column_names, found, strict=True)
    ]
    formats = [
        book.add_format({"num_format": it.number_format}) if it.number_format else None
        for it in found
    ]
    for column, (name, it) in enumerate(zip(table.column_names, found, strict=True)):
        width = min(max(len(name) + 4, it.width), WIDTHS[1])
        sheet.set_column(column, column, width, formats[column])
        is_number = it.write == "write_number"
        sheet.write_string(0, column, _text(name), heads[is_number])
    writers = [getattr(sheet, it.write) for it in found]
    for first in range(0, table.num_rows, PART_ROWS):
        part = table.slice(first, PART_ROWS)
        lists = [it.values(column) for it, column in zip(found, part.columns, strict=True)]
        for index, row in enumerate(zip(*lists, strict=True), first + 1):
            for column, value in enumerate(row):
                if value is not None:
                    writers[column](index, column, value, formats[column])
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


def _cells(column: pa.ChunkedArray, entry: Entry | None) -> _Cells:
    """Return how a column is written: as what its values are in Excel."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    for is_kind, of in KINDS:
        if is_kind(column.type):
            return of(column, entry)
    if entry is not None and entry.column.levels and levels.are_whole(entry.column.levels):
        return _Cells("write_number", _numbers_of_texts)
    return _of_texts(column)


def _of_flags(_: pa.ChunkedArray, __: Entry | None) -> _Cells:
    return _Cells("write_boolean", pa.ChunkedArray.to_pylist)


def _of_moments(column: pa.ChunkedArray, _: Entry | None) -> _Cells:
    if _is_before(column, FIRST_DAY):
        return _of_texts(column)
    unit = A_SECOND[column.type.unit]
    return _Cells("write_number", lambda cells: _moments(cells, unit), "yyyy-mm-dd hh:mm:ss", 20)


def _of_times(_: pa.ChunkedArray, __: Entry | None) -> _Cells:
    return _Cells("write_number", _days_of, "hh:mm:ss", 10)


def _of_durations(column: pa.ChunkedArray, _: Entry | None) -> _Cells:
    least = pc.min(column.cast(pa.int64())).as_py()
    if least is not None and least < 0:  # of which Excel shows nothing but hashes
        return _Cells("write_string", _spelled_durations, "", 12)
    return _Cells("write_number", _days_of, "[h]:mm:ss", 10)


def _of_days(column: pa.ChunkedArray, entry: Entry | None) -> _Cells:
    if _is_before(column, FIRST_DAY):
        return _of_texts(column)
    is_month = entry is not None and entry.column.grid == MONTH
    shown = "mmm yyyy" if is_month else "yyyy-mm-dd"
    return _Cells(
        "write_number",
        lambda cells: [
            None if day is None else day + DAYS_TO_1970
            for day in cells.cast(pa.date32()).cast(pa.int32()).to_pylist()
        ],
        shown,
        12,
    )


def _is_before(column: pa.ChunkedArray, day: dt.date) -> bool:
    first = pc.min(column.cast(pa.timestamp("us"))).as_py()
    return first is not None and first.date() < day


def _moments(cells: pa.ChunkedArray, unit: float) -> list[float | None]:
    return [
        None if it is None else it / unit / SECONDS_A_DAY + DAYS_TO_1970
        for it in cells.cast(pa.int64()).to_pylist()
    ]


def _days_of(cells: pa.ChunkedArray) -> list[float | None]:
    """Return times of day and durations as parts of a day."""
    storage = pa.int32() if cells.type.bit_width == 32 else pa.int64()
    unit = A_SECOND[cells.type.unit] * SECONDS_A_DAY
    return [None if it is None else it / unit for it in cells.cast(storage).to_pylist()]


def _spelled_durations(cells: pa.ChunkedArray) -> list[str | None]:
    found: list[str | None] = []
    for days in _days_of(cells):
        if days is None:
            found.append(None)
            continue
        minutes, seconds = divmod(round(abs(days) * SECONDS_A_DAY), 60)
        sign = "-" if days < 0 else ""
        found.append(f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}")
    return found


def _of_numbers(column: pa.ChunkedArray, entry: Entry | None) -> _Cells:
    extent = pc.min_max(column).as_py()
    ends = [abs(end) for end in extent.values() if end is not None]
    if pa.types.is_integer(column.type):
        if max(ends, default=0) > MAX_EXACT:
            return _of_texts(column)
        return _Cells("write_number", pa.ChunkedArray.to_pylist)
    decimals = None if entry is None else entry.column.decimals
    shown = f"0.{'0' * decimals}" if decimals else ""
    return _Cells(
        "write_number",
        lambda cells: [
            it if it is not None and math.isfinite(it) else None for it in cells.to_pylist()
        ],
        shown,
    )


def _numbers_of_texts(cells: pa.ChunkedArray) -> list[int | None]:
    return [None if it is None else int(it) for it in cells.to_pylist()]


def _of_texts(column: pa.ChunkedArray) -> _Cells:
    texts = column.cast(pa.string())
    longest = pc.max(pc.utf8_length(texts)).as_py() or 0
    return _Cells(
        "write_string",
        lambda cells: [_text(it) if it else None for it in cells.cast(pa.string()).to_pylist()],
        "",
        longest + 2,
    )


def _text(text: str) -> str:
    """Return a text that a cell can hold; XML knows no control characters."""
    return CONTROLS.sub(" ", text[:MAX_TEXT])


KINDS: tuple[
    tuple[Callable[[pa.DataType], bool], Callable[[pa.ChunkedArray, Entry | None], _Cells]], ...
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
    sets = {
        name: f"{one.name}: {one.label}" if one.label != one.name else one.name
        for one in codebook.sets
        for name in one.columns
    }
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
                    sheet.write_string(row, column, _text(value), wrapped)
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
    sheet.write_string(0, 0, _text(codebook.title), title)
    row = 2
    for heading, content in codebook.card:
        sheet.set_row(row, _height((heading, content), ABOUT_WIDTHS) + PARAGRAPH)
        sheet.write_string(row, 0, _text(heading), name)
        sheet.write_string(row, 1, _text(content), text)
        row += 1
    for line in _lines(codebook.figures):
        row += 1
        sheet.write_string(row, 0, _text(line), table)


def _lines(text: str) -> Iterator[str]:
    yield from text.split("\n") if text else ()


XLSX = OutputFormat("xlsx", _write)
