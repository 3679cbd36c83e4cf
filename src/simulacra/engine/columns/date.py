"""Days: of an interview, a birth, a purchase."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.drafts import Draft
from simulacra.engine.columns.lazy import np, pa
from simulacra.engine.columns.temporal_type import TemporalType
from simulacra.engine.columns.texts import dates
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats, Int64s
    from simulacra.engine.columns.facts import Bound

EPOCH = dt.date(1970, 1, 1)


class Date(TemporalType):
    """Days since 1970."""

    name = "date"
    unit = "day"
    can_add = True
    microseconds = float(dates.DAY_US)
    arrow_integer = "int32"

    __slots__ = ()

    def arrow_type(self) -> pa.DataType:
        """Return the Arrow type of days."""
        return pa.date32()

    def analyse(self, array: pa.ChunkedArray) -> Draft | None:
        """Return the draft of Arrow dates."""
        return self._draft_of_arrow(array) if pa.types.is_date(array.type) else None

    def recognise(
        self, texts: pa.StringArray, counts: Int64s, conventions: Conventions = UNKNOWN
    ) -> Draft | None:
        """Return the draft of dates as people write them; of times if any has a time of day."""
        parsed = dates.parse(texts, counts, conventions)
        if parsed is None:
            return None
        return Draft(DATETIME if parsed.has_time else self, parsed.values, notes=parsed.notes)

    def to_number(self, bound: object) -> float:
        """Return the days since 1970 of an ISO 8601 date."""
        if not isinstance(bound, str):
            raise TypeError("an ISO 8601 string is needed")
        return float((dt.date.fromisoformat(bound) - EPOCH).days)

    def to_bound(self, number: float) -> Bound:
        """Return an ISO 8601 date."""
        return (EPOCH + dt.timedelta(days=int(number))).isoformat()

    def periods(self, ordered: Floats, step: float) -> Int64s:
        """Return a week, in days: fieldwork on some days of the week alone."""
        return np.asarray([7])

    def step(self, decimals: int | None) -> float:
        """Return a day."""
        return 1.0


DATE = Date()
