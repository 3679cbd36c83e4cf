"""Dates and times in the notations that people and programs write."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from simulacra.engine.columns.drafts import Note
from simulacra.engine.columns.lazy import np, pa, pc
from simulacra.engine.columns.texts import centuries, strays, wordings
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulacra.engine.columns.arrays import Flags, Floats, Int64s
    from simulacra.engine.columns.texts.wordings import Tail, Wording

PROBE = 200  # texts of a column that are tried first
MAX_LENGTH = 100
CANDIDATE = re.compile(r"\d\D*\d\D*\d\D*\d|\d\D+\d\D+\d|^[^\W\d_]{3,12}[\W_]{1,2}\d\d$")
"""What the shortest dates have, such as "3 1 4", "Jan 2024" and "Jan-24". Arrow compiles patterns
anew for each column, which takes longer than all else that cleaning does, so most texts are told by
this."""

CLOCK = (
    r"^(?P<date>.*?)(?P<hour>\d{1,2})[:h](?P<minute>\d{2})"
    r"(?::(?P<second>\d{2}(?:[.,]\d{1,9})?))?(?P<tail>[^\d:].*)?$"
)
NUMBERS = r"^\D*(?P<first>\d{1,4})(?:\D+(?P<middle>\d{1,4}))?(?:\D+(?P<last>\d{1,4}))?\D*$"
LETTERS = r"\p{L}\p{M}\x{05F3}\x{0970}"
"""Those of names, with the marks of abbreviations in Hebrew and in Devanagari."""
YEAR_BEHIND = r"\s(?P<year>\d{4})$"
ORDINAL = r"(\d)(?:st|nd|rd|th|er|re|e|o|a)\b"
BARE = (
    r"^\d+(?:\s?-\s?\d+\s?-\s?\d+|\s?/\s?\d+\s?/\s?\d+|\s?\.\s?\d+\s?\.\s?\d+|\s\d+\s\d+"
    r"|\s?[-/.]\s?\d+)[\s.]*$"
)
REWRITTEN = (
    (r"^(\d{4})[-/\s]?q([1-4])$", r"\1-q\2"),
    (r"^q([1-4])[-/\s](\d{4})$", r"\2-q\1"),
    *((rf"^(\d{{4}})-q{quarter}$", rf"\1-{3 * quarter - 2:02}") for quarter in (1, 2, 3, 4)),
    (r"^(\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]m)?),?\s+(.*\d.*)$", r"\2 \1"),
    (r"([-/.]\d{2,4},?)\s(\d{1,2})\.(\d{2})\.(\d{2})\b", r"\1 \2:\3:\4"),
    (r"([-/.]\d{2,4},?)\s(\d{1,2})\.(\d{2})$", r"\1 \2:\3"),
    (r"^(\d{4})(\d{2})(\d{2})t?(\d{2})(\d{2})(\d{2})(\D.*)?$", r"\1-\2-\3 \4:\5:\6\7"),
    (r"^((?:19|20)\d{2})(\d{2})(\d{2})([t\s]+\d{1,2}:.*)$", r"\1-\2-\3\4"),
)
"""Notations that are written as another one: quarters as their first month, the time behind the
date, a colon between hours and minutes, and dashes between digits that nothing parts."""
COMPACT = (r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3")
"""Eight digits are a number, unless a date is asked for."""

DAY_US = 86_400 * 10**6
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # years 1 and 9999
FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Of a month: a code such as 10/2500 is none."""
BUDDHIST = 543
DAYLIGHT_SAVING = 60
"""Minutes by which the clock of one place changes."""
SHORT_YEAR, MAX_DAY = 2, 31
"""Digits of a year without its century, and the last day of a month."""
MAX_YEARS, MIN_MONTHS = 12, 6
"""How far apart the numbers beside names of months are at most, and how many different names there
are at least, if the numbers are years rather than days."""
MONTHS_A_YEAR = 12


