"""Numbers with decimals: amounts, weights, scores."""

from __future__ import annotations

import dataclasses
import math
import numbers
from typing import TYPE_CHECKING, Any

from simulacra.engine import disclosure
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.drafts import Draft, floats, look_up
from simulacra.engine.columns.lazy import np, pa
from simulacra.engine.columns.scale_type import ScaleType
from simulacra.engine.columns.texts import numerals
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats, Int64s
    from simulacra.engine.columns.facts import Bound, ColumnFacts

MAX_EXACT = 2**53
"""From here on a float64 does not hold every integer."""
MAX_NUMBER = 1e29
"""What is larger is a code for something else, as infinity is."""
MAX_DECIMALS = 9
SIGNIFICANT = 6
"""Digits that are kept of numbers too small for `MAX_DECIMALS`."""
PARTS = 20
"""Published bounds are multiples of a round length, of which the scale has at least so many."""


class Number(ScaleType):
    """Numbers with decimals; what integers share with them is here too."""

    name = "number"
    unit = "number"
    can_add = True

    __slots__ = ()

    def analyse(self, array: pa.ChunkedArray) -> Draft | None:
        """Return the draft of an Arrow column of numbers; what no float64 can hold is missing."""
        kind = array.type
        is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind)
        if not is_number and not pa.types.is_decimal(kind):
            return None
        return self.draft(floats(array.cast("float64", safe=False)))

    def draft(self, values: Floats) -> Draft | None:
        """Return the draft of numbers, None if they are not all of this type.

        Args:
            values: float64, shape (rows,), NaN where missing.
        """
        values = within_reach(values)
        return Draft(self, values, decimals=decimals_of(values[~np.isnan(values)]))

    def recognise(
        self, texts: pa.StringArray, counts: Int64s, conventions: Conventions = UNKNOWN
    ) -> Draft | None:
        """Return the draft of numbers as people write them."""
        parsed = numerals.parse(texts, counts, conventions)
        if parsed is None:
            return None
        found = Conventions(missing=parsed.special)
        return Draft(self, parsed.values, unit=parsed.unit, notes=parsed.notes, conventions=found)

    def convert(self, name: str, draft: Draft, conventions: Conventions = UNKNOWN) -> Draft:
        """Return the numbers behind labels, or those that most texts show."""
        read = self._numbers(name, draft, conventions)
        return dataclasses.replace(read, decimals=decimals_of(read.values[read.known]))

    def _numbers(self, name: str, draft: Draft, conventions: Conventions) -> Draft:
        """Return a column as numbers, its decimals not yet counted."""
        if draft.type.is_temporal:
            raise self._refusal(name, "it holds dates")
        plain = dataclasses.replace(draft, type=self, levels=(), label_values=())
        if not draft.type.is_categorical:
            return dataclasses.replace(plain, values=within_reach(draft.values))
        if draft.label_values:
            numbers_behind = look_up(np.array(draft.label_values), draft.values)
            return dataclasses.replace(plain, values=within_reach(numbers_behind))
        if draft.type is BOOLEAN:
            return plain
        levels = pa.array(draft.levels, pa.string())
        parsed = self._readable(
            name, draft, numerals.parse(levels, draft.level_counts, conventions, force=True)
        )
        values = within_reach(look_up(parsed.values, draft.values))
        return dataclasses.replace(plain, values=values, unit=parsed.unit).with_notes(*parsed.notes)

    def describe(self, draft: Draft) -> dict[str, Any]:
        """Return bounds, quantiles, decimals and the unit."""
        return {
            **super().describe(draft),
            "decimals": draft.decimals,
            "unit": draft.unit or None,
        }

    def published_bounds(self, draft: Draft, ordered: Floats) -> tuple[float, float]:
        """Return round numbers around the values, or an end that enough respondents share."""
        low, high = float(ordered[0]), float(ordered[-1])
        part = round_length(draft, ordered)
        digits = max(draft.decimals, 0)
        if np.count_nonzero(ordered == low) < disclosure.THRESHOLD:
            low = float(np.round(np.floor(round(low / part, 6)) * part, digits))
        if np.count_nonzero(ordered == high) < disclosure.THRESHOLD:
            high = float(np.round(np.ceil(round(high / part, 6)) * part, digits))
        return low, high

    def to_number(self, bound: object) -> float:
        """Return a bound as a float."""
        if isinstance(bound, bool) or not isinstance(bound, numbers.Real):
            raise TypeError("a number is needed")
        try:
            number = float(bound)
        except OverflowError:  # an integer beyond any float
            number = math.inf
        if not math.isfinite(number):
            raise ValueError("a finite number is needed")
        return number

    def to_bound(self, number: float) -> Bound:
        """Return a number as JSON shows it."""
        return float(number)

    def expected_bound(self, column: ColumnFacts) -> str:
        """Return what an end of a range must be."""
        return "a finite number"

    def step(self, decimals: int | None) -> float:
        """Return one unit of the last decimal."""
        return float(10.0 ** -(decimals or 0))

    def round(self, column: ColumnFacts, values: Floats) -> Floats:
        """Return values with the decimals of the column."""
        return np.asarray(np.round(values, column.decimals or 0))

    def encode_values(self, column: ColumnFacts, array: pa.ChunkedArray) -> Floats:
        """Return the numbers."""
        return floats(array)

    def decode_values(self, column: ColumnFacts, values: Floats) -> pa.Array:
        """Return Arrow doubles."""
        return pa.array(values, mask=np.isnan(values))


def within_reach(values: Floats) -> Floats:
    """Return values with those beyond `MAX_NUMBER` as missing."""
    return np.where(np.abs(values) <= MAX_NUMBER, values, np.nan)


def decimals_of(known: Floats) -> int:
    """Return how many digits behind the point values have; more than 9 only if all are tiny."""
    for decimals in range(MAX_DECIMALS):
        if np.all(np.round(known, decimals) == known):
            return decimals
    typical = float(np.median(np.abs(known[known != 0])))
    return max(MAX_DECIMALS, min(SIGNIFICANT - math.floor(math.log10(typical)), 300))


def round_length(draft: Draft, known: Floats) -> float:
    """Return the length of which bounds are multiples, unless enough respondents share one.

    Args:
        draft: the column.
        known: float64: its known values.
    """
    length = _round_below(float(known.max() - known.min()) / PARTS)
    return max(length, draft.type.step(draft.decimals))


def _round_below(length: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is not above a length."""
    if length <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(length))
    return max((factor * power for factor in (1, 2, 5) if factor * power <= length), default=power)


NUMBER = Number()
