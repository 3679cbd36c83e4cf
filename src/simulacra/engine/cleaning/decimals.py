"""Which mark a file puts before decimals, told from all of its columns."""

import dataclasses

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.codebook import RawStudy
from simulacra.engine.columns.schema import CleaningAction
from simulacra.engine.columns.texts import numerals
from simulacra.engine.options import Options

SAMPLE_ROWS = 5_000
"""Rows that are looked at; a column of which more have to be seen shows its marks itself."""
MIN_MAJORITY = 2 / 3


def decide(raw: RawStudy, options: Options) -> tuple[Options, list[CleaningAction]]:
    """Return the options with the decimal mark of the file, and a report if it mattered.

    The mark decides only what a column leaves open: 1.234 is a thousand and more in a file with
    decimal commas, and one and a bit in a file with decimal points.
    """
    if options.decimal is not None:
        return options, []
    columns = [_sample(column) for column in raw.table.columns if _is_text(column.type)]
    marks = [numerals.decimal_mark(*column) for column in columns]
    shown = {mark: marks.count(mark) for mark in (".", ",")}
    if not any(shown.values()):
        return options, []
    mark = max(shown, key=lambda each: shown[each])
    if shown[mark] < MIN_MAJORITY * sum(shown.values()):
        return options, []
    open_columns = sum(
        found is None and numerals.is_ambiguous(texts)
        for found, (texts, _) in zip(marks, columns, strict=True)
    )
    if not open_columns:
        return dataclasses.replace(options, decimal=mark), []
    name, other = ("comma", "point") if mark == "," else ("point", "comma")
    reason = (
        f"{shown[mark]} column(s) have a decimal {name}, so in {open_columns} column(s) of "
        f"numbers such as 1{'.' if mark == ',' else ','}234 the {other} parts thousands"
    )
    action = CleaningAction(None, "read", reason, open_columns)
    return dataclasses.replace(options, decimal=mark), [action]


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _sample(column: pa.ChunkedArray) -> tuple[pa.StringArray, np.ndarray]:
    """Return different texts of the first rows, and how many of these have each."""
    texts = pc.utf8_trim_whitespace(column.slice(0, SAMPLE_ROWS).cast(pa.string())).drop_null()
    counted = texts.combine_chunks().value_counts()
    return counted.field("values"), np.asarray(counted.field("counts"))
