"""Dates and times of SPSS: seconds since the beginning of the Gregorian calendar."""

import enum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulacra.engine.columns.schema import CleaningAction

DAYS_TO_1970 = 141_428  # from 14 October 1582
SECONDS_A_DAY = 86_400
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # years 1 and 9999, days since 1970


class Kind(enum.Enum):
    """What a number of seconds means."""

    DATE = enum.auto()
    DATETIME = enum.auto()
    SECONDS = enum.auto()


PRINT_FORMATS = {
    **dict.fromkeys(("DATE", "ADATE", "EDATE", "SDATE", "JDATE", "QYR", "MOYR", "WKYR"), Kind.DATE),
    **dict.fromkeys(("DATETIME", "YMDHMS"), Kind.DATETIME),
    **dict.fromkeys(("TIME", "DTIME", "MTIME"), Kind.SECONDS),
}


def kind(print_format: str) -> Kind | None:
    """Return what a print format such as ``EDATE10`` shows; None for a number such as ``F8.2``."""
    return PRINT_FORMATS.get(print_format.rstrip("0123456789."))


def convert(
    name: str, seconds: npt.NDArray[np.float64], kind: Kind
) -> tuple[pa.Array, list[CleaningAction]]:
    """Return dates, times or plain seconds, and what was done.

    Args:
        name: of the column.
        seconds: float64, shape (rows,), NaN where missing.
        kind: what they mean; dates outside the years 1 to 9999 become missing.
    """
    if kind is Kind.SECONDS:
        reason = "a time of day or a duration, read as seconds"
        count = int(np.sum(~np.isnan(seconds)))
        actions = [CleaningAction(name, "typed", reason, count)]
        return pa.array(seconds, mask=np.isnan(seconds)), actions
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
