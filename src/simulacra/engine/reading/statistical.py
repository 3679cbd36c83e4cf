"""Files of SPSS (.sav, .zsav, .por), Stata (.dta) and SAS (.sas7bdat, .xpt)."""

import dataclasses
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from simulacra.engine import errors, limits
from simulacra.engine.codebook import Coding, RawStudy, Variable
from simulacra.engine.columns.schema import CleaningAction, MultipleResponseSet
from simulacra.engine.formats import Format
from simulacra.engine.options import AS_FOUND, FileOptions
from simulacra.engine.reading import clocks, coded, moments, sas, valuelabels
from simulacra.engine.reading.coded import CodedColumn

DAMAGE_ERRORS = (ValueError, OverflowError, TypeError)
"""What `pyreadstat` raises besides errors of its own where a file is damaged: a `TypeError` of a
column without a name."""
CELL_BYTES = 40
"""Bytes of a cell while it is read: a Python number and a reference to it."""

AS_STATED, FALLBACK = None, "WINDOWS-1252"
"""The encoding that the file states, and a last try where that is wrong."""


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How files of a format are read.

    Attributes:
        program: whose files they are, for messages.
        reader: the function of pyreadstat.
        clock: returns what the display format of a column says about dates and times.
        encodings: those to try, the first without errors holds; none if the reader knows them all.
        keeps_missing: the reader can tell user-missing values from blanks.
    """

    program: str
    reader: str
    clock: Callable[[str | None], clocks.Clock | None]
    encodings: tuple[str | None, ...] = (AS_STATED, FALLBACK)
    keeps_missing: bool = True


SPSS = Dialect("SPSS", "read_sav", clocks.spss)
DIALECTS: Mapping[Format, Dialect] = {
    Format.SAV: SPSS,
    Format.ZSAV: SPSS,
    Format.POR: Dialect("SPSS", "read_por", clocks.spss, encodings=(), keeps_missing=False),
    # Programs other than Stata write UTF-8 in files whose version has Windows-1252, and text that
    # is valid UTF-8 is hardly ever anything else.
    Format.DTA: Dialect("Stata", "read_dta", clocks.stata, ("UTF-8", AS_STATED, FALLBACK)),
    Format.SAS7BDAT: Dialect("SAS", "read_sas7bdat", clocks.sas),
    Format.XPT: Dialect("SAS", "read_xport", clocks.sas, keeps_missing=False),
}


def read(file_format: Format, path: Path, bounds: limits.StudyBounds,
         how: FileOptions = AS_FOUND) -> RawStudy:  # fmt: skip
    """Return the table in a file of a statistical program.

    A column with value labels is a dictionary of the labels in their order; user-missing values
    are null, and so are codes that are labelled but off the scale of a column of numbers. Dates
    and times are told by their display format.

    Args:
        file_format: one of `DIALECTS`.
        path: of the file.
        bounds: how large a study may be.
        how: what the caller says about it.

    Raises:
        errors.StudyError: the file is damaged or encrypted, or exceeds the bounds.
    """
    dialect = DIALECTS[file_format]
    extent = sas.first_member(path) if file_format is Format.XPT else None
    _, meta, encoding = _open(dialect, path, metadataonly=True)
    rows = (meta.number_rows or 0) if extent is None else extent.rows
    width = _checked_width(meta, rows, bounds)
    most = min(bounds.max_rows, bounds.max_cell_bytes // width)
    # Some files do not state their rows: one more than allowed shows that there are too many.
    limit = most + 1 if extent is None else max(extent.rows, 1)
    cells, meta, encoding = _open(dialect, path, row_limit=limit)
    _checked_width(meta, len(next(iter(cells.values()), ())), bounds)
    actions = [] if extent is None else extent.actions
    if encoding is FALLBACK:
        reason = f"the text does not fit the file's own encoding and was taken as {encoding}"
        actions.append(CleaningAction(None, "read", reason, 1))
    if dialect.program == "SAS":
        actions += sas.without_catalog(meta.original_variable_types)
    sets = _sets(meta)
    counted = {
        name: response_set.counted
        for response_set in sets
        if response_set.counted
        for name in response_set.columns
    }
    columns = {}
    for name in meta.column_names:
        stated = how.missing.get(name)
        number = coded.as_number(counted.get(name))
        columns[name] = _column(name, cells.pop(name), meta, dialect, number, stated)
    return coded.study(columns, sets, actions, how.missing, declared=meta.missing_ranges)


def _open(
    dialect: Dialect,
    path: Path,
    **options: Any,  # noqa: ANN401 - as the reader takes them
) -> tuple[dict[str, list[Any]], Any, str | None]:
    import pyreadstat  # noqa: PLC0415 - only these formats need it

    if dialect.keeps_missing and "metadataonly" not in options:
        options["user_missing"] = True
    for encoding in dialect.encodings or (AS_STATED,):
        stated = {"encoding": encoding} if dialect.encodings else {}
        try:
            cells, meta = getattr(pyreadstat, dialect.reader)(
                path,
                output_format="dict",
                disable_datetime_conversion=True,
                **stated,
                **options,
            )
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, *DAMAGE_ERRORS):
            continue
        return cells, meta, encoding
    raise errors.StudyError(
        f"The {dialect.program} file is damaged, has a password, or uses a feature that is not "
        f"supported. Open it in {dialect.program}, save it without a password, or as CSV, and use "
        "that file."
    )


def _checked_width(meta: Any, rows: int, bounds: limits.StudyBounds) -> int:  # noqa: ANN401 - untyped
    """Return the bytes of a row; refuse a file that exceeds the bounds."""
    columns = meta.number_columns
    if columns > bounds.max_columns or rows > bounds.max_rows:
        raise errors.StudyError(
            f"The file has {columns:,} columns and {rows:,} rows; up to {bounds.max_columns:,} "
            f"columns and {bounds.max_rows:,} rows can be modelled. Leave out what is not needed."
        )
    width = sum(max(CELL_BYTES, int(size)) for size in meta.variable_storage_width.values())
    if rows * width > bounds.max_cell_bytes:
        raise errors.StudyError(
            f"The file unpacks to {rows * width:,} bytes; up to {bounds.max_cell_bytes:,} are "
            "read. Leave out open-ended answers or other columns that are not needed."
        )
    return max(width, 1)


def _sets(meta: Any) -> tuple[MultipleResponseSet, ...]:  # noqa: ANN401 - untyped
    present = set(meta.column_names)
    sets = []
    for name, definition in (meta.mr_sets or {}).items():
        columns = tuple(column for column in definition["variable_list"] if column in present)
        kind = "dichotomy" if definition["is_dichotomy"] else "category"
        counted = definition["counted_value"]
        counted = None if counted is None else str(counted)
        label = definition["label"] or name
        sets.append(MultipleResponseSet(name, label, kind, columns, counted))
    return tuple(sets)


def _column(
    name: str,
    cells: list[Any],
    meta: Any,  # noqa: ANN401 - untyped
    dialect: Dialect,
    counted: float | None,
    stated: tuple[str, ...] | None,
) -> CodedColumn:
    """Return a column of the file; `stated` are all values that mean no answer, if not None."""
    variable = Variable(label=meta.column_names_to_labels[name] or "", counted=counted)
    labels = meta.variable_value_labels.get(name) or {}
    missing = meta.missing_ranges.get(name) or []
    measure = meta.variable_measure[name]
    is_ordinal = measure == "ordinal"
    if meta.readstat_variable_types[name] == "string":
        if stated is not None:
            missing = coded.stated_missing(labels, stated)
        variable = _with_coding(variable, name, meta, labels, missing, is_text=True)
        return coded.texts(name, variable, cells, labels, missing, is_ordinal=is_ordinal)
    codes = {
        code: label
        for code, label in labels.items()
        if not isinstance(code, str) and math.isfinite(code)  # a blank may have a label
    }
    if stated is not None:
        missing = coded.stated_missing(codes, stated)
    variable = _with_coding(variable, name, meta, codes, missing)
    cells, actions = _without_letters(name, cells, meta.missing_user_values.get(name), labels)
    values = _numbers(cells, meta.readstat_variable_types[name])
    values, blanked = coded.without_missing(name, values, missing)
    actions += blanked
    clock = dialect.clock(meta.original_variable_types[name])
    if clock is not None:
        array, converted = moments.convert(name, clock.to_seconds(values), clock.kind)
        return CodedColumn(array, variable, actions + converted)
    value_labels = valuelabels.ValueLabels.of(
        codes, is_ordinal, measure == "scale", has_stated_missing=stated is not None
    )
    column = coded.numbers(name, variable, values, value_labels)
    return dataclasses.replace(column, actions=actions + column.actions)


def _with_coding(
    variable: Variable,
    name: str,
    meta: Any,  # noqa: ANN401 - untyped
    labels: Mapping[Any, str],
    missing: Sequence[coded.Interval],
    *,
    is_text: bool = False,
) -> Variable:
    """Return an entry of the codebook that says how the file holds the column."""
    coding = Coding(
        labels=labels,
        missing=tuple((interval["lo"], interval["hi"]) for interval in missing),
        measure=meta.variable_measure[name].replace("unknown", ""),
        display_format=meta.original_variable_types[name] or "",
        is_text=is_text,
    )
    return dataclasses.replace(variable, coding=coding)


def _without_letters(
    name: str, cells: list[Any], letters: list[str] | None, labels: Mapping[Any, str]
) -> tuple[list[Any], list[CleaningAction]]:
    """Return cells without the missing values of Stata and SAS that have a letter, and a label."""
    if not letters:
        return cells, []
    found = Counter(cell for cell in cells if isinstance(cell, str))
    shown = ", ".join(
        f".{letter}" + (f" ({labels[letter]!r})" if labels.get(letter) else "")
        for letter in sorted(found)
    )
    known = [None if isinstance(cell, str) else cell for cell in cells]
    return known, coded.declared_missing(name, found.total(), f" {shown}")


def _numbers(cells: list[Any], storage: str) -> npt.NDArray[np.float64]:
    """Return cells as numbers, float64, shape (rows,), NaN where missing."""
    values = np.array(cells, dtype=np.float64)  # None becomes NaN
    if storage != "float":
        return values
    # 5.1 in four bytes is 5.099999904632568: the shortest text is what was typed.
    distinct, positions = np.unique(values.astype(np.float32), return_inverse=True)
    return distinct.astype(str).astype(np.float64)[positions]
