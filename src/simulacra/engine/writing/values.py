"""What stands in the cells of categorical columns: labels, or codes."""

import numpy as np
import pyarrow as pa

from simulacra.engine.columns.drafts import look_up
from simulacra.engine.columns.schema import Column
from simulacra.engine.writing import levels
from simulacra.engine.writing.codebook import Codebook
from simulacra.engine.writing.levels import LevelCodes

LABELS, CODES = "labels", "codes"
VALUES = (LABELS, CODES)


def valued(table: pa.Table, codebook: Codebook, values: str) -> pa.Table:
    """Return rows whose levels are labels or codes.

    Codes are those that files of SPSS have: of a study from a file of codes its own, of any other
    study the numbers that `levels.of` gives.

    Args:
        table: with the levels as texts or booleans.
        codebook: of the table.
        values: one of `VALUES`.

    Raises:
        ValueError: it is something else.
    """
    if values not in VALUES:
        raise ValueError(f"The values {values!r} are unknown; use one of {', '.join(VALUES)}.")
    if values == LABELS:
        return table
    for name, coded in levels.of(codebook).items():
        position = table.column_names.index(name)
        column = codebook.entries[name].column
        table = table.set_column(position, name, _codes(table[name], column, coded))
    return table


def _codes(cells: pa.ChunkedArray, column: Column, coded: LevelCodes) -> pa.Array:
    positions = column.encode(cells)
    if coded.is_text:
        codes = pa.array([None if code is None else str(code) for code in coded.codes], pa.string())
        is_missing = np.isnan(positions)
        places = np.where(is_missing, 0, positions).astype(np.int64)
        return codes.take(pa.array(places, mask=is_missing))
    numbers = np.array([np.nan if code is None else float(code) for code in coded.codes])
    found = look_up(numbers, positions)
    is_whole = bool((np.isnan(numbers) | (numbers == np.floor(numbers))).all())
    is_missing = np.isnan(found)
    if is_whole:
        return pa.array(np.where(is_missing, 0, found).astype(np.int64), mask=is_missing)
    return pa.array(found, mask=is_missing)
