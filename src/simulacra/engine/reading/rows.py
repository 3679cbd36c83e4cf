"""Rows of a file that are not data: empty rows, and notes under the table."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.columns.schema import CleaningAction

MIN_COLUMNS = 3
"""In a table with fewer columns, a row with one cell may be an answer."""


def without_empty(table: pa.Table) -> tuple[pa.Table, list[CleaningAction]]:
    """Return a table without its empty rows, and an action if there were any."""
    if table.num_columns == 0 or min(column.null_count for column in table.columns) == 0:
        return table, []
    return _without(table, _count_values(table) == 0, "rows without a single value")


def without_notes(table: pa.Table) -> tuple[pa.Table, list[CleaningAction]]:
    """Return a table without the notes under it, and an action if there were any.

    Notes, such as sources and footnotes, are rows at the end with a value in the first column only.
    """
    if table.num_columns < MIN_COLUMNS or table.num_rows == 0:
        return table, []
    is_note = (_count_values(table) == 1) & table.column(0).is_valid().to_numpy()
    is_note &= np.logical_and.accumulate(is_note[::-1])[::-1]
    return _without(table, is_note, "rows of notes under the table")


def _count_values(table: pa.Table) -> npt.NDArray[np.int32]:
    counts = np.zeros(table.num_rows, dtype=np.int32)
    for column in table.columns:
        counts += column.is_valid().to_numpy()
    return counts


def _without(
    table: pa.Table, is_dropped: npt.NDArray[np.bool_], description: str
) -> tuple[pa.Table, list[CleaningAction]]:
    count = int(is_dropped.sum())
    if count == 0:
        return table, []
    action = CleaningAction(None, "skipped", f"{count} {description}", count)
    return table.filter(pa.array(~is_dropped)), [action]


def blank_to_null(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a text column without spaces around its texts; empty texts become null."""
    stripped = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(stripped, ""), None, stripped)
