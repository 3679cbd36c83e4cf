"""One way in: a path, or any table that speaks Arrow."""

import re
from pathlib import Path
from typing import Any

import pyarrow as pa

from simulacra.engine import errors, formats, limits
from simulacra.engine.reading import csv, parquet

HEAD_BYTES = 8192
INDEX = re.compile(r"__index_level_\d+__")  # what pandas adds for its row labels; not a column
READERS = {formats.Format.CSV: csv.read, formats.Format.PARQUET: parquet.read}


def read(source: Any, bounds: limits.Limits) -> pa.Table:  # noqa: ANN401 - whatever speaks Arrow
    """Return the table in a file, or a pyarrow, pandas or polars table as a pyarrow one.

    Every column of a CSV file is text; what it means is the cleaning's to find out.

    Raises:
        errors.UploadError: the file cannot be read as a table, or is beyond the bounds.
        TypeError: `source` is neither a path nor a table.
    """
    if isinstance(source, str | Path):
        table = _read_file(Path(source), bounds)
    elif isinstance(source, pa.Table):
        table = source
    elif hasattr(source, "__arrow_c_stream__"):
        table = _from_frame(source)
    else:
        raise TypeError(f"fit takes a path or a table, not {type(source).__name__}")
    table = table.drop_columns([name for name in table.column_names if INDEX.fullmatch(name)])
    _check_shape(table.num_rows, table.num_columns, bounds)
    return table


def _from_frame(frame: Any) -> pa.Table:  # noqa: ANN401 - whatever speaks Arrow
    try:
        return pa.table(frame)
    except (pa.ArrowException, TypeError, ValueError):  # its text quotes the value
        raise errors.UploadError(
            "The frame cannot be turned into a table: a column mixes types, or two columns have "
            "the same name. Give each column one type and a name of its own."
        ) from None


def _read_file(path: Path, bounds: limits.Limits) -> pa.Table:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise errors.UploadError(f"The file cannot be opened: {error.strerror}.") from None
    return READERS[formats.detect(head)](path, bounds)


def _check_shape(rows: int, columns: int, bounds: limits.Limits) -> None:
    if columns > bounds.max_columns:
        raise errors.UploadError(
            f"The table has {columns:,} columns; up to {bounds.max_columns:,} can be modelled."
        )
    if rows > bounds.max_rows:
        raise errors.UploadError(
            f"The table has {rows:,} rows; up to {bounds.max_rows:,} can be modelled."
        )
