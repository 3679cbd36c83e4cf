"""Reading a study from a path, or from any table that can be exported as Arrow."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pyarrow as pa

from simulacra.engine import errors, formats, limits
from simulacra.engine.codebook import RawStudy
from simulacra.engine.formats import Format
from simulacra.engine.reading import csv, parquet, rows, spss, workbook

INDEX = re.compile(r"__index_level_\d+__")  # a column that pandas adds for its row labels


def read(
    source: Any,  # noqa: ANN401 - whatever speaks Arrow
    bounds: limits.StudyBounds,
    sheet: str | None = None,
) -> RawStudy:
    """Return the study in a file, or in a pyarrow, pandas or polars table.

    Every column of a CSV file or a workbook is text; cleaning finds its type.

    Args:
        source: path, or table.
        bounds: how large a study may be.
        sheet: of a workbook, the sheet to read; by default the first with a table.

    Raises:
        errors.StudyError: the file cannot be read as a table, or exceeds the bounds.
        TypeError: `source` is neither a path nor a table.
    """
    if isinstance(source, str | Path):
        study = _read_file(Path(source), bounds, sheet)
    elif sheet is not None:
        raise errors.StudyError(
            "A sheet can be chosen in an Excel workbook only, not in a table; leave the sheet out."
        )
    elif isinstance(source, pa.Table):
        study = RawStudy(source)
    elif hasattr(source, "__arrow_c_stream__"):
        study = RawStudy(_from_frame(source))
    else:
        raise TypeError(f"fit takes a path or a table, not {type(source).__name__}")
    table = study.table
    table = table.drop_columns([name for name in table.column_names if INDEX.fullmatch(name)])
    _check_shape(table.num_rows, table.num_columns, bounds)
    table, actions = rows.without_empty(table)
    return dataclasses.replace(study, table=table, actions=(*study.actions, *actions))


def _from_frame(frame: Any) -> pa.Table:  # noqa: ANN401 - whatever speaks Arrow
    try:
        return pa.table(frame)
    except (pa.ArrowException, TypeError, ValueError):  # whose text quotes a value
        raise errors.StudyError(
            "The frame cannot be turned into a table: a column mixes types, or two columns have "
            "the same name. Give each column one type and a name of its own."
        ) from None


def _read_file(path: Path, bounds: limits.StudyBounds, sheet: str | None) -> RawStudy:
    try:
        with path.open("rb") as file:
            file_format = formats.detect(file)
    except OSError as error:
        raise errors.StudyError(
            f"The file {path.name!r} cannot be opened: {error.strerror}."
        ) from None
    if file_format is Format.XLSX:
        return _without_notes(workbook.read(path, bounds, sheet))
    if sheet is not None:
        raise errors.StudyError(
            f"A sheet can be chosen in an Excel workbook only; the file is {file_format}. "
            "Leave the sheet out."
        )
    if file_format is Format.CSV:
        return _without_notes(csv.read(path, bounds))
    if file_format is Format.PARQUET:
        return RawStudy(parquet.read(path, bounds))
    return spss.read(path, bounds)


def _without_notes(study: RawStudy) -> RawStudy:
    table, actions = rows.without_notes(study.table)
    return dataclasses.replace(study, table=table, actions=(*study.actions, *actions))


def _check_shape(rows: int, columns: int, bounds: limits.StudyBounds) -> None:
    if columns > bounds.max_columns:
        raise errors.StudyError(
            f"The table has {columns:,} columns; up to {bounds.max_columns:,} can be modelled. "
            "Leave out columns that are not needed."
        )
    if rows > bounds.max_rows:
        raise errors.StudyError(
            f"The table has {rows:,} rows; up to {bounds.max_rows:,} can be modelled. "
            "Take a random sample of them."
        )
