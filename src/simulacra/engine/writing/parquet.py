"""Parquet files."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from simulacra.engine.writing import metadata
from simulacra.engine.writing.codebook import Codebook
from simulacra.engine.writing.output_format import OutputFormat

ROWS_PER_GROUP = 100_000


def _write(table: pa.Table, codebook: Codebook, path: Path) -> None:
    described = metadata.described(table, codebook)
    pq.write_table(described, path, compression="snappy", row_group_size=ROWS_PER_GROUP)


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    return pq.read_table(path, columns=schema.names)


PARQUET = OutputFormat("parquet", _write, _read)
