"""Whole numbers that are days of a calendar, such as 20240131."""

import dataclasses

import numpy as np

from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.drafts import Draft, Note
from simulacra.engine.columns.integer import INTEGER

FIRST_YEAR, LAST_YEAR = 1900, 2100
MIN_DAYS = 5
"""Different days from which on it is no accident: of the whole numbers between two of these years
one in 27 is a day."""


def as_dates(draft: Draft) -> Draft:
    """Return a column of integers as dates, if each of them is a day written as YYYYMMDD."""
    if draft.type is not INTEGER:
        return draft
    numbers = np.unique(draft.values[draft.known]).astype(np.int64)
    if len(numbers) < MIN_DAYS or not _are_days(numbers):
        return draft
    days = np.full(len(draft.values), np.nan)
    days[draft.known] = _days(draft.values[draft.known].astype(np.int64))
    note = Note("typed", "whole numbers of the form YYYYMMDD are dates", int(draft.known.sum()))
    return dataclasses.replace(draft, type=DATE, values=days).with_notes(note)


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
