"""From a table to a file, and back."""

from pathlib import Path

import pyarrow as pa

from simulacra.engine import outputs
from simulacra.engine.writing import values as cell_values
from simulacra.engine.writing.codebook import Codebook
from simulacra.engine.writing.registry import FORMATS
from simulacra.engine.writing.values import LABELS


def read(path: Path, file_format: str, schema: pa.Schema) -> pa.Table:
    """Return the columns of a schema, of a table that `write` wrote.

    In CSV, categories are texts; all other types are those of the schema.

    Raises:
        KeyError: the format is unknown, or the file has no such column.
        ValueError: files of the format are not read again; see `OutputFormat.read`.
        OSError: the file cannot be read.
    """
    reader = FORMATS[file_format].read
    if reader is None:
        raise ValueError(f"Files in the format {file_format!r} are not read as rows again.")
    return reader(path, schema)


def write(
    table: pa.Table,
    path: Path,
    file_format: str | None = None,
    codebook: Codebook | None = None,
    values: str = LABELS,
) -> None:
    """Write a table.

    Args:
        table: of any columns.
        path: of the file.
        file_format: by default the suffix of the path.
        codebook: what is known of the columns, for formats that can hold it.
        values: one of `values.VALUES`: what stands in the cells of categorical columns.

    Raises:
        ValueError: the format or the values are unknown, or a file of it cannot have so many rows.
        OSError: the file cannot be written.
    """
    name = file_format or outputs.format_of(path.suffix.lstrip("."))
    if name not in FORMATS:
        raise ValueError(f"The format {name!r} is unknown; use one of {', '.join(FORMATS)}.")
    outputs.check_rows(name, table.num_rows)
    known, chosen = codebook or Codebook(), FORMATS[name]
    valued = cell_values.valued(table, known, values)
    chosen.write(table if chosen.is_coded else valued, known, path)
