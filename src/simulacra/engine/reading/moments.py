"""Dates and times as SPSS keeps them: seconds since the Gregorian calendar began."""

import enum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulacra.engine.columns.schema import CleaningAction

DAYS_TO_1970 = 141_428  # from 14 October 1582
SECONDS_A_DAY = 86_400
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # years 1 and 9999, days since 1970


class Kind(enum.Enum):
    """What a number of seconds stands for."""

    DATE = enum.auto()
    DATETIME = enum.auto()
    SECONDS = enum.auto()


PRINT_FORMATS = {
    **dict.fromkeys(("DATE", "ADATE", "EDATE", "SDATE", "JDATE", "QYR", "MOYR", "WKYR"), Kind.DATE),
    **dict.fromkeys(("DATETIME", "YMDHMS"), Kind.DATETIME),
    **dict.fromkeys(("TIME", "DTIME", "MTIME"), Kind.SECONDS),
}


def kind(print_format: str) -> Kind | None:
    """Return what a format such as ``EDATE10`` or ``F8.2`` prints, None if it is no moment."""
    return PRINT_FORMATS.get(print_format.rstrip("0123456789."))


def convert(
    name: str, seconds: npt.NDArray[np.float64], kind: Kind
) -> tuple[pa.Array, list[CleaningAction]]:
    """Return dates, times, or plain seconds; what lies outside the years 1 to 9999 is missing."""
    if kind is Kind.SECONDS:
        reason = "a time of day or a duration, read as seconds"
        count = int(np.sum(~np.isnan(seconds)))
        noted = [CleaningAction(name, "typed", reason, count)]
        return pa.array(seconds, mask=np.isnan(seconds)), noted
    days = np.floor(seconds / SECONDS_A_DAY) - DAYS_TO_1970
    is_outside = (days < FIRST_DAY) | (days > LAST_DAY)
    mask = np.isnan(seconds) | is_outside
    if kind is Kind.DATE:
        whole = np.where(mask, 0, days).astype(np.int32)
        array = pa.array(whole, mask=mask).cast(pa.date32())
    else:
        since = np.where(mask, 0, seconds - DAYS_TO_1970 * SECONDS_A_DAY)
        array = pa.array(np.round(since * 1e6).astype(np.int64), mask=mask).cast(pa.timestamp("us"))
    count = int(is_outside.sum())
    reason = f"{count} dates outside the years 1 to 9999"
    return array, [CleaningAction(name, "blanked", reason, count)] if count else []
