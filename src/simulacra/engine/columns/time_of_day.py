"""Times of day: when an interview began, when people get up."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING

from simulacra.engine.columns.datetime import EPOCH, SECOND
from simulacra.engine.columns.drafts import Draft, look_up
from simulacra.engine.columns.duration import DURATION
from simulacra.engine.columns.lazy import np, pa
from simulacra.engine.columns.level_type import as_levels
from simulacra.engine.columns.temporal_type import CalendarType, TemporalType
from simulacra.engine.columns.texts import clocks, dates
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats, Int64s
    from simulacra.engine.columns.facts import Bound


class TimeOfDay(TemporalType):
    """Microseconds since midnight."""

    name = "time"
    unit = "time of day"
    microseconds = 1.0
    arrow_integer = "int64"

    __slots__ = ()

    def arrow_type(self) -> pa.DataType:
        """Return the Arrow type of times of day."""
        return pa.time64("us")

    def analyse(self, array: pa.ChunkedArray) -> Draft | None:
        """Return the draft of Arrow times."""
        return self._draft_of_arrow(array) if pa.types.is_time(array.type) else None

    def recognise(
        self, texts: pa.StringArray, counts: Int64s, conventions: Conventions = UNKNOWN
    ) -> Draft | None:
        """Return the draft of times of day, or of durations: both are written with colons."""
        parsed = clocks.parse(texts, counts)
        if parsed is None:
            return None
        if parsed.is_duration:
            return DURATION.draft(parsed.values).with_notes(*parsed.notes)
        values = np.round(parsed.values * SECOND) % dates.DAY_US
        return Draft(self, values, notes=parsed.notes)

    def convert(self, name: str, draft: Draft, conventions: Conventions = UNKNOWN) -> Draft:
        """Return the time of day of moments, of durations below a day, or of texts."""
        if isinstance(draft.type, CalendarType):
            moments = draft.values * draft.type.microseconds
            return dataclasses.replace(draft, type=self, values=moments % dates.DAY_US)
        if draft.type is DURATION:
            return self._checked(name, draft, draft.values)
        from_levels = as_levels(name, draft)
        levels = pa.array(from_levels.levels, pa.string())
        read = clocks.parse(levels, from_levels.level_counts, force=True)
        parsed = self._readable(name, from_levels, read)
        values = look_up(parsed.values, from_levels.values)
        return self._checked(name, from_levels.with_notes(*parsed.notes), values)

    def _checked(self, name: str, draft: Draft, seconds: Floats) -> Draft:
        known = seconds[~np.isnan(seconds)]
        if np.any((known < 0) | (known > clocks.DAY)):
            raise self._refusal(name, "some of its values are no time of one day")
        values = np.round(seconds * SECOND) % dates.DAY_US
        return Draft(self, values, notes=draft.notes, conventions=draft.conventions)

    def to_number(self, bound: object) -> float:
        """Return the microseconds since midnight of an ISO 8601 time."""
        if not isinstance(bound, str):
            raise TypeError("an ISO 8601 string is needed")
        time = dt.time.fromisoformat(bound)
        if time.tzinfo is not None:
            raise ValueError("a time of day has no zone")
        seconds = (time.hour * 60 + time.minute) * 60 + time.second
        return seconds * SECOND + time.microsecond

    def to_bound(self, number: float) -> Bound:
        """Return an ISO 8601 time, to the second."""
        moment = EPOCH + dt.timedelta(microseconds=int(number))
        return moment.time().isoformat(timespec="seconds")

    def periods(self, ordered: Floats, step: float) -> Int64s:
        """Return a minute, the parts of an hour, and an hour, in seconds."""
        return np.asarray([60, 300, 600, 900, 1_800, 3_600])

    def step(self, decimals: int | None) -> float:
        """Return a second."""
        return SECOND


TIME = TimeOfDay()