@dataclasses.dataclass(frozen=True)
class Dates:
    """The different texts of a column, read as dates or times.

    Attributes:
        values: float64, shape (texts,): days since 1970, or microseconds where any text has a time
            of day; NaN for a text that is not a date.
        has_time: whether any text has a time of day.
        notes: what was assumed.
        order: of day, month and year, where it could be another; see `Conventions.date_order`.
    """

    values: Floats
    has_time: bool
    notes: tuple[Note, ...] = ()
    order: str | None = None

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
    listed = probe.to_pylist()
    if not any(len(text) <= MAX_LENGTH and CANDIDATE.search(text) for text in listed):
        return None
    plain = _iso(filled)
    if plain is not None:
        return plain
    if len(filled) > len(probe):
        tried = _read(probe, counts[: len(probe)], conventions, force=force)
        if tried is None or np.isnan(tried.values).all():
            return None
    dates = _read(filled, counts, conventions, force=force)
    if dates is None:
        return None
    is_stray = np.isnan(dates.values)
    if is_stray.all() or not (force or strays.are_few(is_stray, counts)):
        return None
    blanked = strays.notes(filled, is_stray, counts, "dates")
    return dataclasses.replace(dates, notes=(*dates.notes, *blanked))


def _iso(filled: pa.StringArray) -> Dates | None:
    """Return dates and times that are all in ISO 8601 without a zone, by far the most common."""
    try:
        moments = filled.cast(pa.timestamp("us")).cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    values = np.asarray(moments, dtype=np.float64)
    if np.any(values < FIRST_DAY * DAY_US):
        return None
    return _days_or_moments(values)


def _days_or_moments(moments: Floats) -> Dates:
    if np.all(moments[~np.isnan(moments)] % DAY_US == 0):
        return Dates(moments / DAY_US, has_time=False)
    return Dates(moments, has_time=True)


def _read(
    filled: pa.StringArray, counts: Int64s, conventions: Conventions, *, force: bool
) -> Dates | None:
    """Return dates and times; each different date is read once, however many times it has."""
    texts = rewritten(normalised(filled), (*REWRITTEN, *((COMPACT,) if force else ())))
    split = pc.extract_regex(texts, CLOCK)
    has_clock = np.asarray(split.is_valid())
    dates = pc.if_else(split.is_valid(), pc.struct_field(split, "date"), texts)
    tail_codes, tails = _encoded(pc.fill_null(pc.struct_field(split, "tail"), ""))
    codes, different = _encoded(_with_years(dates, tail_codes, tails))
    different = rewritten(different, ((r"(\d)t$", r"\1"), (ORDINAL, r"\1")))
    different = pc.utf8_trim(different, " ,")
    keys = pc.replace_substring_regex(different, r"\d+", f" {wordings.NUMBER} ")
    keys = pc.replace_substring_regex(keys, rf"[^{LETTERS}{wordings.NUMBER}]+", " ")
    key_codes, keys = _encoded(pc.utf8_trim_whitespace(keys))
    rows = np.bincount(codes, counts, minlength=len(different)).astype(np.int64)
    reading = wordings.read(keys.to_pylist(), np.bincount(key_codes, rows).astype(int).tolist())
    if not any(reading.wordings):
        return None
    halves = np.array([it.half if it else "" for it in reading.wordings])[key_codes]
    read = wordings.tails(tails.to_pylist(), reading.language)
    clocks = _Clocks.of(split, has_clock, halves[codes], (tail_codes, read))
    calendar = _Calendar.of(different, reading.wordings, key_codes)
    days, notes, order = calendar.days(rows, conventions)
    days = np.where(np.isnan(clocks.microseconds), np.nan, days[codes])
    if reading.language is not None and not reading.is_certain:
        reason = "names of months mean other months in other languages"
        language = f"taken as those of {reading.language.code!r}"
        notes = (*notes, Note("typed", f"{reason}; {language}", int(counts.sum())))
    if not np.any(clocks.microseconds[~np.isnan(days)] > 0):
        return Dates(days, has_time=False, notes=notes, order=order)
    moments, about_zones = clocks.moments(days, counts)
    is_outside = (moments < FIRST_DAY * DAY_US) | (moments > (LAST_DAY + 1) * DAY_US - 1)
    moments = np.where(is_outside, np.nan, moments)
    return Dates(moments, has_time=True, notes=(*notes, *about_zones), order=order)


