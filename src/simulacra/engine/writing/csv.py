"""CSV files in UTF-8; lists are JSON texts, and when they are read, categories are texts.

There are two kinds. One is for programs, and holds each text as it is. One is for people who open
it in Excel, which takes a text that begins with certain characters for a formula: these get an
apostrophe before them [OWASP].

References:
    [OWASP] CSV Injection, owasp.org/www-community/attacks/CSV_Injection.
"""

import codecs
import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from simulacra.engine.writing import layouts
from simulacra.engine.writing.codebook import Codebook
from simulacra.engine.writing.output_format import OutputFormat

MARK = codecs.BOM_UTF8.decode()
"""Without which Excel takes a file for one in the encoding of the machine."""
APOSTROPHE = "'"
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\N{FULLWIDTH EQUALS SIGN}",
            "\N{FULLWIDTH PLUS SIGN}", "\N{FULLWIDTH HYPHEN-MINUS}",
            "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
"""How texts begin that become formulas."""
PATTERN = "".join(f"\\{it}" if it == "-" else it for it in FORMULAS)
PART_ROWS = 10_000


def _write(table: pa.Table, _: Codebook, path: Path) -> None:
    pa_csv.write_csv(
        layouts.texts_of_lists(table), path, pa_csv.WriteOptions(quoting_style="needed")
    )


def _write_for_excel(table: pa.Table, _: Codebook, path: Path) -> None:
    plain = layouts.texts_of_lists(table)
    for position, field in enumerate(plain.schema):
        kind = _in_csv(field.type)
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            texts = _without_formulas(plain.column(position).cast(pa.string()))
            plain = plain.set_column(position, field.name, texts)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(MARK)
        names = [APOSTROPHE + it if it.startswith(FORMULAS) else it for it in plain.column_names]
        writer = csv.writer(file)
        writer.writerow(names)
        for first in range(0, plain.num_rows, PART_ROWS):
            part = plain.slice(first, PART_ROWS)
            texts = [pc.fill_null(it.cast(pa.string()), "").to_pylist() for it in part.columns]
            writer.writerows(zip(*texts, strict=True))


def _without_formulas(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    pattern = f"^([{PATTERN}])"
    return pc.replace_substring_regex(texts, pattern, rf"{APOSTROPHE}\1", max_replacements=1)


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
CSV_FOR_EXCEL = OutputFormat("csv-excel", _write_for_excel)
