"""Dates and times of SPSS: seconds since the beginning of the Gregorian calendar, or in all."""

import enum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulacra.engine.columns.duration import MAX_SECONDS
from simulacra.engine.columns.schema import CleaningAction
from simulacra.engine.columns.texts import clocks

DAYS_TO_1970 = 141_428  # from 14 October 1582
SECONDS_A_DAY = 86_400
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # years 1 and 9999, days since 1970


class Kind(enum.Enum):
    """What a number of seconds means."""

    DATE = enum.auto()
    DATETIME = enum.auto()
    DURATION = enum.auto()
    CLOCK = enum.auto()
    """A time of day or a duration: people give both the format TIME."""


PRINT_FORMATS = {
    **dict.fromkeys(("DATE", "ADATE", "EDATE", "SDATE", "JDATE", "QYR", "MOYR", "WKYR"), Kind.DATE),
    **dict.fromkeys(("DATETIME", "YMDHMS"), Kind.DATETIME),
    **dict.fromkeys(("DTIME", "MTIME"), Kind.DURATION),
    "TIME": Kind.CLOCK,
}


def kind(print_format: str) -> Kind | None:
    """Return what a print format such as ``EDATE10`` shows; None for a number such as ``F8.2``."""
    return PRINT_FORMATS.get(print_format.rstrip("0123456789."))


def convert(
    name: str, seconds: npt.NDArray[np.float64], kind: Kind
) -> tuple[pa.Array, list[CleaningAction]]:
    """Return dates, moments, times of day or durations, and what was done.

    Args:
        name: of the column.
        seconds: float64, shape (rows,), NaN where missing.
        kind: what they mean; dates outside the years 1 to 9999 become missing.
    """
    if kind in (Kind.DURATION, Kind.CLOCK):
        return _seconds(name, seconds, kind)
    days = np.floor(seconds / SECONDS_A_DAY) - DAYS_TO_1970
    is_outside = (days < FIRST_DAY) | (days > LAST_DAY)
    mask = np.isnan(seconds) | is_outside
    if kind is Kind.DATE:
        day_numbers = np.where(mask, 0, days).astype(np.int32)
        array = pa.array(day_numbers, mask=mask).cast(pa.date32())
    else:
        since_1970 = np.where(mask, 0, seconds - DAYS_TO_1970 * SECONDS_A_DAY)
        array = pa.array(np.round(since_1970 * 1e6).astype(np.int64), mask=mask).cast(
            pa.timestamp("us")
        )
    count = int(is_outside.sum())
    reason = f"{count} dates outside the years 1 to 9999"
    return array, [CleaningAction(name, "blanked", reason, count)] if count else []


def _seconds(
    name: str, seconds: npt.NDArray[np.float64], kind: Kind
) -> tuple[pa.Array, list[CleaningAction]]:
    actions = []
    is_duration = kind is Kind.DURATION
    if not is_duration:
        is_duration, notes = clocks.kind(seconds, np.ones(len(seconds), dtype=np.int64))
        actions = [CleaningAction(name, note.action, note.reason, note.count) for note in notes]
    mask = np.isnan(seconds) | (np.abs(seconds) > MAX_SECONDS)
    counted = np.where(mask, 0, np.round(seconds * 1e6)).astype(np.int64)
    if is_duration:
        return pa.array(counted, mask=mask).cast(pa.duration("us")), actions
    return pa.array(counted % (SECONDS_A_DAY * 10**6), mask=mask).cast(pa.time64("us")), actions