def rewritten(texts: pa.StringArray, forms: Sequence[tuple[str, str]]) -> pa.StringArray:
    """Return texts with each pattern replaced; those that hold none are looked at once."""
    anyone = "|".join(pattern for pattern, _ in forms)
    if not pc.any(pc.match_substring_regex(texts, anyone)).as_py():
        return texts
    for pattern, form in forms:
        texts = pc.replace_substring_regex(texts, pattern, form)
    return texts


def _with_years(dates: pa.StringArray, codes: Int64s, tails: pa.StringArray) -> pa.StringArray:
    """Return dates with the years that stand behind their times."""
    years = pc.fill_null(pc.struct_field(pc.extract_regex(tails, YEAR_BEHIND), "year"), "")
    if not pc.any(pc.not_equal(years, "")).as_py():
        return dates
    return pc.binary_join_element_wise(dates, years.take(pa.array(codes)), " ")


def normalised(texts: pa.StringArray) -> pa.StringArray:
    """Return texts in lower case with ASCII digits and spaces, no stop behind a letter."""
    texts = pc.utf8_lower(pc.utf8_trim_whitespace(texts))
    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = pc.utf8_normalize(texts, "NFKC")
        texts = pc.replace_substring_regex(texts, r"\p{Cf}", "")
        texts = pc.replace_substring_regex(texts, r"\p{Z}+", " ")
        if pc.any(pc.match_substring_regex(texts, r"[^\P{Nd}0-9]")).as_py():
            texts = pa.array([_with_digits(text) for text in texts.to_pylist()], pa.string())
    return rewritten(texts, ((rf"([{LETTERS}])\.", r"\1"),))


def _with_digits(text: str) -> str:
    return "".join(str(int(c)) if c.isdecimal() else c for c in text)


def _encoded(texts: pa.StringArray) -> tuple[Int64s, pa.StringArray]:
    """Return the position of each text among the different ones, and these."""
    encoded = texts.dictionary_encode()
    return np.asarray(encoded.indices, dtype=np.int64), encoded.dictionary


def numbers(parts: pa.StructArray, name: str) -> Floats:
    """Return one part of texts as numbers, float64, NaN where it is absent."""
    cells = pc.struct_field(parts, name)
    cells = pc.if_else(parts.is_valid(), pc.if_else(pc.equal(cells, ""), None, cells), None)
    if name == "second":
        cells = pc.replace_substring(cells, ",", ".")
    return np.array(pc.fill_null(cells.cast(pa.float64()), np.nan), dtype=np.float64)


def time_of_day(hour: Floats, minute: Floats, second: Floats, half: np.ndarray) -> Floats:
    """Return microseconds since midnight, NaN where a clock has no such time.

    Args:
        hour: float64.
        minute: float64.
        second: float64; a missing one is 0.
        half: ``a``, ``p`` or empty.
    """
    hour = np.where((half == "p") & (hour < 12), hour + 12, hour)
    hour = np.where((half == "a") & (hour == 12), 0, hour)
    second = np.nan_to_num(second)
    is_time = (hour < 24) & (minute < 60) & (second < 60)
    return np.where(is_time, np.round(((hour * 60 + minute) * 60 + second) * 1e6), np.nan)


