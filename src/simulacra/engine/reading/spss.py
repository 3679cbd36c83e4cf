"""SPSS files (.sav, .zsav): a table with its codebook."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulacra.engine import errors, limits
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.columns.schema import CleaningAction, MultipleResponseSet
from simulacra.engine.options import AS_FOUND, FileOptions
from simulacra.engine.reading import moments, valuelabels

CELL_BYTES = 40
"""Bytes of a cell while it is read: a Python number and a reference to it."""

ENCODINGS = (None, "WINDOWS-1252")
"""The encoding that the file states (None), and a second try where that is wrong."""

DAMAGED = (
    "The SPSS file is damaged, has a password, or uses a feature that is not supported. Open it "
    "in SPSS, save it as .sav without a password and use that file."
)


def read(path: Path, bounds: limits.StudyBounds, how: FileOptions = AS_FOUND) -> RawStudy:
    """Return the table in an SPSS file.

    A column with value labels is a dictionary of the labels in their order; user-missing values
    are null, and so are codes that are labelled but off the scale of a column of numbers.

    Args:
        path: of the file.
        bounds: how large a study may be.
        how: what the caller says about it.

    Raises:
        errors.StudyError: the file is damaged or encrypted, or exceeds the bounds.
    """
    _, meta, encoding = _open(path, metadataonly=True)
    width = _checked_width(meta, meta.number_rows or 0, bounds)
    most = min(
        bounds.max_rows, bounds.max_cell_bytes // width
    )  # some files do not state their rows
    cells, meta, encoding = _open(path, user_missing=True, row_limit=most + 1)
    _checked_width(meta, len(next(iter(cells.values()), ())), bounds)
    actions = []
    if encoding is not None:
        reason = f"the text does not fit the file's own encoding and was taken as {encoding}"
        actions.append(CleaningAction(None, "read", reason, 1))
    sets = _sets(meta)
    counted = {
        name: response_set.counted
        for response_set in sets
        if response_set.counted
        for name in response_set.columns
    }
    columns, variables, found = {}, {}, {}
    for name in meta.column_names:
        stated = how.missing.get(name)
        column = _column(name, cells.pop(name), meta, _number(counted.get(name)), stated)
        columns[name], variables[name] = column.array, column.variable
        actions += column.actions
        if stated is not None:
            found[name] = [*stated]
        elif column.no_answers and not meta.missing_ranges.get(name):
            found[name] = [f"{code:g}" for code in column.no_answers]
    overrides = {"missing": found} if found else {}
    return RawStudy(pa.table(columns), variables, sets, tuple(actions), overrides=overrides)


def _open(path: Path, **options: Any) -> tuple[dict[str, list[Any]], Any, str | None]:  # noqa: ANN401
    import pyreadstat  # noqa: PLC0415 - only this format needs it

    for encoding in ENCODINGS:
        try:
            cells, meta = pyreadstat.read_sav(
                path,
                output_format="dict",
                disable_datetime_conversion=True,
                encoding=encoding,
                **options,
            )
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OverflowError):
            continue
        return cells, meta, encoding
    raise errors.StudyError(DAMAGED)


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


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


@dataclasses.dataclass
class _Column:
    array: pa.Array
    variable: Variable
    actions: list[CleaningAction]
    no_answers: tuple[float, ...] = ()


def _column(
    name: str,
    cells: list[Any],
    meta: Any,  # noqa: ANN401 - untyped
    counted: float | None,
    stated: tuple[str, ...] | None,
) -> _Column:
    """Return a column of the file; `stated` are all values that mean no answer, if not None."""
    variable = Variable(label=meta.column_names_to_labels[name] or "", counted=counted)
    labels = meta.variable_value_labels.get(name) or {}
    missing = meta.missing_ranges.get(name) or []
    if stated is not None:
        missing = [{"lo": value, "hi": value} for value in _codes(labels, stated)]
    is_ordinal = meta.variable_measure[name] == "ordinal"
    if meta.readstat_variable_types[name] == "string":
        return _text(name, variable, cells, labels, missing, is_ordinal=is_ordinal)
    values = np.array(cells, dtype=np.float64)  # None becomes NaN
    values, actions = _without_user_missing(name, values, missing)
    kind = moments.kind(meta.original_variable_types[name])
    if kind is not None:
        array, converted = moments.convert(name, values, kind)
        return _Column(array, variable, actions + converted)
    value_labels = valuelabels.ValueLabels.of(
        *(labels, is_ordinal, meta.variable_measure[name] == "scale"),
        has_stated_missing=stated is not None,
    )
    array, label_values, labelled = valuelabels.apply(name, values, value_labels)
    is_labelled = pa.types.is_dictionary(array.type)
    variable = dataclasses.replace(variable, is_labelled=is_labelled, label_values=label_values)
    no_answers = () if is_labelled else tuple(value_labels.no_answers(values))
    return _Column(array, variable, actions + labelled, no_answers)


def _codes(labels: Mapping[Any, str], stated: Sequence[str]) -> list[Any]:
    """Return the values that a caller names by themselves or by their labels."""
    by_label = {label.strip(): code for code, label in labels.items()}
    known = [by_label.get(text, text) for text in stated]
    if any(isinstance(code, str) for code in labels):
        return known
    return [number for value in known if (number := _number(str(value))) is not None]


def _without_user_missing(
    name: str, values: npt.NDArray[np.float64], missing: list[dict[str, float]]
) -> tuple[npt.NDArray[np.float64], list[CleaningAction]]:
    is_missing = np.zeros(len(values), dtype=bool)
    for interval in missing:
        is_missing |= (values >= interval["lo"]) & (values <= interval["hi"])
    return np.where(is_missing, np.nan, values), _blanked(name, int(is_missing.sum()))


def _blanked(name: str, count: int) -> list[CleaningAction]:
    if not count:
        return []
    reason = f"{count} user-missing values, as declared"
    return [CleaningAction(name, "blanked", reason, count)]


def _text(
    name: str,
    variable: Variable,
    cells: list[str | None],
    labels: dict[str, str],
    missing: list[dict[str, str]],
    *,
    is_ordinal: bool,
) -> _Column:
    declared = {interval["lo"].strip() for interval in missing if interval["lo"] == interval["hi"]}
    texts = [(cell or "").strip() for cell in cells]
    actions = _blanked(name, sum(text in declared for text in texts if text))
    known = [text if text and text not in declared else None for text in texts]
    if not labels:
        return _Column(pa.array(known, pa.string()), variable, actions)
    array, labelled = valuelabels.apply_to_texts(name, known, labels, is_ordinal=is_ordinal)
    return _Column(array, dataclasses.replace(variable, is_labelled=True), actions + labelled)
