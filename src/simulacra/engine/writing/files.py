"""Parquet, CSV and Arrow files; the same table gives the same bytes."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

ROWS_PER_GROUP = 100_000


def _parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="snappy", row_group_size=ROWS_PER_GROUP)


def _csv(table: pa.Table, path: Path) -> None:
    pa_csv.write_csv(table, path, pa_csv.WriteOptions(quoting_style="needed"))


def _arrow(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=ROWS_PER_GROUP)


WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    "parquet": _parquet,
    "csv": _csv,
    "arrow": _arrow,
}


def write(table: pa.Table, path: Path, file_format: str | None = None) -> None:
    """Write a table; the format is by default the suffix of the path.

    Raises:
        ValueError: the format is unknown.
        OSError: the file cannot be written.
    """
    name = file_format or path.suffix.lstrip(".").lower()
    if name not in WRITERS:
        raise ValueError(f"The format {name!r} is unknown; use one of {', '.join(WRITERS)}.")
    WRITERS[name](table, path)