@dataclasses.dataclass(frozen=True)
class _Clocks:
    """The times behind the dates of a column.

    Attributes:
        microseconds: float64: since midnight; 0 where a text has no time, NaN where it is none.
        offsets: float64: minutes from UTC; NaN where no known zone is named.
        is_unknown: bool: what stands behind a time is not known.
    """

    microseconds: Floats
    offsets: Floats
    is_unknown: Flags

    @classmethod
    def of(
        cls,
        split: pa.StructArray,
        has_clock: Flags,
        half: np.ndarray,
        tails: tuple[Int64s, list[Tail | None]],
    ) -> _Clocks:
        """Return the times that the parts of texts say."""
        codes, read = tails
        known = [tail or wordings.Tail() for tail in read]
        halves = np.array([tail.half for tail in known])[codes]
        offsets = [np.nan if it.offset is None else float(it.offset) for it in known]
        hour, minute, second = (numbers(split, name) for name in ("hour", "minute", "second"))
        times = time_of_day(hour, minute, second, np.where(halves == "", half, halves))
        is_read = np.array([tail is not None for tail in read])[codes]
        return cls(
            np.where(has_clock, np.where(is_read, times, np.nan), 0.0),
            np.array(offsets)[codes],
            np.array([tail.is_unknown for tail in known])[codes] & has_clock,
        )

    def moments(self, days: Floats, counts: Int64s) -> tuple[Floats, tuple[Note, ...]]:
        """Return microseconds since 1970, on the clock of the place if that can be, and notes."""
        moments = days * DAY_US + self.microseconds
        is_known = ~np.isnan(moments)
        rows = int(counts[is_known].sum())
        notes: tuple[Note, ...] = ()
        unknown = int(counts[is_known & self.is_unknown].sum())
        if unknown:
            reason = f"what stands behind {unknown:,} times is no offset that is known; left out"
            notes = (Note("typed", reason, unknown),)
        offsets = np.unique(self.offsets[is_known & ~np.isnan(self.offsets)])
        if not len(offsets):
            return moments, notes
        if offsets[-1] - offsets[0] <= DAYLIGHT_SAVING:
            reason = f"times as on the clock of the place, at {_listed(offsets)}"
            if not offsets.any():
                reason = "times in UTC"
            return moments, (*notes, Note("typed", reason, rows))
        reason = f"times with {len(offsets)} offsets from UTC are put into UTC"
        zoneless = int(counts[is_known & np.isnan(self.offsets)].sum())
        if zoneless:
            reason += f"; {zoneless:,} without one are taken as UTC"
        shifted = moments - np.nan_to_num(self.offsets) * 60e6
        return shifted, (*notes, Note("typed", reason, rows))


def _listed(offsets: Floats) -> str:
    """Return offsets as people write them."""
    return " and ".join(
        f"UTC{'-' if it < 0 else '+'}{int(abs(it)) // 60:02}:{int(abs(it)) % 60:02}"
        if it
        else "UTC"
        for it in offsets.tolist()
    )


