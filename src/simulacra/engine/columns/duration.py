"""Durations: how long an interview took, how far away a shop is by car."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from simulacra.engine.columns.drafts import Draft, floats, look_up
from simulacra.engine.columns.lazy import np, pa
from simulacra.engine.columns.level_type import as_levels
from simulacra.engine.columns.number import Number, decimals_of, within_reach
from simulacra.engine.columns.texts import clocks
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats, Int64s
    from simulacra.engine.columns.facts import ColumnFacts

MAX_DECIMALS = 6
"""Arrow counts microseconds."""
MAX_SECONDS = 2**53 / 1e6
A_SECOND = {"s": 1e0, "ms": 1e3, "us": 1e6, "ns": 1e9}


class Duration(Number):
    """Seconds, with or without decimals; bounds and means are numbers of seconds."""

    name = "duration"
    unit = "second"

    __slots__ = ()

    def analyse(self, array: pa.ChunkedArray) -> Draft | None:
        """Return the draft of Arrow durations."""
        if not pa.types.is_duration(array.type):
            return None
        return self.draft(floats(array.cast("int64")) / A_SECOND[array.type.unit])

    def draft(self, values: Floats) -> Draft:
        """Return the draft of seconds."""
        values = np.round(within_reach(values), MAX_DECIMALS)
        values = np.where(np.abs(values) < MAX_SECONDS, values, np.nan)
        decimals = min(decimals_of(values[~np.isnan(values)]), MAX_DECIMALS)
        return Draft(self, values, decimals=decimals)

    def recognise(
        self, texts: pa.StringArray, counts: Int64s, conventions: Conventions = UNKNOWN
    ) -> None:
        """Return None: `TimeOfDay` reads the texts and tells the two apart."""

    def convert(self, name: str, draft: Draft, conventions: Conventions = UNKNOWN) -> Draft:
        """Return times of day as the time since midnight, numbers as seconds, or texts."""
        if draft.type.unit == "time of day":
            return self._like(draft, draft.values / 1e6)
        if draft.type.is_categorical and not draft.label_values:
            from_levels = as_levels(name, draft)
            levels = pa.array(from_levels.levels, pa.string())
            read = clocks.parse(levels, from_levels.level_counts, force=True)
            if read is not None:
                parsed = self._readable(name, from_levels, read)
                values = look_up(parsed.values, from_levels.values)
                return self._like(from_levels.with_notes(*parsed.notes), values)
        numbers = self._numbers(name, draft, conventions)
        return self._like(numbers, numbers.values * self._seconds_of(name, numbers.unit))

    def _seconds_of(self, name: str, unit: str) -> float:
        """Return the length of a unit that stands beside numbers; without one they are seconds."""
        if not unit:
            return 1.0
        read = clocks.parse(pa.array([f"1 {unit}"]), np.ones(1, dtype=np.int64), force=True)
        if read is None:
            raise self._refusal(name, f"its numbers have the unit {unit}, which is no known time")
        return float(read.values[0])

    def _like(self, draft: Draft, seconds: Floats) -> Draft:
        """Return the draft of seconds, with what is known of the draft that they come from."""
        made = self.draft(seconds)
        return dataclasses.replace(made, notes=draft.notes, conventions=draft.conventions)

    def expected_bound(self, column: ColumnFacts) -> str:
        """Return what an end of a range must be."""
        return "a finite number of seconds"

    def encode_values(self, column: ColumnFacts, array: pa.ChunkedArray) -> Floats:
        """Return the seconds."""
        counted = floats(array.cast("int64")) / A_SECOND[array.type.unit]
        return np.round(counted, MAX_DECIMALS)

    def decode_values(self, column: ColumnFacts, values: Floats) -> pa.Array:
        """Return Arrow durations, in seconds unless these have decimals."""
        unit = "us" if column.decimals else "s"
        missing = np.isnan(values)
        counted = np.where(missing, 0, np.round(values * A_SECOND[unit])).astype(np.int64)
        return pa.array(counted, mask=missing).cast(pa.duration(unit))


DURATION = Duration()
