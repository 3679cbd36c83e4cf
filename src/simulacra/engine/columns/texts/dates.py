"""Dates and times in the notations that people and programs write."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from simulacra.engine.columns.drafts import Note
from simulacra.engine.columns.lazy import np, pa, pc
from simulacra.engine.columns.texts import strays
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Flags, Floats, Int64s

TIME = (
    r"(?:(?:[T,]|\s)\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:\.\d{1,9})?))?"
    r"\s?(?P<half>[AaPp]\.?[Mm]\.?)?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?$"
)
WEEKDAY = r"^(?:\p{L}{3,9},\s*)?"
MONTH = r"(?P<month>\p{L}{3,9})\.?"
PATTERNS = {
    "ymd": r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + TIME,
    "mixed": r"^(?P<first>\d{1,2})[-/.](?P<second_>\d{1,2})[-/.](?P<year>\d{4}|\d{2})" + TIME,
    "named": WEEKDAY + r"(?P<day>\d{1,2})(?:\.|st|nd|rd|th)?[- ]" + MONTH
    + r"[-, ]\s?(?P<year>\d{4}|\d{2})" + TIME,
    "month first": WEEKDAY + MONTH + r"[- ](?P<day>\d{1,2})(?:st|nd|rd|th)?,?[- ](?P<year>\d{4})"
    + TIME,
    "compact": r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})" + TIME,
}  # fmt: skip
"""Notations of dates and times; "compact" is a number unless a date is asked for."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FOREIGN_MONTHS = {
    "mär": 3, "mrz": 3, "mai": 5, "mei": 5, "okt": 10, "oct": 10, "dez": 12, "déc": 12, "ene": 1,
    "abr": 4, "ago": 8, "dic": 12, "fév": 2, "avr": 4, "aoû": 8, "gen": 1, "mag": 5, "giu": 6,
    "lug": 7, "set": 9, "ott": 10,
}  # fmt: skip
PIVOT = 69  # POSIX: 69 to 99 are in the 20th century
PROBE = 200  # texts of a column that are tried first
THREE_DIGITS = re.compile(r"\d.*\d.*\d", re.ASCII | re.DOTALL)
"""What the shortest date has, such as "3 Jan 24". Arrow compiles the notations anew for each
column, which takes longer than all else that cleaning does, so most texts are told by this."""
DAY_US = 86_400 * 10**6
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # years 1 and 9999


@dataclasses.dataclass(frozen=True)
class Dates:
    """The different texts of a column, read as dates or times.

    Attributes:
        values: float64, shape (texts,): days since 1970, or microseconds where any text has a time
            of day; NaN for a text that is not a date.
        has_time: whether any text has a time of day.
        notes: what was assumed.
    """

    values: Floats
    has_time: bool
    notes: tuple[Note, ...]

    @property
    def microseconds(self) -> float:
        """How many microseconds one unit of the values is."""
        return 1.0 if self.has_time else float(DAY_US)


def parse(
    filled: pa.StringArray,
    counts: Int64s,
    conventions: Conventions = UNKNOWN,
    *,
    force: bool = False,
) -> Dates | None:
    """Read texts as dates, or as times if any has a time of day; None if they are not dates.

    Args:
        filled: the different texts of a column, shape (texts,), without missing ones.
        counts: int64, shape (texts,): the rows that have each.
        conventions: how they are written.
        force: read them as dates even if many of them are not.
    """
    probe = filled.slice(0, PROBE)
    if not any(map(THREE_DIGITS.search, probe.to_pylist())):
        return None
    for notation, pattern in PATTERNS.items():
        if notation == "compact" and not force:
            continue
        if not pc.any(pc.match_substring_regex(probe, pattern)).as_py():
            continue
        parts = pc.extract_regex(filled, pattern)
        dates = _read(notation, parts, counts)
        is_stray = np.isnan(dates.values)
        if not is_stray.all() and (force or strays.are_few(is_stray, counts)):
            blanked = strays.notes(filled, is_stray, counts, "dates")
            return dataclasses.replace(dates, notes=(*dates.notes, *blanked))
    return None


