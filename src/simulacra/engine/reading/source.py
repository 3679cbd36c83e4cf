"""Reading a study from a path, or from any table that can be exported as Arrow."""

import dataclasses
import functools
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from simulacra.engine import errors, formats, limits
from simulacra.engine.codebook import RawStudy
from simulacra.engine.formats import Format
from simulacra.engine.options import AS_FOUND, FileOptions
from simulacra.engine.reading import arrow, csv, frames, parquet, rows, statistical, workbook
from simulacra.engine.reading.triple_s import study as triple_s

Reader = Callable[[Path, limits.StudyBounds, FileOptions], RawStudy]
"""Returns the study in a file."""


def _alone(read: Callable[[Path, limits.StudyBounds], RawStudy]) -> Reader:
    """Return the reader of a format about whose files a caller can say nothing."""
    return lambda path, bounds, _: read(path, bounds)


READERS: Mapping[Format, Reader] = {
    Format.CSV: csv.read,
    Format.XLSX: workbook.read,
    Format.XLS: workbook.read_old,
    **{one: functools.partial(statistical.read, one) for one in statistical.DIALECTS},
    Format.TRIPLE_S: triple_s.read,
    Format.TRIPLE_S_DEFINITION: triple_s.read_beside,
    Format.PARQUET: _alone(lambda path, bounds: _plain(parquet.read(path, bounds))),
}

TEXTUAL = (Format.CSV, Format.XLSX, Format.XLS)
"""Formats whose cells without a value may be written as a text, such as NA."""

INDEX = re.compile(r"__index_level_\d+__")  # a column that pandas adds for its row labels


def read(
    source: Any,  # noqa: ANN401 - whatever speaks Arrow
    bounds: limits.StudyBounds,
    how: FileOptions = AS_FOUND,
) -> RawStudy:
    """Return the study in a file, or in a pyarrow, pandas or polars table.

    Every column of a CSV file or a workbook is text; cleaning finds its type.

    Args:
        source: path, or table.
        bounds: how large a study may be.
        how: what the caller says about the file.

    Raises:
        errors.StudyError: the file cannot be read as a table, or exceeds the bounds.
        errors.OptionError: the caller says what does not fit the file.
        TypeError: `source` is neither a path nor a table.
    """
    if isinstance(source, str | Path):
        study = _read_file(Path(source), bounds, how)
    elif isinstance(source, pa.Table):
        _refuse_foreign(how, (), "a table")
        study = dataclasses.replace(_plain(RawStudy(source)), is_typed=True)
    elif hasattr(source, "__arrow_c_stream__"):
        _refuse_foreign(how, (), "a table")
        study = dataclasses.replace(_plain(frames.read(source)), is_typed=True)
    else:
        raise TypeError(f"fit takes a path or a table, not {type(source).__name__}")
    table = study.table
    table = table.drop_columns([name for name in table.column_names if INDEX.fullmatch(name)])
    _check_shape(table.num_rows, table.num_columns, bounds)
    table, actions = rows.without_empty(table)
    return dataclasses.replace(study, table=table, actions=(*study.actions, *actions))


def _plain(study: RawStudy) -> RawStudy:
    table, actions = arrow.plain(study.table)
    return dataclasses.replace(study, table=table, actions=(*study.actions, *actions))


def _read_file(path: Path, bounds: limits.StudyBounds, how: FileOptions) -> RawStudy:
    try:
        with path.open("rb") as file:
            file_format = formats.detect(file)
    except OSError as error:
        raise errors.StudyError(
            f"The file {path.name!r} cannot be opened: {error.strerror}."
        ) from None
    reader = READERS[file_format]
    known = formats.FILE_OPTIONS.get(file_format, ())
    _refuse_foreign(how, known, f"a file in the format {file_format}")
    study = reader(path, bounds, how)
    return dataclasses.replace(study, is_typed=file_format not in TEXTUAL)


def _refuse_foreign(how: FileOptions, known: Sequence[str], what: str) -> None:
    """Refuse an option that means nothing for what is read.

    Raises:
        errors.OptionError: there is one.
    """
    for option in {*itertools.chain(*formats.FILE_OPTIONS.values())} - {*known}:
        if getattr(how, option) is not None:
            raise errors.OptionError(
                option, f"{option} says nothing about {what}; leave it out, or check the file."
            )


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
