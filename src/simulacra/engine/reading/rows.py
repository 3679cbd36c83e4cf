"""Rows of a file that are no respondents, left out with the evidence for each.

They are empty rows, notes, repeated headers, totals, and other tables below or beside the first.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.columns.schema import CleaningAction
from simulacra.engine.reading import evidence, headers, totals

MIN_COLUMNS = 3
"""In a table with fewer columns, a row with one cell may be an answer."""

MIN_ROWS = 10
"""In a table with fewer rows, nothing says what its rows have in common."""

SAMPLE_ROWS = 500

SPARSE = 0.5
"""A row of another table fills at most this share of the columns that a respondent fills."""

MISFIT = 0.5
"""In a row of another table at least this share of the cells is unlike those of their columns."""

MAX_BLOCKS = 1_000
"""In a table with more empty rows between others, they part no tables."""

MAX_HEIGHT = 0.5
"""A second table beside the first has at most this share of its rows."""

MIN_SIDE_FILLED = 0.8

Flags = npt.NDArray[np.bool_]


def of_respondents(
    table: pa.Table, layout: headers.Layout
) -> tuple[pa.Table, list[CleaningAction]]:
    """Return a table without what is no respondent, and what was left out.

    Args:
        table: the rows below the header, as text.
        layout: of the file.
    """
    actions: list[CleaningAction] = []
    table = _noted(without_notes(table), actions)
    table = _noted(_without_headers(table, layout), actions)
    if table.num_rows >= MIN_ROWS:
        table = _noted(_without_second_table_beside(table, layout), actions)
        table = _noted(_without_totals(table), actions)
        table = _noted(_without_other_blocks(table), actions)
        if actions:
            table = _noted(without_notes(table), actions)
    return table, actions


def _noted(done: tuple[pa.Table, list[CleaningAction]], actions: list[CleaningAction]) -> pa.Table:
    table, more = done
    actions.extend(more)
    return table


def has_value(table: pa.Table) -> Flags:
    """Return for each row whether a cell of it is filled, bool, shape (rows,)."""
    return _count_values(table) > 0


def without_empty(table: pa.Table) -> tuple[pa.Table, list[CleaningAction]]:
    """Return a table without its empty rows, and an action if there were any."""
    if table.num_columns == 0 or min(column.null_count for column in table.columns) == 0:
        return table, []
    return _without(table, _count_values(table) == 0, "rows without a single value")


def without_empty_tail(table: pa.Table) -> pa.Table:
    """Return a table without the empty rows at its end."""
    filled = np.flatnonzero(_count_values(table))
    return table.slice(0, int(filled[-1]) + 1 if filled.size else 0)


def without_notes(table: pa.Table) -> tuple[pa.Table, list[CleaningAction]]:
    """Return a table without the notes under it, and an action if there were any.

    Notes, such as sources and footnotes, are rows at the end with a value in the first column only.
    """
    if table.num_columns < MIN_COLUMNS or table.num_rows == 0:
        return table, []
    counts = _count_values(table)
    is_note = ((counts == 1) & table.column(0).is_valid().to_numpy()) | (counts == 0)
    is_note = np.logical_and.accumulate(is_note[::-1])[::-1] & (counts > 0)
    return _without(table, is_note, "rows of notes under the table")


def _without_headers(
    table: pa.Table, layout: headers.Layout
) -> tuple[pa.Table, list[CleaningAction]]:
    """Leave out rows that repeat the header, as programs print it on each page."""
    is_header = np.zeros(table.num_rows, dtype=bool)
    for header in layout.header:
        named = [at for at, name in enumerate(header) if name]
        if len(named) < headers.MIN_CONTRASTING:
            continue
        repeats = np.ones(table.num_rows, dtype=bool)
        for at in named:
            stripped = pc.equal(table.column(at), header[at])
            repeats &= pc.fill_null(stripped, fill_value=False).to_numpy()
            if not repeats.any():
                break
        is_header |= repeats
    return _without(table, is_header, "rows that repeat the names of the columns")


def _without_totals(table: pa.Table) -> tuple[pa.Table, list[CleaningAction]]:
    """Leave out rows whose numbers are the sums or means of the rows above or below them."""
    counts = _count_values(table)
    found = totals.find(table, counts)
    is_total = np.zeros(table.num_rows, dtype=bool)
    is_total[[*found]] = True
    reasons = sorted({*found.values()})
    return _without(table, is_total, f"rows of totals: {'; '.join(reasons)}")


def _without_other_blocks(table: pa.Table) -> tuple[pa.Table, list[CleaningAction]]:
    """Leave out tables that empty rows part from the largest, and whose rows are unlike its own."""
    counts = _count_values(table)
    is_empty = counts == 0
    if not is_empty.any():
        return table, []
    edges = np.flatnonzero(np.diff(np.concatenate([[True], is_empty, [True]])))
    blocks = list(zip(edges[::2], edges[1::2], strict=True))
    if not 1 < len(blocks) <= MAX_BLOCKS:
        return table, []
    first, last = max(blocks, key=lambda block: block[1] - block[0])
    profiles = _profiles(table.slice(first, min(last - first, SAMPLE_ROWS)))
    usual = np.median(counts[first:last])
    is_other = np.zeros(table.num_rows, dtype=bool)
    for start, end in blocks:
        if (start, end) == (first, last) or counts[start:end].max() == 0:
            continue
        is_sparse = counts[start:end].max() <= SPARSE * usual
        if is_sparse or _is_unlike(table.slice(start, 1), profiles):
            is_other[start:end] = True
    return _without(
        table, is_other,
        "rows of another table or note, which an empty row parts from the first and whose cells "
        "are unlike those of its columns",
    )  # fmt: skip


def _profiles(table: pa.Table) -> list[evidence.Profile]:
    return [evidence.Profile.of([cell or "" for cell in column.to_pylist()])
            for column in table.columns]  # fmt: skip


def _is_unlike(row: pa.Table, profiles: list[evidence.Profile]) -> bool:
    """Return whether a row names the columns of another table."""
    cells = [column[0].as_py() or "" for column in row.columns]
    found = [profile.against(cell) for cell, profile in zip(cells, profiles, strict=True) if cell]
    unlike = sum(one > headers.CONTRASTING for one in found)
    return sum(found) > headers.PRIOR and unlike >= max(
        headers.MIN_CONTRASTING, MISFIT * len(found)
    )


def _without_second_table_beside(
    table: pa.Table, layout: headers.Layout
) -> tuple[pa.Table, list[CleaningAction]]:
    """Leave out a shorter table that an empty column without a name parts from the longest."""
    is_empty = [
        nameless and column.null_count == len(column)
        for nameless, column in zip(layout.nameless, table.columns, strict=True)
    ]
    if not any(is_empty):
        return table, []
    groups: list[list[int]] = [[]]
    for at, empty in enumerate(is_empty):
        if empty:
            groups.append([])
        else:
            groups[-1].append(at)
    heights = {tuple(group): _height(table.select(group)) for group in groups if group}
    tallest = max(heights.values())
    beside = {
        group: height
        for group, height in heights.items()
        if 0 < height <= MAX_HEIGHT * tallest and _is_dense(table.select(group).slice(0, height))
    }
    if not beside or len(beside) == len(heights):
        return table, []
    actions = []
    for group, height in beside.items():
        names = [table.column_names[at] for at in group]
        reason = (
            f"a second table beside the first: an empty column parts it, and it ends after "
            f"{height:,} of {tallest:,} rows"
        )
        actions += [CleaningAction(name, "dropped", reason, table.num_rows) for name in names]
    left = [name for at, name in enumerate(table.column_names)
            if not any(at in group for group in beside)]  # fmt: skip
    return table.select(left).slice(0, tallest), actions


def _height(table: pa.Table) -> int:
    return int(without_empty_tail(table).num_rows)


def _is_dense(table: pa.Table) -> bool:
    filled = min(len(column) - column.null_count for column in table.columns)
    return bool(filled >= MIN_SIDE_FILLED * table.num_rows)


def _count_values(table: pa.Table) -> npt.NDArray[np.int32]:
    counts = np.zeros(table.num_rows, dtype=np.int32)
    for column in table.columns:
        if column.null_count:
            counts += column.is_valid().to_numpy()
        else:
            counts += 1
    return counts


def _without(
    table: pa.Table, is_dropped: Flags, description: str
) -> tuple[pa.Table, list[CleaningAction]]:
    count = int(is_dropped.sum())
    if count == 0:
        return table, []
    action = CleaningAction(None, "skipped", f"{count} {description}", count)
    return table.filter(pa.array(~is_dropped)), [action]
