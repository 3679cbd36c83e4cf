"""Excel workbooks: .xlsx, and .xls of Excel 97 to 2003."""

import datetime as dt
import difflib
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine import errors, limits
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.columns.schema import CleaningAction
from simulacra.engine.options import AS_FOUND, FileOptions
from simulacra.engine.reading import archive, headers, rows, sheets

if TYPE_CHECKING:
    import python_calamine as calamine

SAMPLE_ROWS = 100
BATCH_ROWS = 5_000
MAX_EXACT = 2.0**53
PANIC = "PanicException"  # raised by faults in Rust code; a BaseException of no public class

DAMAGED = "The workbook cannot be read. Open it in Excel, save it as .xlsx and use that file."
PROTECTED = "The workbook has a password. Save it without one and use that file."

Cell = str | float | bool | dt.date | dt.time | dt.timedelta
MOMENT = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$"


def read(path: Path, bounds: limits.StudyBounds, how: FileOptions = AS_FOUND) -> RawStudy:
    """Return the table in the sheet of the respondents, or in the one that is named, as text.

    Raises:
        errors.StudyError: the workbook is damaged, has a password, unpacks to more than the bounds
            allow, or has no such sheet or no table in it.
    """
    archive.check(path, bounds)
    return _read(path, bounds, how)


def read_old(path: Path, bounds: limits.StudyBounds, how: FileOptions = AS_FOUND) -> RawStudy:
    """Return the same of a workbook of Excel 97 to 2003, whose sheets have few rows and columns.

    Raises:
        errors.StudyError: as for `read`.
    """
    size, most = path.stat().st_size, archive.most_bytes(bounds)
    if size > most:
        raise errors.StudyError(
            f"The workbook has {size:,} bytes; up to {most:,} are read. Save the sheet as CSV and "
            "use that file."
        )
    return _read(path, bounds, how)


def _read(path: Path, bounds: limits.StudyBounds, how: FileOptions) -> RawStudy:
    try:
        return _study(path, bounds, how)
    except (errors.StudyError, MemoryError):
        raise
    except BaseException as error:
        if type(error).__name__ == "PasswordError":
            raise errors.StudyError(PROTECTED) from None
        if isinstance(error, Exception) or type(error).__name__ == PANIC:
            raise errors.StudyError(DAMAGED) from None
        raise


def _study(path: Path, bounds: limits.StudyBounds, how: FileOptions) -> RawStudy:
    import python_calamine as calamine  # noqa: PLC0415 - only this format needs it

    with calamine.CalamineWorkbook.from_path(path) as book:
        choice = _choice(book, bounds, how.sheet)
    grid = choice.cells.table
    sample = [[cell or "" for cell in row] for row in _transposed(grid.slice(0, SAMPLE_ROWS))]
    layout = headers.find(sample, bounds, how.header_rows)
    table = grid.slice(layout.body).rename_columns(layout.names)
    table, filled = _filled_down(table, choice.cells.spans, layout.body)
    table, left_out = rows.of_respondents(table, layout)
    variables = {name: Variable(label) for name, label in layout.labels.items()}
    actions = [*choice.actions, *layout.actions, *filled, *left_out]
    found = {"sheet": choice.name, "header_rows": layout.depth}
    return RawStudy(table, variables, actions=tuple(actions), overrides=found, origin=choice.origin)


def _choice(
    book: "calamine.CalamineWorkbook", bounds: limits.StudyBounds, wanted: str | None
) -> sheets.Choice:
    """Return the sheet to read.

    Raises:
        errors.StudyError: there is no such sheet, or none holds a table.
    """
    import python_calamine as calamine  # noqa: PLC0415 - as in `_study`

    known = {
        sheet.name: sheet.visible == calamine.SheetVisibleEnum.Visible
        for sheet in book.sheets_metadata
        if sheet.typ == calamine.SheetTypeEnum.WorkSheet
    }
    if wanted is not None and wanted not in known:
        raise errors.OptionError("sheet", _unknown_sheet(wanted, [*known]))
    return sheets.choose(known, wanted, bounds, lambda name: _cells(book.get_sheet_by_name(name)))


