"""Arrow files, also known as Feather."""

from pathlib import Path

import pyarrow as pa

from simulacra.engine.writing import metadata
from simulacra.engine.writing.codebook import Codebook
from simulacra.engine.writing.output_format import OutputFormat

ROWS_PER_BATCH = 100_000


def _write(table: pa.Table, codebook: Codebook, path: Path) -> None:
    described = metadata.described(table, codebook)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, described.schema) as writer:
        writer.write_table(described, max_chunksize=ROWS_PER_BATCH)


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    with pa.OSFile(str(path)) as source:
        return pa.ipc.open_file(source).read_all().select(schema.names)


ARROW = OutputFormat("arrow", _write, _read)
