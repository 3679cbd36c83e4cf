"""Parquet files."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simulacra.engine import errors, limits

CELL_BYTES = 8


def read(path: Path, bounds: limits.StudyBounds) -> pa.Table:
    """Return the table in a Parquet file, its size checked before anything is unpacked.

    Raises:
        errors.StudyError: the file is damaged, or unpacks to more than the bounds allow.
    """
    try:
        with pq.ParquetFile(path) as file:
            _check(file.metadata, bounds)
            table = file.read()
            table.validate(full=True)  # texts may be no UTF-8
            return table
    except (pa.ArrowException, OSError):
        raise errors.StudyError(
            "The Parquet file is damaged or uses a feature that cannot be read here."
        ) from None


def _check(metadata: pq.FileMetaData, bounds: limits.StudyBounds) -> None:
    columns, rows = metadata.num_columns, metadata.num_rows
    if columns > bounds.max_columns or rows > bounds.max_rows:
        raise errors.StudyError(
            f"The file has {columns:,} columns and {rows:,} rows; up to {bounds.max_columns:,} "
            f"columns and {bounds.max_rows:,} rows can be modelled."
        )
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    # A run of equal values takes next to nothing in the file, so that its own figure is too low.
    unpacked = max(sum(group.total_byte_size for group in groups), CELL_BYTES * rows * columns)
    if unpacked > bounds.max_cell_bytes:
        raise errors.StudyError(
            f"The file unpacks to {unpacked:,} bytes; up to {bounds.max_cell_bytes:,} are read."
        )
