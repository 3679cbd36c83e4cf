"""Excel workbooks (.xlsx)."""

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from simulacra.engine import errors, limits
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.columns.schema import CleaningAction
from simulacra.engine.options import AS_FOUND, FileOptions
from simulacra.engine.reading import archive, headers, rows

if TYPE_CHECKING:
    import fastexcel

SAMPLE_ROWS = 60
PANIC = "PanicException"  # raised by faults in Rust code; a BaseException of no public class

DAMAGED = "The workbook cannot be read. Open it in Excel, save it as .xlsx and use that file."


def read(path: Path, bounds: limits.StudyBounds, how: FileOptions = AS_FOUND) -> RawStudy:
    """Return the table in the first sheet that holds one, or the one that is named, as text.

    Raises:
        errors.StudyError: the workbook is damaged, unpacks to more than the bounds allow, or has no
            such sheet or no table in it.
    """
    archive.check(path, bounds)
    try:
        name, grid, others = _grid(path, bounds, how.sheet)
    except errors.StudyError:
        raise
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == PANIC:
            raise errors.StudyError(DAMAGED) from None
        raise
    sample = [[cell or "" for cell in row] for row in _transposed(grid.slice(0, SAMPLE_ROWS))]
    layout = headers.find(sample, bounds, how.header_rows)
    table = grid.slice(layout.body).rename_columns(layout.names)
    variables = {name: Variable(label) for name, label in layout.labels.items()}
    actions = [_choice(name, others), *layout.actions] if others else layout.actions
    found = {"sheet": name, "header_rows": layout.depth}
    return RawStudy(table, variables, actions=tuple(actions), overrides=found)


def _grid(
    path: Path, bounds: limits.StudyBounds, sheet: str | None
) -> tuple[str, pa.Table, list[str]]:
    import fastexcel  # noqa: PLC0415 - only this format needs it

    book = fastexcel.read_excel(path)
    names = book.sheet_names
    if sheet is not None and sheet not in names:
        raise errors.OptionError("sheet", _unknown_sheet(sheet, names))
    fallback: tuple[str, pa.Table] | None = None
    for name in [sheet] if sheet is not None else names:
        grid = _cells(book, name)
        if grid.num_columns > 1 and grid.num_rows > bounds.min_rows:
            return name, grid, [other for other in names if other != name]
        if fallback is None and grid.num_columns > 1 and grid.num_rows > 1:
            fallback = name, grid
    if fallback is None:
        table = "a table of at least two columns and two rows."
        if sheet is not None:
            raise errors.OptionError("sheet", f"Sheet {sheet!r} does not hold {table}")
        raise errors.StudyError(f"No sheet of the workbook holds {table}")
    return *fallback, [other for other in names if other != fallback[0]]


def _cells(book: "fastexcel.ExcelReader", name: str) -> pa.Table:
    """Return the cells of a sheet as text, without the empty columns at its edges."""
    loaded = book.load_sheet(name, header_row=None, dtypes="string", skip_whitespace_tail_rows=True)
    table = pa.table(loaded)
    columns = [rows.blank_to_null(column.cast(pa.string())) for column in table.columns]
    while columns and columns[-1].null_count == len(columns[-1]):
        columns.pop()
    while columns and columns[0].null_count == len(columns[0]):
        columns.pop(0)
    return pa.table(columns, names=[str(position) for position in range(len(columns))])


def _transposed(grid: pa.Table) -> list[tuple[str | None, ...]]:
    return list(zip(*(column.to_pylist() for column in grid.columns), strict=True))


def _choice(name: str, others: list[str]) -> CleaningAction:
    reason = f"sheet {name!r} was read, {len(others)} other sheet(s) were not"
    return CleaningAction(None, "read", reason, len(others))


def _unknown_sheet(sheet: str, names: list[str]) -> str:
    known = {name.casefold(): name for name in names}  # which Excel keeps apart by more than case
    near = difflib.get_close_matches(sheet.casefold(), known, n=3, cutoff=0.5)
    listed = ", ".join(repr(known[name]) for name in near) or ", ".join(map(repr, names[:5]))
    return f"The workbook has no sheet {sheet!r}; it has {listed}."
