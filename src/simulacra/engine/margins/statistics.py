"""Statistics: what replicates are compared by, and figures with their intervals come from.

Of a category they are the shares of its levels. Of a number they are its mean and its distribution
function at some cuts, since a quartile, above all one of a rating, jumps from value to value and
has no standard error that means anything; the share of rows up to a value has one.
"""

import dataclasses
import functools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats, Int64s
from simulacra.engine.columns.schema import Schema
from simulacra.engine.margins.figures import SHARE, Figure, Layout

MOST_VALUES, QUANTILES, MOST_ROWS = 64, 49, 20_000
"""Values up to which each is a cut; of more, cuts are quantiles of the study and of the rows, of
which no more than so many are looked at."""


@dataclasses.dataclass(frozen=True)
class Part:
    """The statistics of one column.

    Attributes:
        position: of the column.
        start: of its first statistic among all.
        levels: of a category; 0 of a number.
        cuts: float64, ascending: of a number; empty of a category.
        is_next: bool, shape (cuts,): no value lies between the cut and the one before.
    """

    position: int
    start: int
    levels: int
    cuts: Floats
    is_next: Flags

    @property
    def stop(self) -> int:
        """Behind its last statistic."""
        return self.start + (self.levels or 1 + len(self.cuts))

    @property
    def distribution(self) -> slice:
        """Where the distribution function of a number stands."""
        return slice(self.start + 1, self.stop)

    def values(self, known: Floats, weights: Floats) -> Floats:
        """Return its statistics of values that are known; NaN if there are none."""
        total = float(weights.sum())
        if not total:
            return np.full(self.stop - self.start, np.nan)
        if self.levels:
            counts = np.bincount(known.astype(np.int64), weights, minlength=self.levels)
            return np.minimum(counts / total, 1.0)  # which another order of summing may exceed
        first = np.searchsorted(self.cuts, known)  # cut that is not below the value
        between = np.bincount(first, weights, minlength=len(self.cuts))[: len(self.cuts)]
        reached = np.minimum(np.cumsum(between) / total, 1.0)
        return np.asarray(np.r_[known @ weights / total, reached])


@dataclasses.dataclass(frozen=True)
class Statistics:
    """The statistics of some columns, in one order.

    Attributes:
        parts: by column.
        layout: the figures of the same columns.
    """

    parts: tuple[Part, ...]
    layout: Layout

    @classmethod
    def of(
        cls,
        schema: Schema,
        positions: Sequence[int],
        study: Mapping[int, Floats],
        made: Mapping[int, Floats],
    ) -> "Statistics":
        """Return the statistics of some columns.

        Args:
            schema: of the study.
            positions: of the columns.
            study: float64, shape (respondents,), by position.
            made: float64, shape (rows,), by position: the synthetic rows.
        """
        parts: list[Part] = []
        for position in positions:
            start = parts[-1].stop if parts else 0
            column = schema.columns[position]
            if column.type.is_categorical:
                none = np.zeros(0)
                parts.append(Part(position, start, len(column.levels), none, none.astype(bool)))
            else:
                cuts, is_next = _cuts(study[position], made[position])
                parts.append(Part(position, start, 0, cuts, is_next))
        return cls(tuple(parts), Layout.of(schema, positions))

    def __len__(self) -> int:
        """Return how many there are."""
        return self.parts[-1].stop if self.parts else 0

    @property
    def is_proportion(self) -> Flags:
        """Which of them lie between 0 and 1, bool: all but means."""
        flags = np.ones(len(self), dtype=np.bool_)
        flags[[part.start for part in self.parts if not part.levels]] = False
        return flags

    @property
    def is_distribution(self) -> Flags:
        """Which of them are points of a distribution function, bool."""
        flags = np.zeros(len(self), dtype=np.bool_)
        for part in self.parts:
            if not part.levels:
                flags[part.distribution] = True
        return flags

    @property
    def groups(self) -> Int64s:
        """What each is about, int64: levels, a mean, or a distribution, numbered in order."""
        sizes = [
            size for it in self.parts for size in ([it.levels] if it.levels else [1, len(it.cuts)])
        ]
        return np.repeat(np.arange(len(sizes)), sizes)

    def values(self, rows: Mapping[int, Floats], weights: Floats | None = None) -> Floats:
        """Return the statistics of rows, among those that have a value; NaN where none has.

        Args:
            rows: float64, shape (rows,), by position of a column.
            weights: float64, shape (rows,): how much each row counts; None if all alike.
        """
        return self.joined(part.values(*known(rows[part.position], weights)) for part in self.parts)

    def repeated(self, by_column: Iterable[float]) -> Floats:
        """Return, by statistic, a number that each column has."""
        sizes = [part.stop - part.start for part in self.parts]
        return np.repeat(np.fromiter(by_column, np.float64, len(sizes)), sizes)

    @staticmethod
    def joined(by_column: Iterable[Floats]) -> Floats:
        """Return the statistics of all columns, from those of each."""
        return np.concatenate([np.zeros(0), *by_column])

    @functools.cached_property
    def _by_position(self) -> dict[int, Part]:
        return {part.position: part for part in self.parts}

    def part(self, figure: Figure) -> Part:
        """Return the part that a figure comes from."""
        return self._by_position[figure.position]

    def index(self, figure: Figure) -> int:
        """Return which statistic a share or a mean is."""
        return self.part(figure).start + (figure.level if figure.kind == SHARE else 0)


def known(values: Floats, weights: Floats | None) -> tuple[Floats, Floats]:
    """Return the values that are not missing, and what they weigh."""
    is_known = ~np.isnan(values)
    own = np.ones(int(is_known.sum())) if weights is None else weights[is_known]
    return values[is_known], own


def quantile(part: Part, distribution: Floats, share: float) -> float:
    """Return where a distribution function first reaches a share.

    Between cuts with values between them the function is taken to be straight.

    Args:
        part: of the column.
        distribution: float64, shape (cuts,), ascending.
        share: such as 0.25.
    """
    index = int(np.searchsorted(distribution, share - 1e-9))
    if index >= len(distribution):
        return float(part.cuts[-1])
    if part.is_next[index]:
        return float(part.cuts[index])
    before, after = distribution[index - 1], distribution[index]
    way = np.clip((share - before) / (after - before), 0.0, 1.0)
    return float(part.cuts[index - 1] + way * (part.cuts[index] - part.cuts[index - 1]))


def _cuts(study: Floats, made: Floats) -> tuple[Floats, Flags]:
    pooled = [own[~np.isnan(own)] for own in (study, made[:MOST_ROWS])]
    values = np.unique(np.concatenate(pooled))
    if len(values) <= MOST_VALUES:
        return values, np.ones(len(values), dtype=np.bool_)
    shares = np.linspace(0, 1, QUANTILES)
    found = [np.quantile(own, shares, method="inverted_cdf") for own in pooled if len(own)]
    cuts = np.unique(np.concatenate(found))
    return cuts, np.r_[True, np.diff(np.searchsorted(values, cuts)) == 1]
