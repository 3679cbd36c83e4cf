"""Days: of an interview, a birth, a purchase."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from simulacra.engine.columns import increments
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.drafts import Draft
from simulacra.engine.columns.lazy import np, pa
from simulacra.engine.columns.temporal_type import CalendarType
from simulacra.engine.columns.texts import dates
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats, Int64s
    from simulacra.engine.columns.facts import Bound
    from simulacra.engine.columns.increments import Increment

MONTH = "month"
"""The grid of a column whose values are first days of months."""
MONTHS_A_PERIOD = (3, 6, 12)
EPOCH = dt.date(1970, 1, 1)


class Date(CalendarType):
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
        column_type = DATETIME if parsed.has_time else self
        found = Conventions(date_order=parsed.order)
        return Draft(column_type, parsed.values, notes=parsed.notes, conventions=found)

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

    def increment(self, ordered: Floats, step: float) -> Increment | None:
        """Return a pattern of days; of months, if all values are their first days."""
        if not increments.are_first_days(ordered):
            return super().increment(ordered, step)
        months = increments.month_of(ordered)
        return increments.learn(months, 1.0, np.asarray(MONTHS_A_PERIOD))

    def describe(self, draft: Draft) -> dict[str, Any]:
        """Return bounds, quantiles and the values in use; those of months are their first days."""
        described = super().describe(draft)
        is_monthly = increments.are_first_days(draft.values[draft.known])
        return described | ({"grid": MONTH} if is_monthly else {})

    def step(self, decimals: int | None) -> float:
        """Return a day."""
        return 1.0


DATE = Date()
