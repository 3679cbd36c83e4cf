"""Times of day and durations as people and programs write them."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from simulacra.engine.columns.drafts import Note
from simulacra.engine.columns.lazy import np, pa, pc
from simulacra.engine.columns.texts import dates, strays

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats, Int64s

PROBE = dates.PROBE
CANDIDATE = re.compile(
    r"-?\s?\d{1,4}[:h]\d{2}|-?pt?\d|\d+\s?[dh]|\d+\s?m|(?:1899-12|1900-01)-\d\d[ t]\d|\d+ days?\b",
    re.IGNORECASE,
)
CLOCK = (
    r"^(?P<sign>-)?(?:(?P<day>\d{1,6})(?:d|days?),?\s)?(?P<hour>\d{1,4})[:h](?P<minute>\d{2})"
    r"(?::(?P<second>\d{2}(?:[.,]\d{1,9})?))?\s?(?P<half>[ap]\s?m)?(?:\s?[^\W\d_]+)?$"
)
UNITS = (
    r"^(?P<sign>-)?(?:(?P<day>\d{1,6})\s*(?:days?|d)[,\s]*)?"
    r"(?:(?P<hour>\d{1,6})\s*(?:hours?|hrs?|h)[,\s]*)?"
    r"(?:(?P<minute>\d{1,6})\s*(?:minutes?|mins?|m)[,\s]*)?"
    r"(?:(?P<second>\d{1,9}(?:[.,]\d{1,9})?)\s*(?:seconds?|secs?|s))?$"
)
REWRITTEN = (
    (r"^1899-12-3[01][t ]", ""),
    (r"^1900-01-(\d\d)[t ]", r"\1d "),
    (r"(\d)\s(days?)\b", r"\1\2"),
    (r"^(-)?p(?:(\d+d))?t?(\d.*)?$", r"\1\2\3"),
)
"""How a workbook keeps what is shorter than a month, on the first days of its calendar; and the
durations of ISO 8601, which then differ from others in nothing."""
DAY = 86_400
NIGHT_ENDS = 4 * 3_600
"""Few moments of a day are in the hours before it; most durations of a study are."""
NIGHTLY = 0.75
"""Part of the values below `NIGHT_ENDS` from which on they are durations."""
COMPOUND = 0.1
"""Part of the rows with two units, as in 1 h 5 min, from which on numbers with one are durations:
5 m alone may be metres."""
OF_DAY, IN_UNITS = "of a day", "in units"
"""What texts say themselves: a half of the day, or the units of a duration."""
WEIGHTS = {"day": DAY, "hour": 3_600, "minute": 60, "second": 1}


@dataclasses.dataclass(frozen=True)
class Clocks:
    """The different texts of a column, read as times of day or as durations.

    Attributes:
        values: float64, shape (texts,): seconds since midnight or in all; NaN for what is neither.
        is_duration: whether they are durations.
        notes: what was assumed.
    """

    values: Floats
    is_duration: bool
    notes: tuple[Note, ...]


def parse(filled: pa.StringArray, counts: Int64s, *, force: bool = False) -> Clocks | None:
    """Read texts as times of day or durations; None if they are neither.

    Args:
        filled: the different texts of a column, shape (texts,), without missing ones.
        counts: int64, shape (texts,): the rows that have each.
        force: read them so even if many are something else.
    """
    probe = filled.slice(0, PROBE)
    if not any(map(CANDIDATE.match, probe.to_pylist())):
        return None
    if len(filled) > PROBE:
        tried, _ = _seconds(probe, counts[:PROBE], force=force)
        if np.isnan(tried).all():
            return None
    seconds, says = _seconds(filled, counts, force=force)
    is_stray = np.isnan(seconds)
    if is_stray.all() or not (force or strays.are_few(is_stray, counts)):
        return None
    is_said = {word: bool((says == word).any()) for word in (OF_DAY, IN_UNITS)}
    notes: tuple[Note, ...] = ()
    is_duration = is_said[IN_UNITS]
    if not any(is_said.values()):
        is_duration, notes = kind(seconds, counts)
    if force:  # who asks for one of the two needs no evidence
        notes = ()
    content = "durations" if is_duration else "times of day"
    return Clocks(seconds, is_duration, (*notes, *strays.notes(filled, is_stray, counts, content)))


def kind(seconds: Floats, counts: Int64s) -> tuple[bool, tuple[Note, ...]]:
    """Return whether numbers of seconds are durations rather than times of day, and the evidence.

    Args:
        seconds: float64, shape (values,), NaN where missing.
        counts: int64, shape (values,): the rows that have each.
    """
    known = ~np.isnan(seconds)
    values, rows = seconds[known], counts[known]
    if not len(values) or values.max() > DAY or values.min() < 0:
        return True, ()
    early = float(rows[values < NIGHT_ENDS].sum()) / float(rows.sum())
    if early >= NIGHTLY:
        reason = f"durations, not times of day: {early:.0%} are below 4 hours"
    else:
        reason = f"times of day, not durations: none is above 24 hours, {early:.0%} are below 4"
    return early >= NIGHTLY, (Note("typed", reason, int(rows.sum())),)


def _seconds(filled: pa.StringArray, counts: Int64s, *, force: bool) -> tuple[Floats, np.ndarray]:
    """Return seconds, NaN for other texts, and `OF_DAY` or `IN_UNITS` for texts that say so."""
    texts = dates.rewritten(dates.normalised(filled), REWRITTEN)
    clock, units = pc.extract_regex(texts, CLOCK), pc.extract_regex(texts, UNITS)
    parts = {name: dates.numbers(clock, name) for name in WEIGHTS}
    half = np.asarray(pc.utf8_slice_codeunits(pc.struct_field(clock, "half"), 0, 1).fill_null(""))
    is_of_day = half != ""
    hour = np.where((half == "p") & (parts["hour"] < 12), parts["hour"] + 12, parts["hour"])
    parts["hour"] = np.where((half == "a") & (hour == 12), 0, hour)
    is_clock = (parts["minute"] < 60) & (np.nan_to_num(parts["second"]) < 60)
    is_clock &= ~is_of_day | (parts["hour"] < 24)
    seconds = np.where(is_clock, _sum(parts), np.nan)
    measured = {name: dates.numbers(units, name) for name in WEIGHTS}
    given = np.sum([~np.isnan(part) for part in measured.values()], axis=0)
    is_compound = int(counts[given > 1].sum()) >= COMPOUND * int(counts.sum())
    iso = np.asarray(pc.match_substring_regex(filled, r"^-?[Pp][Tt]?\d"))
    is_measured = (given > 0) & (iso | is_compound | force)
    seconds = np.where(is_measured, _sum(measured), seconds)
    sign = pc.if_else(
        clock.is_valid(), pc.struct_field(clock, "sign"), pc.struct_field(units, "sign")
    )
    is_negative = np.asarray(pc.fill_null(pc.equal(sign, "-"), fill_value=False))
    says = np.where(
        is_measured | ~np.isnan(parts["day"]), IN_UNITS, np.where(is_of_day, OF_DAY, "")
    )
    return np.where(is_negative, -seconds, seconds), says


def _sum(parts: dict[str, Floats]) -> Floats:
    weighted = [np.nan_to_num(parts[name]) * weight for name, weight in WEIGHTS.items()]
    return np.asarray(np.round(np.sum(weighted, axis=0), 6))
