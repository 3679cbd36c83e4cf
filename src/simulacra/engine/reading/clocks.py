"""Dates and times of statistical programs, told by the display format of their column.

All count from a day of their own: SPSS in seconds from 14 October 1582 [SPSS], SAS in days or
seconds and Stata in days, milliseconds, weeks, months, quarters or half-years from 1960 [SAS]
[Stata]. They become seconds of SPSS, which `moments.convert` takes.

References:
    [SPSS] IBM SPSS Statistics, Command Syntax Reference: Variable Types and Formats.
    [SAS] SAS Formats and Informats: Reference; About SAS Date, Time, and Datetime Values.
    [Stata] Stata Data Management Reference Manual: Datetime display formats.
"""

import dataclasses
import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from simulacra.engine.reading import moments
from simulacra.engine.reading.moments import SECONDS_A_DAY, Kind

Floats = npt.NDArray[np.float64]

DAYS_TO_1960 = 137_775  # from 14 October 1582
SECONDS_TO_1960 = DAYS_TO_1960 * SECONDS_A_DAY
MILLISECONDS = 1_000
WEEKS_A_YEAR = 52  # of Stata, whose last week of a year has eight days or nine
DAYS_A_WEEK = 7
MAX_MONTHS = 1_000_000  # far beyond the years 1 to 9999, outside of which dates are missing
MONTHS_TO_1960 = -120  # from January 1970, as NumPy counts


@dataclasses.dataclass(frozen=True)
class Clock:
    """What the numbers of a column mean.

    Attributes:
        kind: what they mean.
        to_seconds: returns them as seconds, float64, shape (rows,), NaN where missing: since 14
            October 1582, or, for times of day and durations, since midnight or their beginning.
    """

    kind: Kind
    to_seconds: Callable[[Floats], Floats]


def _unchanged(values: Floats) -> Floats:
    return values


def _days(values: Floats) -> Floats:
    return (np.floor(values) + DAYS_TO_1960) * SECONDS_A_DAY


def _seconds(values: Floats) -> Floats:
    return values + SECONDS_TO_1960


def _milliseconds(values: Floats) -> Floats:
    return values / MILLISECONDS + SECONDS_TO_1960


def _months(values: Floats, each: int = 1) -> Floats:
    """Return the beginnings of months, quarters or half-years that are counted from 1960."""
    known = np.clip(np.where(np.isnan(values), 0, values), -MAX_MONTHS, MAX_MONTHS)
    months = (np.floor(known) * each + MONTHS_TO_1960).astype(np.int64)
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    seconds: Floats = (days + moments.DAYS_TO_1970) * float(SECONDS_A_DAY)
    seconds[np.isnan(values)] = np.nan
    return seconds


def _weeks(values: Floats) -> Floats:
    weeks = np.floor(values)
    years = np.floor(weeks / WEEKS_A_YEAR)
    since: Floats = (weeks - years * WEEKS_A_YEAR) * float(DAYS_A_WEEK * SECONDS_A_DAY)
    return _months(years, 12) + since


def spss(display_format: str | None) -> Clock | None:
    """Return what a format such as ``EDATE10`` shows; None for a number such as ``F8.2``."""
    kind = moments.kind(display_format or "")
    return None if kind is None else Clock(kind, _unchanged)


SAS_DATE = re.compile(
    r"DATE|(DDMMYY|MMDDYY|YYMMDD|MMYY|YYMM|YYQ|YYQR)[BCDNPSX]?|YYQZ|MONYY|YYMON|WEEK[UVW]|"
    r"JULIAN|JULDAY|PDJUL[GI]|WEEKDAT[EX]|WEEKDAY|DOWNAME|WORDDAT[EX]|MONTH|MONNAME|YEAR|QTRR?|DAY|"
    r"[EBI]S?8601DA|EURDF(DE|DD|DWN|MN|MY|WDX|WKX)|"
    r"HDATE|HEBDATE|MINGUO|NENGO|NLDATE[A-Z]*"
)
SAS_DATETIME = re.compile(
    r"DATETIME|DATEAMPM|MDYAMPM|DT(DATE|MONYY|YEAR|YYQC|WKDATX)|TOD|[EBI]S?8601D[TNXZ]|"
    r"EURDFDT|NLDATM[A-Z]*"
)
SAS_TIME = re.compile(r"TIME|TIMEAMPM|HHMM|MMSS|HOUR|[EBI]S?8601T[MXZ]|NLTIM[A-Z]*")


def sas(display_format: str | None) -> Clock | None:
    """Return what a format such as ``MMDDYY10`` shows; None for a number such as ``BEST12``."""
    name = base_name(display_format)
    if SAS_DATE.fullmatch(name):
        return Clock(Kind.DATE, _days)
    if SAS_DATETIME.fullmatch(name):
        return Clock(Kind.DATETIME, _seconds)
    return Clock(Kind.CLOCK, _unchanged) if SAS_TIME.fullmatch(name) else None


def base_name(display_format: str | None) -> str:
    """Return the name of a format of SAS without its width and decimals, in capitals."""
    return (display_format or "").upper().rstrip("0123456789.")


STATA_FORMAT = re.compile(r"%-?t?(?P<unit>[Ccdwmqh])(?P<shown>.*)")
STATA_CLOCK_FACE = re.compile(r"([Hh]{1,2}|MM|SS|\.?s+|[AaPp]\.?[Mm]\.?|[_.:+! ])+")
"""Parts of a time of day; in such formats ``MM`` are minutes, and months ``NN``."""

STATA_UNITS: dict[str, Callable[[Floats], Floats]] = {
    "d": _days,
    "w": _weeks,
    "m": _months,
    "q": lambda values: _months(values, 3),
    "h": lambda values: _months(values, 6),
}


def stata(display_format: str | None) -> Clock | None:
    """Return what a format such as ``%td`` shows; None for a number such as ``%9.0g``.

    Years (``%ty``) are numbers, and so are the days of business calendars (``%tb``), which the file
    does not hold. The leap seconds of ``%tC``, 27 at most, are not taken off.
    """
    text = display_format or ""
    found = STATA_FORMAT.fullmatch(text)
    if found is None or not (text.lstrip("%-").startswith("t") or found["unit"] == "d"):
        return None
    if found["unit"] in STATA_UNITS:
        return Clock(Kind.DATE, STATA_UNITS[found["unit"]])
    if STATA_CLOCK_FACE.fullmatch(found["shown"]):
        return Clock(Kind.CLOCK, lambda values: values / MILLISECONDS)
    return Clock(Kind.DATETIME, _milliseconds)