def _cells(sheet: "calamine.CalamineSheet") -> sheets.Cells:
    """Return the cells of a sheet as text, without the empty rows and columns at its edges."""
    if sheet.start is None:
        return sheets.Cells(pa.table({}))
    top, left = sheet.start
    batches: list[list[pa.Array]] = []
    remaining = itertools.islice(sheet.iter_rows(), top, None)
    while batch := list(itertools.islice(remaining, BATCH_ROWS)):
        cells = zip(*batch, strict=True)
        batches.append([pa.array(map(_text, column), pa.string()) for column in cells])
    columns = [_without_midnights(pa.chunked_array(pieces))
               for pieces in zip(*batches, strict=True)]  # fmt: skip
    first = next((at for at, one in enumerate(columns) if one.null_count < len(one)), 0)
    while columns and columns[-1].null_count == len(columns[-1]):
        columns.pop()
    del columns[:first]
    table = pa.table(columns, names=[str(position) for position in range(len(columns))])
    spans = tuple(
        sheets.Span(above - top, below - top, at - left - first)
        for (above, at), (below, _) in sheet.merged_cell_ranges or ()
        if below > above
    )
    return sheets.Cells(rows.without_empty_tail(table), spans)


def _text(cell: Cell) -> str | None:
    return TEXTS[type(cell)](cell)


def _of_text(cell: str) -> str | None:
    return cell.strip() or None


def _of_number(cell: float) -> str:
    return str(int(cell)) if cell.is_integer() and abs(cell) < MAX_EXACT else repr(cell)


def _of_day(cell: dt.date) -> str:
    return f"{cell.isoformat()} 00:00:00"  # which is cut off if no cell of the column has a time


def _of_moment(cell: dt.datetime) -> str:
    """Return a point in time to the second; Excel stores days, which are no exact seconds."""
    return _to_second(cell).isoformat(" ")


def _to_second(cell: dt.datetime) -> dt.datetime:
    return (cell + dt.timedelta(milliseconds=500)).replace(microsecond=0)


def _of_time(cell: dt.time) -> str:
    return _to_second(dt.datetime.combine(dt.date(2000, 1, 1), cell)).time().isoformat()


def _of_duration(cell: dt.timedelta) -> str:
    """Return a duration as hours, minutes and seconds, such as 26:30:00."""
    seconds = round(cell.total_seconds())
    minutes, rest = divmod(abs(seconds), 60)
    sign = "-" if seconds < 0 else ""
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{rest:02}"


TEXTS: Mapping[type, Callable[[Any], str | None]] = {
    str: _of_text,
    float: _of_number,
    int: str,
    bool: lambda cell: str(cell).lower(),
    dt.date: _of_day,
    dt.datetime: _of_moment,
    dt.time: _of_time,
    dt.timedelta: _of_duration,
}


def _without_midnights(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of dates without times, if all of their times are midnight."""
    is_moment = pc.match_substring_regex(column, MOMENT)
    if not pc.any(is_moment).as_py():
        return column
    is_midnight = pc.ends_with(column, " 00:00:00")
    if pc.any(pc.and_not(is_moment, is_midnight)).as_py():
        return column
    return pc.if_else(is_moment, pc.utf8_slice_codeunits(column, 0, 10), column)


def _transposed(grid: pa.Table) -> list[tuple[str | None, ...]]:
    return list(zip(*(column.to_pylist() for column in grid.columns), strict=True))


def _filled_down(
    table: pa.Table, spans: Sequence[sheets.Span], body: int
) -> tuple[pa.Table, list[CleaningAction]]:
    """Return a table in which each row of a merged region has its value, and what was filled.

    A merged region stores its value in its first row alone.

    Args:
        table: the rows below the header.
        spans: the regions of the sheet that are higher than one row.
        body: the number of rows above the table.
    """
    actions = []
    for at in sorted({span.column for span in spans if span.top >= body}):
        cells = table.column(at).to_pylist()
        regions = [span for span in spans if span.column == at and span.top >= body]
        for span in regions:
            top = span.top - body
            for row in range(top + 1, min(span.bottom - body + 1, len(cells))):
                cells[row] = cells[row] or cells[top]
        name = table.column_names[at]
        reason = f"{len(regions)} merged region(s): each of their rows was given the value"
        actions.append(CleaningAction(name, "read", reason, len(regions)))
        table = table.set_column(at, name, pa.chunked_array([cells], pa.string()))
    return table, actions


def _unknown_sheet(sheet: str, names: list[str]) -> str:
    known = {name.casefold(): name for name in names}  # which Excel keeps apart by more than case
    near = difflib.get_close_matches(sheet.casefold(), known, n=3, cutoff=0.5)
    listed = ", ".join(repr(known[name]) for name in near) or ", ".join(map(repr, names[:5]))
    return f"The workbook has no sheet {sheet!r}; it has {listed}."
