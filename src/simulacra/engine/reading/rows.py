"""Rows of a file that are no data: empty ones, and notes under the table."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.columns.schema import CleaningAction

MIN_COLUMNS = 3
"""Of a narrower table, a row with one cell may be an answer."""


def without_empty(table: pa.Table) -> tuple[pa.Table, list[CleaningAction]]:
    """Leave out the rows without a single value."""
    if table.num_columns == 0 or min(column.null_count for column in table.columns) == 0:
        return table, []
    return _without(table, _filled(table) == 0, "rows without a single value")


def without_notes(table: pa.Table) -> tuple[pa.Table, list[CleaningAction]]:
    """Leave out the rows at the end that have one cell, the first: sources, footnotes."""
    if table.num_columns < MIN_COLUMNS or table.num_rows == 0:
        return table, []
    is_note = (_filled(table) == 1) & table.column(0).is_valid().to_numpy()
    is_note &= np.logical_and.accumulate(is_note[::-1])[::-1]
    return _without(table, is_note, "rows of notes under the table")


def _filled(table: pa.Table) -> npt.NDArray[np.int32]:
    filled = np.zeros(table.num_rows, dtype=np.int32)
    for column in table.columns:
        filled += column.is_valid().to_numpy()
    return filled


def _without(
    table: pa.Table, left_out: npt.NDArray[np.bool_], what: str
) -> tuple[pa.Table, list[CleaningAction]]:
    count = int(left_out.sum())
    if count == 0:
        return table, []
    action = CleaningAction(None, "skipped", f"{count} {what}", count)
    return table.filter(pa.array(~left_out)), [action]


def blank_to_null(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a text column stripped, its empty cells null."""
    stripped = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(stripped, ""), None, stripped)