@dataclasses.dataclass(frozen=True)
class _Calendar:
    """The numbers and names of the dates of a column.

    Attributes:
        first, middle, last: float64: the numbers in their order; NaN where there are fewer.
        digits: int64, shape (texts, 3): how many each has; 0 where it is absent.
        month: float64: that a name says; 0 without one, NaN where a text is no date.
    """

    first: Floats
    middle: Floats
    last: Floats
    digits: np.ndarray
    month: Floats

    @classmethod
    def of(
        cls,
        dates: pa.StringArray,
        read: list[Wording | None],
        codes: Int64s,
    ) -> _Calendar:
        """Return the parts of dates, given their wordings and which each has."""
        parts = pc.extract_regex(dates, NUMBERS)
        columns = [numbers(parts, name) for name in ("first", "middle", "last")]
        digits = np.column_stack([
            np.asarray(pc.fill_null(pc.utf8_length(pc.struct_field(parts, name)), 0))
            for name in ("first", "middle", "last")
        ])  # fmt: skip
        month = np.array([np.nan if it is None else float(it.month) for it in read])[codes]
        is_bare = np.array([it is not None and it.is_bare for it in read])[codes]
        is_odd = is_bare & ~np.asarray(pc.match_substring_regex(dates, BARE))
        is_parted = np.asarray(pc.match_substring_regex(dates, r"[-/.]"))
        is_short = (digits[:, 0] < 4) & (digits[:, 2] < 4) & (digits[:, 1] < 4)
        month[is_odd | (is_bare & is_short & ~is_parted)] = np.nan
        first, middle, last = columns
        return cls(first, middle, last, digits, month)

    def days(
        self, counts: Int64s, conventions: Conventions
    ) -> tuple[Floats, tuple[Note, ...], str | None]:
        """Return days since 1970, NaN for what is no date, notes, and the order if it matters."""
        first, middle, last = self.first, self.middle, self.last
        given = (self.digits > 0).sum(axis=1)
        one_long, two_long, three_long = (self.digits == 4).T
        is_named, is_plain = self.month > 0, self.month == 0
        is_year = np.isin(self.digits, (2, 4))
        read = np.full((3, len(first)), np.nan)
        ones = np.ones(len(first))

        def put(where: Flags, *parts: Floats) -> None:
            read[:, where] = np.stack(parts)[:, where]

        put(is_named & (given == 2) & one_long, first, self.month, middle)
        begins_with_day = is_named & (given == 2) & ~one_long & is_year[:, 1]
        put(begins_with_day, middle, self.month, first)
        named_month = is_named & (given == 1) & one_long
        put(named_month, first, self.month, ones)
        short_month = self._months_of_short_years()
        put(short_month, first, self.month, ones)
        year_and_month = is_plain & (given == 2) & one_long & ~two_long
        if not self._are_seasons(year_and_month):
            put(year_and_month & _is_recent(first), first, middle, ones)
        month_and_year = is_plain & (given == 2) & ~one_long & two_long
        put(month_and_year & _is_recent(middle), middle, first, ones)
        is_month = named_month | short_month | year_and_month | month_and_year
        three = is_plain & (given == 3)
        put(three & one_long, first, middle, last)
        mixed = three & ~one_long & is_year[:, 2]
        order: str | None = None
        notes: tuple[Note, ...] = ()
        if mixed.any():
            ordered = self._in_order(mixed, counts, conventions.date_order)
            put(mixed, *ordered.parts)
            order, notes = ordered.order, ordered.notes
        is_short = short_month | (begins_with_day & ~two_long) | (mixed & ~three_long)
        read[0, is_short] = centuries.years(read[0, is_short])
        year, eras = _christian(read[0], counts)
        days = _days(year, read[1], read[2])
        short = int(counts[is_short & ~np.isnan(days)].sum())
        if short:
            notes += (Note("typed", centuries.REASON, short),)
        months = int(counts[is_month & ~np.isnan(days)].sum())
        if months:
            notes += (Note("typed", f"{months:,} months read as their first days", months),)
        return days, notes + eras, order

    def _months_of_short_years(self) -> Flags:
        """Return which texts are months such as Jan-24, as Excel shows them, if not days.

        Numbers beside names are years if one is above any day, or if they are few and the names
        many: days of so many months are all over the month.
        """
        alone = (self.month > 0) & ((self.digits > 0).sum(axis=1) == 1)
        found = alone & (self.digits[:, 0] == SHORT_YEAR)
        beside = self.first[found]
        if not found.any() or np.any(alone & (self.digits[:, 0] < SHORT_YEAR)):
            return np.zeros_like(found)
        is_narrow = float(np.ptp(beside)) <= MAX_YEARS
        are_years = beside.max() > MAX_DAY or (
            is_narrow and len(np.unique(self.month[found])) >= MIN_MONTHS
        )
        return np.asarray(found & are_years)

    def _are_seasons(self, whole: Flags) -> bool:
        """Tell whether years with two digits behind them are seasons, such as 2011/12."""
        years, months = self.first[whole], self.middle[whole]
        return len(np.unique(years)) > 1 and bool(np.all((years + 1) % 100 == months))

    def _in_order(self, mixed: Flags, counts: Int64s, stated: str | None) -> _Ordered:
        """Return the year, month and day of dates of three numbers, of which the first is short.

        A number above 12 cannot be a month, and one above 31 is a year. The order of the most rows
        that show one is taken; a date that has only the other order is read in that.
        """
        first, middle, last = self.first, self.middle, self.last
        short = mixed & (self.digits[:, 2] == 2)
        is_ymd = short & (stated == "ymd")
        shows_year = np.any(first[short] > 31) and not np.any(last[short] > 31)
        if stated is None and shows_year:
            is_ymd = short
        rest = mixed & ~is_ymd
        shows_day = rest & (first > 12) & (middle <= 12)
        shows_month = rest & (middle > 12) & (first <= 12)
        by_day, by_month = int(counts[shows_day].sum()), int(counts[shows_month].sum())
        order = stated if stated in ("dmy", "mdy") else "mdy" if by_month > by_day else "dmy"
        is_other = shows_month if order == "dmy" else shows_day
        takes_day = rest & ((order == "dmy") ^ is_other)
        month = np.where(takes_day, middle, first)
        day = np.where(takes_day, first, middle)
        parts = (
            np.where(is_ymd, first, last),
            np.where(is_ymd, middle, month),
            np.where(is_ymd, last, day),
        )
        notes = _about_order(order, by_day + by_month, int(counts[is_other].sum()),
                             int(counts[rest].sum()), is_stated=stated is not None)  # fmt: skip
        return _Ordered(parts, "ymd" if is_ymd.any() else order, notes)


