"""Frames of pandas and polars, and other tables that can be exported as Arrow."""

import datetime as dt
import decimal
import numbers
from typing import Any

import pyarrow as pa

from simulacra.engine import errors
from simulacra.engine.codebook import RawStudy
from simulacra.engine.columns.schema import CleaningAction

SINGLE = (str, numbers.Real, decimal.Decimal, dt.date, dt.time, dt.timedelta)
"""What a cell may hold besides nothing."""
ERRORS = (pa.ArrowException, TypeError, ValueError)  # their texts quote values


def read(frame: Any) -> RawStudy:  # noqa: ANN401 - whatever speaks Arrow
    """Return the study in a frame.

    A column of a pandas frame that mixes numbers, texts and other single values is read as texts,
    as from a CSV file. Names may come twice.

    Raises:
        errors.StudyError: a column holds something else; it is named.
    """
    try:
        return RawStudy(pa.table(frame))
    except ERRORS:
        if hasattr(frame, "iloc"):  # as frames of pandas have
            return _by_column(frame)
        raise errors.StudyError(
            "The frame cannot be turned into a table of Arrow. Give each column one type and a "
            "name of its own."
        ) from None


def _by_column(frame: Any) -> RawStudy:  # noqa: ANN401 - of pandas, which need not be installed
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index(allow_duplicates=True)
    arrays, actions = [], []
    names = [str(name) for name in frame.columns]
    for position, name in enumerate(names):
        column = frame.iloc[:, position]
        array, types = _array(name, column)
        arrays.append(array)
        if types:
            reason = f"its values are of several types ({types}); read as texts"
            actions.append(CleaningAction(name, "typed", reason, len(column)))
    return RawStudy(pa.table(arrays, names=names), actions=tuple(actions))


def _array(name: str, column: Any) -> tuple[pa.Array, str]:  # noqa: ANN401 - as above
    """Return a column, and the types of its values if it mixes some."""
    for values in (column, column.tolist()):
        try:
            return pa.array(values, from_pandas=True), ""
        except ERRORS:
            continue
    known = [None if _is_missing(value) else value for value in column.tolist()]
    types = ", ".join(sorted({type(value).__name__ for value in known if value is not None}))
    if not all(value is None or isinstance(value, SINGLE) for value in known):
        raise errors.StudyError(
            f"Column {name!r} cannot be read: its values are of the types {types}. Give it texts, "
            "numbers, dates or lists of texts, or leave it out."
        )
    texts = [None if value is None else _text(value) for value in known]
    return pa.array(texts, pa.string()), types


def _is_missing(value: object) -> bool:
    """Tell whether a value stands for none: None, NaN, or what pandas has for either."""
    if isinstance(value, str):
        return False
    return value is None or value != value or type(value).__name__ in {"NAType", "NaTType"}  # noqa: PLR0124 - NaN


def _text(value: object) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if is_whole and isinstance(value, float) else str(value)
