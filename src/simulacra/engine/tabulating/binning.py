"""Ranges that the values of a number, date or time are counted in, with names for people.

Their ends are round: multiples of 1, 2 or 5 and a power of ten; days, months, quarters, years or
decades; even hours. A range with few respondents is joined with its neighbour, so that none is left
that tells of fewer than the disclosure threshold.
"""

import dataclasses
import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from typing import Self

import numpy as np

from simulacra.engine.columns.arrays import Floats, Int64s
from simulacra.engine.columns.schema import Column
from simulacra.engine.tabulating import withholding

MOST_BINS = 12
WANTED_BINS = 8
"""About so many ranges lie between the 5th and the 95th percentile."""
ENDS = (0.05, 0.95)
FACTORS = (1.0, 2.0, 5.0, 10.0)
EVEN_HOURS = range(2, 24, 2)
HOUR = 3_600e6
"""In microseconds, as times of day are counted."""

End = float | None
"""Of a range: the first value at or above it, or above; None where it is open."""
Name = Callable[[End, End], str]
"""Names a range by its first value, and the first value beyond it."""


@dataclasses.dataclass(frozen=True)
class Bins:
    """Ranges one after another.

    Attributes:
        cuts: the first value of each range but the first, in order.
        half_step: half the distance of neighbouring values, by which cuts are moved down, so that
            a value that is a cut but for rounding is above it.
        name: names a range.
        low: the first value of the first range; None if it is open.
        high: the first value beyond the last range; None if it is open.
    """

    cuts: tuple[float, ...]
    half_step: float
    name: Name
    low: End = None
    high: End = None

    @classmethod
    def of(cls, column: Column, samples: Sequence[Floats]) -> Self:
        """Return ranges that suit the values of some samples, none of which is missing."""
        known = [values for values in samples if len(values)]
        found = np.array([np.quantile(values, ENDS) for values in known])
        low, high = float(found[:, 0].min()), float(found[:, 1].max())
        if column.type.unit == "time of day":
            cuts = [hour * HOUR for hour in EVEN_HOURS]
            return cls(tuple(cuts), column.step / 2, _time_name(column), 0.0, 24 * HOUR)
        if column.type.is_temporal:
            return cls._of_moments(column, low, high)
        return cls._of_numbers(column, low, high)

    @classmethod
    def _of_numbers(cls, column: Column, low: float, high: float) -> Self:
        first, last = column.bounds
        step, name = column.step, _number_name(column)
        if last - first <= (MOST_BINS - 1) * step:
            cuts = [first + at * step for at in range(1, round((last - first) / step) + 1)]
            return cls(tuple(cuts), step / 2, name, first, last + step)
        width = max(_round_width((high - low) / WANTED_BINS or (last - first) / MOST_BINS), step)
        begin, end = np.round(low / width), np.round(high / width)
        cuts = [float(at * width) for at in np.arange(begin, max(begin, end) + 0.5)]
        inside = [it for it in cuts if first < it <= last]
        is_single = inside and inside[0] - first < 1.5 * step, inside and last - inside[-1] < step
        ends = (first if is_single[0] else None), (last + step if is_single[1] else None)
        return cls(tuple(inside), step / 2, name, *ends)

    @classmethod
    def _of_moments(cls, column: Column, low: float, high: float) -> Self:
        begin, end = (dt.date.fromisoformat(_day(column, it)) for it in (low, high))
        unit = next(it for it in UNITS if it.count(begin, end) <= MOST_BINS)
        starts = [unit.start(begin)]
        while (following := unit.next(starts[-1])) <= end:
            starts.append(following)
        cuts = tuple(column.type.to_number(day.isoformat()) for day in starts[1:])
        first, last = (dt.date.fromisoformat(_day(column, it)) for it in column.bounds)
        is_closed = unit.start(first) == starts[0], unit.start(last) == starts[-1]
        ends = (starts[0], unit.next(starts[-1]))
        closed = (
            column.type.to_number(day.isoformat()) if is_it else None
            for day, is_it in zip(ends, is_closed, strict=True)
        )
        return cls(cuts, column.step / 2, _day_name(column, unit), *closed)

    def count(self, values: Floats, weights: Floats | None = None) -> Floats:
        """Return how many values, or which weight, is in each range, float64, shape (ranges,)."""
        at = np.searchsorted(np.array(self.cuts) - self.half_step, values, side="right")
        return np.bincount(at, weights, minlength=len(self.cuts) + 1).astype(np.float64)

    def joined(self, samples: Sequence[Floats]) -> Self:
        """Return ranges of which none has some, but few, of the respondents of a sample."""
        counts = [self.count(values).astype(np.int64) for values in samples]
        cuts = list(self.cuts)
        while cuts and (few := _first_of_few(counts)) is not None:
            neighbours = [at for at in (few - 1, few + 1) if 0 <= at <= len(cuts)]
            other = min(neighbours, key=lambda at: sum(int(each[at]) for each in counts))
            cut = min(few, other)
            del cuts[cut]
            counts = [np.add.reduceat(it, _without(len(it), cut + 1)) for it in counts]
        return dataclasses.replace(self, cuts=tuple(cuts))

    @property
    def names(self) -> list[str]:
        """The names of the ranges."""
        ends = [self.low, *self.cuts, self.high]
        return [self.name(low, high) for low, high in itertools.pairwise(ends)]


