"""Whole numbers: counts, ratings, ages."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

from simulacra.engine.columns.drafts import Draft, Note
from simulacra.engine.columns.lazy import np, pa
from simulacra.engine.columns.number import MAX_EXACT, NUMBER, Number, within_reach
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats, Int64s
    from simulacra.engine.columns.facts import Bound, ColumnFacts


class Integer(Number):
    """Whole numbers."""

    name = "integer"

    __slots__ = ()

    def draft(self, values: Floats) -> Draft | None:
        """Return the draft of numbers that are all whole, and small enough to be exact."""
        values = within_reach(values)
        known = values[~np.isnan(values)]
        is_whole = np.all(np.round(known) == known) and np.all(np.abs(known) < MAX_EXACT)
        return Draft(self, values) if is_whole else None

    def recognise(
        self, texts: pa.StringArray, counts: Int64s, conventions: Conventions = UNKNOWN
    ) -> None:
        """Return None: `Number` reads the texts, and whether all are whole is seen afterwards."""

    def convert(self, name: str, draft: Draft, conventions: Conventions = UNKNOWN) -> Draft:
        """Return the numbers behind labels, or those that most texts show, rounded."""
        read = self._numbers(name, draft, conventions)
        values = within_reach(read.values)
        if self.draft(values) is not None:
            return dataclasses.replace(read, values=values, decimals=0)
        whole = np.round(values)
        changed = int(np.sum(~np.isnan(values) & (values != whole)))
        note = Note("typed", f"{changed} values rounded to whole numbers", changed)
        is_exact = self.draft(whole) is not None
        kind = self if is_exact else NUMBER
        return dataclasses.replace(read, type=kind, values=whole, decimals=0).with_notes(note)

    def describe(self, draft: Draft) -> dict[str, Any]:
        """Return bounds and quantiles."""
        return super().describe(draft) | {"decimals": None}

    def to_bound(self, number: float) -> Bound:
        """Return a number as JSON shows it."""
        return int(number)

    def can_lie_between(self, low: float, high: float) -> bool:
        """Tell whether there is a whole number in a range."""
        return math.ceil(low) <= math.floor(high)

    def step(self, decimals: int | None) -> float:
        """Return one."""
        return 1.0

    def decode_values(self, column: ColumnFacts, values: Floats) -> pa.Array:
        """Return Arrow integers of 64 bits."""
        missing = np.isnan(values)
        return pa.array(np.where(missing, 0, np.round(values)).astype(np.int64), mask=missing)


INTEGER = Integer()
