"""What dates and times share: no day or hour outside the fieldwork is made up."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from simulacra.engine import disclosure
from simulacra.engine.columns.drafts import Draft, floats, look_up
from simulacra.engine.columns.lazy import np, pa
from simulacra.engine.columns.level_type import as_levels
from simulacra.engine.columns.scale_type import ScaleType
from simulacra.engine.columns.texts import dates
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats
    from simulacra.engine.columns.facts import ColumnFacts


class TemporalType(ScaleType):
    """A type whose values count from 1970, or from midnight.

    Attributes:
        microseconds: in one unit of the count.
        arrow_integer: bits of the Arrow integers that hold the count.
    """

    is_temporal = True
    microseconds: ClassVar[float]
    arrow_integer: ClassVar[str]

    __slots__ = ()

    def arrow_type(self) -> pa.DataType:
        """Return the Arrow type of such a column."""
        raise NotImplementedError

    def published_bounds(self, draft: Draft, ordered: Floats) -> tuple[float, float]:
        """Return the ends without the outermost respondents, on the grid.

        The value of the fifth respondent from either end, if enough share it; otherwise half-way
        from it to the next value inside.
        """
        step = self.step(draft.decimals)
        low = np.ceil(round(_end(ordered) / step, 6)) * step
        high = np.floor(round(-_end(-ordered[::-1]) / step, 6)) * step
        return (float(low), float(high)) if low <= high else (float(high), float(low))

    def expected_bound(self, column: ColumnFacts) -> str:
        """Return what an end of a range must be."""
        return f"an ISO 8601 {self} such as {column.min!r}"

    def encode_values(self, column: ColumnFacts, array: pa.ChunkedArray) -> Floats:
        """Return the distance from 1970, or from midnight."""
        return floats(array.cast(self.arrow_type()).cast(self.arrow_integer))

    def decode_values(self, column: ColumnFacts, values: Floats) -> pa.Array:
        """Return Arrow dates, timestamps or times."""
        missing = np.isnan(values)
        whole = np.where(missing, 0, np.round(values)).astype(self.arrow_integer)
        return pa.array(whole, mask=missing).cast(self.arrow_type())

    def _draft_of_arrow(self, array: pa.ChunkedArray) -> Draft:
        counted = array.cast(self.arrow_type(), safe=False).cast(self.arrow_integer, safe=False)
        return Draft(self, floats(counted))


class CalendarType(TemporalType):
    """A type whose values count from 1970."""

    __slots__ = ()

    def convert(self, name: str, draft: Draft, conventions: Conventions = UNKNOWN) -> Draft:
        """Return dates as times, times as dates, or what most texts and numbers show as either."""
        if isinstance(draft.type, CalendarType):
            return self._rescaled(draft, draft.type.microseconds)
        from_levels = as_levels(name, draft)
        levels = pa.array(from_levels.levels, pa.string())
        dates_read = dates.parse(levels, from_levels.level_counts, conventions, force=True)
        parsed = self._readable(name, from_levels, dates_read)
        values = look_up(parsed.values, from_levels.values)
        notes = (*from_levels.notes, *parsed.notes)
        found = dataclasses.replace(draft.conventions, date_order=parsed.order)
        read = Draft(self, values, notes=notes, conventions=found)
        return self._rescaled(read, parsed.microseconds)

    def _rescaled(self, draft: Draft, microseconds: float) -> Draft:
        """Return values that count in units of so many microseconds in units of this type."""
        values = draft.values
        if microseconds > self.microseconds:
            values = values * (microseconds / self.microseconds)
        elif microseconds < self.microseconds:
            values = np.floor(values / (self.microseconds / microseconds))
        return dataclasses.replace(draft, type=self, values=values)


def _end(ordered: Floats) -> float:
    end = ordered[min(disclosure.THRESHOLD, len(ordered)) - 1]
    after = np.searchsorted(ordered, end, side="right")
    if after - np.searchsorted(ordered, end) >= disclosure.THRESHOLD or after == len(ordered):
        return float(end)
    return float((end + ordered[after]) / 2)
