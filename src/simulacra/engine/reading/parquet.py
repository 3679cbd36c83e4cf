"""Parquet files."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simulacra.engine import errors, limits
from simulacra.engine.codebook import RawStudy

CELL_BYTES = 8


def read(path: Path, bounds: limits.StudyBounds) -> RawStudy:
    """Return the study in a Parquet file, its size checked before anything is unpacked.

    Raises:
        errors.StudyError: the file is damaged, or unpacks to more than the bounds allow.
    """
    try:
        with pq.ParquetFile(path) as file:
            _check(file.metadata, bounds)
            table = file.read()
            table.validate(full=True)  # texts may not be UTF-8
            return RawStudy(table)
    except (pa.ArrowException, OSError):
        raise errors.StudyError(
            "The Parquet file is damaged or uses a feature that is not supported. Write it "
            "anew, or export the study as CSV."
        ) from None


def _check(metadata: pq.FileMetaData, bounds: limits.StudyBounds) -> None:
    columns, rows = metadata.num_columns, metadata.num_rows
    if columns > bounds.max_columns or rows > bounds.max_rows:
        raise errors.StudyError(
            f"The file has {columns:,} columns and {rows:,} rows; up to {bounds.max_columns:,} "
            f"columns and {bounds.max_rows:,} rows can be modelled. Leave out what is not needed."
        )
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    # The file's own figure is too low: it counts a run of equal values once.
    unpacked = max(sum(group.total_byte_size for group in groups), CELL_BYTES * rows * columns)
    if unpacked > bounds.max_cell_bytes:
        raise errors.StudyError(
            f"The file unpacks to {unpacked:,} bytes; up to {bounds.max_cell_bytes:,} are read. "
            "Leave out columns that are not needed."
        )
