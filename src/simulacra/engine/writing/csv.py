"""CSV files in UTF-8; lists are JSON texts, and when they are read, categories are texts."""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from simulacra.engine.writing import layouts
from simulacra.engine.writing.codebook import Codebook
from simulacra.engine.writing.output_format import OutputFormat


def _write(table: pa.Table, _: Codebook, path: Path) -> None:
    pa_csv.write_csv(
        layouts.texts_of_lists(table), path, pa_csv.WriteOptions(quoting_style="needed")
    )


def _read(path: Path, schema: pa.Schema) -> pa.Table:
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


CSV = OutputFormat("csv", _write, _read)