def _read(notation: str, parts: pa.StructArray, counts: Int64s) -> Dates:
    notes: tuple[Note, ...] = ()
    year = _year(parts)
    if notation == "mixed":
        month, day, notes = _months_and_days(_part(parts, "first"), _part(parts, "second_"), counts)
    elif notation in ("named", "month first"):
        month, day = _months(parts.field("month")), _part(parts, "day")
    else:
        month, day = _part(parts, "month"), _part(parts, "day")
    days = _days(year, month, day)
    time_of_day = _time(parts)
    days = np.where(np.isnan(time_of_day), np.nan, days)
    if not np.any(time_of_day[~np.isnan(days)] > 0):
        return Dates(days, has_time=False, notes=notes)
    moments = days * DAY_US + time_of_day - _offset(parts)
    is_outside = (moments < FIRST_DAY * DAY_US) | (moments > (LAST_DAY + 1) * DAY_US - 1)
    return Dates(np.where(is_outside, np.nan, moments), has_time=True, notes=notes)


def _part(parts: pa.StructArray, name: str) -> Floats:
    """Return one part as numbers, NaN where it is absent."""
    cells = parts.field(name)
    cells = pc.if_else(parts.is_valid(), pc.if_else(pc.equal(cells, ""), None, cells), None)
    return np.array(pc.fill_null(cells.cast(pa.float64()), np.nan), dtype=np.float64)


def _year(parts: pa.StructArray) -> Floats:
    year = _part(parts, "year")
    digits = pc.fill_null(pc.utf8_length(parts.field("year")), 0)
    century = np.where(year < PIVOT, 2000, 1900)
    return np.where(np.asarray(digits) == 2, year + century, year)


def _months_and_days(
    first: Floats, second: Floats, counts: Int64s
) -> tuple[Floats, Floats, tuple[Note, ...]]:
    """Return months, days and what was assumed; a number above 12 cannot be a month."""
    day_first, month_first = np.any(first > 12), np.any(second > 12)
    rows = int(counts.sum())
    if day_first:
        return second, first, ()
    reason = (
        "dates written with the month first"
        if month_first
        else "no date shows whether the day or the month comes first; taken as the day"
    )
    note = Note("typed", reason, rows)
    return (first, second, (note,)) if month_first else (second, first, (note,))


def _months(names: pa.StringArray) -> Floats:
    known = {name: float(number) for number, name in enumerate(MONTHS, 1)} | FOREIGN_MONTHS
    texts = names.to_pylist()
    return np.array([known.get((text or "")[:3].lower(), np.nan) for text in texts])


def _days(year: Floats, month: Floats, day: Floats) -> Floats:
    """Return days since 1970, NaN where the calendar has no such day."""
    fits = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    months = np.where(fits, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + np.where(fits, day - 1, 0).astype("timedelta64[D]")
    same_month = dates.astype("datetime64[M]") == months
    return np.where(fits & same_month, dates.astype(np.int64).astype(np.float64), np.nan)


def _time(parts: pa.StructArray) -> Floats:
    hour, minute = _part(parts, "hour"), _part(parts, "minute")
    second = np.nan_to_num(_part(parts, "second"))
    half = pc.utf8_lower(pc.utf8_slice_codeunits(parts.field("half"), 0, 1))
    is_evening, is_morning = _equals(half, "p"), _equals(half, "a")
    hour = np.where(is_evening & (hour < 12), hour + 12, hour)
    hour = np.where(is_morning & (hour == 12), 0, hour)
    is_time = (hour < 24) & (minute < 60) & (second < 60)
    micro = np.round(((np.nan_to_num(hour) * 60 + np.nan_to_num(minute)) * 60 + second) * 1e6)
    return np.where(np.isnan(hour), 0.0, np.where(is_time, micro, np.nan))


def _equals(cells: pa.StringArray, text: str) -> Flags:
    return np.asarray(pc.fill_null(pc.equal(cells, text), fill_value=False))


def _offset(parts: pa.StructArray) -> Floats:
    """Return the offset of a time from UTC in microseconds, 0 without a time zone."""
    digits = pc.replace_substring_regex(parts.field("zone"), r"[^\d]", "")
    digits = pc.if_else(pc.equal(pc.utf8_length(digits), 4), digits, None)
    number = np.array(pc.fill_null(digits.cast(pa.float64()), 0.0), dtype=np.float64)
    minutes = np.floor(number / 100) * 60 + number % 100
    is_behind = np.asarray(pc.fill_null(pc.starts_with(parts.field("zone"), "-"), fill_value=False))
    return np.where(is_behind, -minutes, minutes) * 60e6
