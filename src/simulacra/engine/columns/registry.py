"""The column types that there are; a new one is a file beside this one and an entry here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.duration import DURATION
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions
from simulacra.engine.columns.time_of_day import TIME

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats, Int64s
    from simulacra.engine.columns.column_type import ColumnType
    from simulacra.engine.columns.drafts import Draft
    from simulacra.engine.columns.lazy import pa

TYPES: tuple[ColumnType, ...] = (
    *(NOMINAL, ORDINAL, BOOLEAN, INTEGER, NUMBER),
    *(TIME, DURATION, DATE, DATETIME),  # a workbook has times on the first days of its calendar
)


def names() -> tuple[str, ...]:
    """Return the names of all types."""
    return tuple(map(str, TYPES))


def named(name: str) -> ColumnType:
    """Return the type of a name.

    Raises:
        KeyError: there is none.
    """
    return {str(column_type): column_type for column_type in TYPES}[name]


def analyse(array: pa.ChunkedArray) -> Draft | None:
    """Return the draft of an Arrow column, None if no type holds such values."""
    drafts = (column_type.analyse(array) for column_type in TYPES)
    return next((draft for draft in drafts if draft is not None), None)


def recognise(texts: pa.StringArray, counts: Int64s, conventions: Conventions = UNKNOWN) -> Draft:
    """Return a draft with one value for each of the different texts of a column.

    Any text can be a level, so the nominal type has the last word.
    """
    others = (column_type for column_type in TYPES if column_type is not NOMINAL)
    drafts = (column_type.recognise(texts, counts, conventions) for column_type in others)
    draft = next((draft for draft in drafts if draft is not None), None)
    return draft if draft is not None else NOMINAL.recognise(texts, counts, conventions)


def of_numbers(values: Floats) -> Draft:
    """Return the draft of numbers: integers if all are whole."""
    drafts = (column_type.draft(values) for column_type in (INTEGER, NUMBER))
    return next(draft for draft in drafts if draft is not None)
