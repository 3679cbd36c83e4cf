"""Parquet, CSV and Arrow files; the same table gives the same bytes."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from simulacra.engine.writing import layouts

ROWS_PER_GROUP = 100_000


def _parquet(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="snappy", row_group_size=ROWS_PER_GROUP)


def _csv(table: pa.Table, path: Path) -> None:
    pa_csv.write_csv(
        layouts.texts_of_lists(table), path, pa_csv.WriteOptions(quoting_style="needed")
    )


def _arrow(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=ROWS_PER_GROUP)


WRITERS: dict[str, Callable[[pa.Table, Path], None]] = {
    "parquet": _parquet,
    "csv": _csv,
    "arrow": _arrow,
}


def _read_parquet(path: Path, schema: pa.Schema) -> pa.Table:
    return pq.read_table(path, columns=schema.names)


def _read_csv(path: Path, schema: pa.Schema) -> pa.Table:
    types = {field.name: _in_csv(field.type) for field in schema}
    convert = pa_csv.ConvertOptions(
        column_types=types,
        include_columns=schema.names,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["true"],
        false_values=["false"],
    )
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    return pa_csv.read_csv(path, parse_options=parse, convert_options=convert)


def _in_csv(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _read_arrow(path: Path, schema: pa.Schema) -> pa.Table:
    with pa.OSFile(str(path)) as source:
        return pa.ipc.open_file(source).read_all().select(schema.names)


READERS: dict[str, Callable[[Path, pa.Schema], pa.Table]] = {
    "parquet": _read_parquet,
    "csv": _read_csv,
    "arrow": _read_arrow,
}


def read(path: Path, file_format: str, schema: pa.Schema) -> pa.Table:
    """Return the columns of a schema, of a table that `write` wrote.

    In CSV, categories are texts; all other types are those of the schema.

    Raises:
        KeyError: the format is unknown, or the file has no such column.
        OSError: the file cannot be read.
    """
    return READERS[file_format](path, schema)


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
