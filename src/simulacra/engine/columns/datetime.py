"""Moments: when an interview began, when an order was placed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from simulacra.engine.columns.drafts import Note
from simulacra.engine.columns.lazy import np, pa, pc
from simulacra.engine.columns.temporal_type import CalendarType

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats, Int64s
    from simulacra.engine.columns.drafts import Draft
    from simulacra.engine.columns.facts import Bound

EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - all moments of a column are of one zone, or of UTC
SECOND = 1e6
"""Moments are published and emitted to the second, in microseconds."""


class Datetime(CalendarType):
    """Microseconds since 1970 on the clock of the place, or in UTC where there are several."""

    name = "datetime"
    unit = "moment"
    microseconds = 1.0
    arrow_integer = "int64"

    __slots__ = ()

    def arrow_type(self) -> pa.DataType:
        """Return the Arrow type of moments."""
        return pa.timestamp("us")

    def analyse(self, array: pa.ChunkedArray) -> Draft | None:
        """Return the draft of Arrow timestamps; those of a zone show what its clocks do."""
        if not pa.types.is_timestamp(array.type):
            return None
        zone = array.type.tz
        if zone is None:
            return self._draft_of_arrow(array)
        try:
            local = pc.local_timestamp(array)
        except pa.ArrowInvalid:  # not a zone, or one that this machine does not know
            reason, local = "times of an unknown zone, in UTC", array
        else:
            reason = f"times as on the clocks of the zone {zone}"
        rows = len(array) - array.null_count
        return self._draft_of_arrow(local).with_notes(Note("typed", reason, rows))

    def to_number(self, bound: object) -> float:
        """Return the microseconds since 1970 of an ISO 8601 time, in UTC if it names a zone."""
        if not isinstance(bound, str):
            raise TypeError("an ISO 8601 string is needed")
        moment = dt.datetime.fromisoformat(bound)
        if moment.tzinfo is not None:
            moment = _in_utc(moment)
        return float((moment - EPOCH) // dt.timedelta(microseconds=1))

    def to_bound(self, number: float) -> Bound:
        """Return an ISO 8601 time, to the second."""
        return (EPOCH + dt.timedelta(microseconds=int(number))).isoformat(timespec="seconds")

    def periods(self, ordered: Floats, step: float) -> Int64s:
        """Return a minute, the parts of an hour, an hour, and a day, in seconds."""
        return np.asarray([60, 300, 600, 900, 1_800, 3_600, 86_400])

    def step(self, decimals: int | None) -> float:
        """Return a second."""
        return SECOND


def _in_utc(moment: dt.datetime) -> dt.datetime:
    try:
        return moment.astimezone(dt.UTC).replace(tzinfo=None)
    except OverflowError:
        raise ValueError("not within the years 1 to 9999") from None


DATETIME = Datetime()