@dataclasses.dataclass(frozen=True)
class _Ordered:
    """Years, months and days, and the order they were written in."""

    parts: tuple[Floats, Floats, Floats]
    order: str
    notes: tuple[Note, ...]


def _about_order(
    order: str, shown: int, other: int, rows: int, *, is_stated: bool
) -> tuple[Note, ...]:
    notes: tuple[Note, ...] = ()
    if not rows:
        return notes
    if not shown and not is_stated:
        reason = "no date shows whether the day or the month comes first; taken as the day"
        notes = (Note("typed", reason, rows),)
    elif order == "mdy":
        notes = (Note("typed", "dates written with the month first", rows),)
    if other:
        kept = "day" if order == "dmy" else "month"
        reason = (
            f"{other:,} of {rows:,} dates cannot have the {kept} first as the others; "
            "read the other way round"
        )
        notes = (*notes, Note("typed", reason, other))
    return notes


def _is_recent(year: Floats) -> Flags:
    return np.asarray((year >= FIRST_YEAR) & (year <= LAST_YEAR))


def _christian(year: Floats, counts: Int64s) -> tuple[Floats, tuple[Note, ...]]:
    """Return years of which all were of the Buddhist era as those of the Christian one."""
    known = ~np.isnan(year)
    low, high = FIRST_YEAR + BUDDHIST, LAST_YEAR + BUDDHIST
    if not known.any() or np.any((year[known] < low) | (year[known] > high)):
        return year, ()
    note = Note("typed", "years of the Buddhist era put into the Christian one",
                int(counts[known].sum()))  # fmt: skip
    return year - BUDDHIST, (note,)


def _days(year: Floats, month: Floats, day: Floats) -> Floats:
    """Return days since 1970, NaN where the calendar has no such day."""
    fits = (year >= 1) & (month >= 1) & (month <= MONTHS_A_YEAR) & (day >= 1) & (day <= 31)
    months = np.where(fits, (year - 1970) * MONTHS_A_YEAR + month - 1, 0).astype("datetime64[M]")
    dates = months.astype("datetime64[D]") + np.where(fits, day - 1, 0).astype("timedelta64[D]")
    same_month = dates.astype("datetime64[M]") == months
    return np.where(fits & same_month, dates.astype(np.int64).astype(np.float64), np.nan)