def _first_of_few(counts: Sequence[Int64s]) -> int | None:
    is_few = np.any([(each > 0) & (each < withholding.LEAST) for each in counts], axis=0)
    return int(np.argmax(is_few)) if is_few.any() else None


def _without(size: int, position: int) -> Int64s:
    return np.array([at for at in range(size) if at != position], dtype=np.int64)


def _round_width(width: float) -> float:
    """Return the next width that is 1, 2 or 5 and a power of ten."""
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(factor * power for factor in FACTORS if factor * power >= width * (1 - 1e-9)))


# Names of ranges.


def _number_name(column: Column) -> Name:
    is_whole = column.step >= 1

    def name(low: End, high: End) -> str:
        if low is None:
            if high is None:
                return "all values"
            return f"{_number(high - 1)} or less" if is_whole else f"under {_number(high)}"
        if high is None:
            return f"{_number(low)} or more"
        if high - low <= column.step * 1.5:
            return _number(low)
        if is_whole:
            return f"{_number(low)} to {_number(high - 1)}"
        return f"{_number(low)} to under {_number(high)}"

    return name


def _number(value: float) -> str:
    if abs(value) >= 1e12:
        return f"{value:.4g}"
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def _time_name(column: Column) -> Name:
    def name(low: End, high: End) -> str:
        first = str(column.type.to_bound(low or 0.0))[:5]
        last = str(column.type.to_bound((high or 24 * HOUR) - column.step))[:5]
        return f"{first} to {last}"

    return name


@dataclasses.dataclass(frozen=True)
class Unit:
    """A unit of the calendar.

    Attributes:
        months: how many it lasts; 0 for a day.
        label: names the one that a day is in.
    """

    months: int
    label: Callable[[dt.date], str]

    def start(self, day: dt.date) -> dt.date:
        """Return the first day of the unit that a day is in."""
        if not self.months:
            return day
        since = (12 * day.year + day.month - 1) // self.months * self.months
        return dt.date(max(since // 12, 1), since % 12 + 1, 1)

    def next(self, day: dt.date) -> dt.date:
        """Return the first day of the unit after the one that begins on a day."""
        if not self.months:
            return day + dt.timedelta(days=1)
        since = 12 * day.year + day.month - 1 + self.months
        return dt.date(since // 12, since % 12 + 1, 1)

    def count(self, begin: dt.date, end: dt.date) -> float:
        """Return how many begin on the days from one to another."""
        if not self.months:
            return (end - begin).days + 1
        between = 12 * (end.year - begin.year) + end.month - begin.month
        return between / self.months + 1


UNITS = (
    Unit(0, lambda day: f"{day.day} {day:%b %Y}"),
    Unit(1, lambda day: f"{day:%b %Y}"),
    Unit(3, lambda day: f"Q{(day.month + 2) // 3} {day.year}"),
    Unit(12, lambda day: str(day.year)),
    Unit(60, lambda day: f"{day.year // 5 * 5} to {day.year // 5 * 5 + 4}"),
    Unit(120, lambda day: f"{day.year // 10 * 10}s"),
    Unit(1200, lambda day: f"{day.year // 100 * 100}s"),
    Unit(12_000, lambda day: f"{day.year // 1000 * 1000}s"),
)
"""The finest first."""


def _day(column: Column, number: float) -> str:
    """Return the day of a date or moment in ISO 8601."""
    return str(column.type.to_bound(np.floor(number)))[:10]


def _day_name(column: Column, unit: Unit) -> Name:
    def label(number: float) -> str:
        return unit.label(dt.date.fromisoformat(_day(column, number)))

    def name(low: End, high: End) -> str:
        if low is None:
            return "all days" if high is None else f"{label(high - column.step)} or before"
        if high is None:
            return f"{label(low)} or after"
        first, last = label(low), label(high - column.step)
        return first if first == last else f"{first} to {last}"

    return name
