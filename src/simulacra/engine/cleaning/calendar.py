"""Whole numbers that are days of a calendar, such as 20240131, or moments, 20240131102214."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME, SECOND
from simulacra.engine.columns.drafts import Draft, Note
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.texts.dates import DAY_US

if TYPE_CHECKING:
    from simulacra.engine.columns.column_type import ColumnType

CLOCK = 1_000_000
"""Behind the day of a moment are six digits."""
FIRST_YEAR, LAST_YEAR = 1900, 2100
MIN_DAYS = 5
"""Different days from which on it is no accident: of the whole numbers between two of these years
one in 27 is a day."""


def as_dates(draft: Draft) -> Draft:
    """Return a column of integers as dates or moments, if each is written as one.

    A day is YYYYMMDD, a moment YYYYMMDDhhmmss.
    """
    if draft.type is not INTEGER:
        return draft
    numbers = np.unique(draft.values[draft.known]).astype(np.int64)
    if len(numbers) < MIN_DAYS:
        return draft
    values = np.full(len(draft.values), np.nan)
    own = draft.values[draft.known].astype(np.int64)
    column_type: ColumnType
    if _are_days(numbers):
        column_type, form = DATE, "YYYYMMDD are dates"
        values[draft.known] = _days(own)
    elif _are_days(numbers // CLOCK) and _are_times(numbers % CLOCK):
        column_type, form = DATETIME, "YYYYMMDDhhmmss are dates with times"
        values[draft.known] = _days(own // CLOCK) * DAY_US + _seconds(own % CLOCK) * SECOND
    else:
        return draft
    note = Note("typed", f"whole numbers of the form {form}", int(draft.known.sum()))
    return dataclasses.replace(draft, type=column_type, values=values).with_notes(note)


def _are_times(clocks: np.ndarray) -> bool:
    """Tell whether all numbers, int64, are hours, minutes and seconds."""
    hours, minutes, seconds = clocks // 10_000, clocks // 100 % 100, clocks % 100
    return bool(((hours < 24) & (minutes < 60) & (seconds < 60)).all())


def _seconds(clocks: np.ndarray) -> np.ndarray:
    return np.asarray((clocks // 10_000 * 60 + clocks // 100 % 100) * 60 + clocks % 100)


def _are_days(numbers: np.ndarray) -> bool:
    """Tell whether all numbers, int64, are days between the years that dates may be of."""
    years, months, days = numbers // 10_000, numbers // 100 % 100, numbers % 100
    is_possible = (years >= FIRST_YEAR) & (years <= LAST_YEAR) & (months >= 1) & (months <= 12)
    if not is_possible.all() or (days < 1).any():
        return False
    read = np.datetime64("1970-01-01") + _days(numbers).astype(np.int64)
    return bool((read.astype("datetime64[M]") == _months(numbers)).all())


def _months(numbers: np.ndarray) -> np.ndarray:
    since_1970 = (numbers // 10_000 - 1970) * 12 + numbers // 100 % 100 - 1
    return np.asarray(since_1970, dtype="datetime64[M]")


def _days(numbers: np.ndarray) -> Floats:
    """Return the days since 1970, float64; those beyond the end of a month run into the next."""
    begins = _months(numbers).astype("datetime64[D]").astype(np.int64)
    return np.asarray(begins + numbers % 100 - 1, dtype=np.float64)
