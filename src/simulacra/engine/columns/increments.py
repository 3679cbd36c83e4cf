"""Increments: the values that a scale uses, such as whole hours, thousands, prices ending in .99.

A scale repeats itself with a period: of prices that end in .49 or .99 it is 0.50, and the offset is
0.49; of office hours it is a day, with an offset for each hour. A value that is made up
between those of respondents is moved to the nearest value of the pattern. Where only most
respondents keep to one, such as incomes in thousands, that is done for them alone.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from simulacra.engine import disclosure
from simulacra.engine.columns.lazy import np

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Flags, Floats, Int64s

MAX_OFFSETS = 48
HABIT = 0.7
"""Part of the distinct values that keep to a pattern that others do not, at least."""
MAX_DISTINCT = 5_000
"""Distinct values that such a pattern is looked for in."""
CHANCE = 1e-6
"""Chance with which distinct values that have no pattern may seem to have one of a period."""


@dataclasses.dataclass(frozen=True)
class Increment:
    """A pattern of values that repeats, in steps of the column's grid.

    Attributes:
        step: the distance of two neighbours on the grid, in the column's unit.
        period: steps after which the pattern repeats, at least 2.
        offsets: float64, ascending, 0 to period - 1: the values in one period.
    """

    step: float
    period: int
    offsets: Floats

    def holds(self, values: Floats) -> Flags:
        """Return which values are of the pattern, bool."""
        units = np.mod(np.round(values / self.step), self.period)
        at = np.minimum(np.searchsorted(self.offsets, units), len(self.offsets) - 1)
        return np.asarray(self.offsets[at] == units)

    def at_or_above(self, values: Floats) -> Floats:
        """Return the least value of the pattern that is not below each value; NaN stays."""
        units = np.ceil(np.round(values / self.step, 6))
        base = np.floor(units / self.period) * self.period
        index = np.searchsorted(self.offsets, units - base)  # NaN comes behind all
        over = index == len(self.offsets)
        units = base + over * self.period + self.offsets[np.where(over, 0, index)]
        return np.asarray(units * self.step)

    def at_or_below(self, values: Floats) -> Floats:
        """Return the greatest value of the pattern that is not above each value; NaN stays."""
        units = np.floor(np.round(values / self.step, 6))
        base = np.floor(units / self.period) * self.period
        index = np.searchsorted(self.offsets, units - base, side="right") - 1
        under = index < 0
        return np.asarray((base - under * self.period + self.offsets[index]) * self.step)

    def nearest(self, values: Floats) -> Floats:
        """Return the value of the pattern nearest to each value; NaN stays."""
        above, below = self.at_or_above(values), self.at_or_below(values)
        return np.where(above - values <= values - below, above, below)


@dataclasses.dataclass(frozen=True)
class FirstDays:
    """The first days of months, for values that are days since 1970.

    Attributes:
        months: the pattern of the months, counted from January 1970, such as the first ones of
            quarters; None if all of them may be in use.
    """

    months: Increment | None = None

    def holds(self, values: Floats) -> Flags:
        """Return which values are of the pattern, bool."""
        return np.asarray(self.nearest(values) == values)

    def at_or_above(self, values: Floats) -> Floats:
        """Return the least value of the pattern that is not below each value; NaN stays."""
        months = month_of(values)
        months += first_day(months) < values
        return first_day(months if self.months is None else self.months.at_or_above(months))

    def at_or_below(self, values: Floats) -> Floats:
        """Return the greatest value of the pattern that is not above each value; NaN stays."""
        months = month_of(values)
        return first_day(months if self.months is None else self.months.at_or_below(months))

    def nearest(self, values: Floats) -> Floats:
        """Return the value of the pattern nearest to each value; NaN stays."""
        above, below = self.at_or_above(values), self.at_or_below(values)
        return np.where(above - values <= values - below, above, below)


Pattern = Increment | FirstDays
"""The values that a scale uses."""


def month_of(days: Floats) -> Floats:
    """Return months since January 1970, float64, of days since then; NaN stays."""
    known = np.where(np.isnan(days), 0, np.floor(days)).astype("datetime64[D]")
    months = known.astype("datetime64[M]").astype(np.float64)
    return np.where(np.isnan(days), np.nan, months)


def first_day(months: Floats) -> Floats:
    """Return the first days of months, both counted from 1970, float64; NaN stays."""
    known = np.where(np.isnan(months), 0, months).astype("datetime64[M]")
    days = known.astype("datetime64[D]").astype(np.float64)
    return np.where(np.isnan(months), np.nan, days)


def are_first_days(days: Floats) -> bool:
    """Tell whether known days are first ones of months, of two months at least."""
    distinct = np.unique(days)
    return len(distinct) > 1 and bool(np.all(first_day(month_of(distinct)) == distinct))


def learn(known: Floats, step: float, periods: Int64s) -> Increment | None:
    """Return the pattern that all values keep and that leaves fewest values open, None without one.

    Each offset is shared by enough respondents to be published. That so many distinct values would
    lie on so small a part of the grid must be no accident.

    Args:
        known: float64: the values of a column, without missing ones.
        step: of its grid, in the column's unit.
        periods: int64: steps after which a pattern may repeat.
    """
    units = np.round(known / step)
    if not len(units) or np.abs(units).max() >= 2**53:
        return None
    distinct = len(np.unique(units))
    best, smallest = None, 1.0
    for period in periods.tolist():
        offsets, counts = np.unique(np.mod(units, period), return_counts=True)
        part = len(offsets) / period
        if len(offsets) > MAX_OFFSETS or part >= smallest or counts.min() < disclosure.THRESHOLD:
            continue
        if (distinct - len(offsets)) * math.log(part) < math.log(CHANCE / len(periods)):
            best, smallest = Increment(step, period, offsets), part
    return best


def habit(distinct: Floats, step: float, periods: Int64s) -> Increment | None:
    """Return the pattern that most values keep, such as round thousands; None without one.

    So many distinct values would lie on so small a part of the grid by chance at most `CHANCE`
    often (Chernoff's bound), whichever part it is.

    Args:
        distinct: float64, ascending: the different values of a column.
        step: of its grid, in the column's unit.
        periods: int64: steps after which a pattern may repeat.
    """
    chosen = np.linspace(0, len(distinct) - 1, min(len(distinct), MAX_DISTINCT)).astype(np.int64)
    units = np.round(distinct[chosen] / step)
    if not len(units) or np.abs(units).max() >= 2**53:
        return None
    best, strongest = None, math.log(len(periods) / CHANCE)
    for period in periods.tolist():
        remainders, counts = np.unique(np.mod(units, period), return_counts=True)
        often = counts >= max(disclosure.THRESHOLD, len(units) / (2 * MAX_OFFSETS))
        offsets, share = remainders[often], float(counts[often].sum()) / len(units)
        part = len(offsets) / period
        if share < max(HABIT, part) or not 0 < len(offsets) <= MAX_OFFSETS:
            continue
        evidence = len(units) * _divergence(share, part) - _log_choices(period, len(offsets))
        if evidence > strongest:
            best, strongest = Increment(step, period, offsets), evidence
    return best


def _divergence(share: float, part: float) -> float:
    """Return the Kullback-Leibler divergence of two shares."""
    if part >= 1:
        return 0.0
    rest = 0.0 if share >= 1 else (1 - share) * math.log((1 - share) / (1 - part))
    return share * math.log(share / part) + rest


def _log_choices(among: int, chosen: int) -> float:
    """Return the logarithm of the number of ways to choose so many of so many."""
    return math.lgamma(among + 1) - math.lgamma(chosen + 1) - math.lgamma(among - chosen + 1)


def periods_of_numbers(known: Floats, step: float) -> Int64s:
    """Return round periods of a scale of numbers, in steps: 2, 5, 10, 20, 25, 50 and so on."""
    width = float(known.max() - known.min()) / step if len(known) else 0.0
    powers = 10.0 ** np.arange(0, max(1, math.ceil(math.log10(max(width, 1.0)))))
    periods = np.unique(np.outer(powers, [2, 5, 10, 20, 25, 50, 100]))
    return periods[(periods >= 2) & (periods <= max(width, 2))].astype(np.int64)
