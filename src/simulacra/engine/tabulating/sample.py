"""Samples: the rows that a table is made of, and the respondents who stand behind them."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.columns.schema import Schema
from simulacra.engine.scenario import raking

Values = Mapping[int, Floats]
"""float64, shape (rows,), by position of a column."""
Group = Callable[[Values], Flags]
"""Tells which rows belong to a group, bool, shape (rows,); asked of rows and of respondents."""
ROWS_AT_A_TIME = 65_536
"""Of which membership in groups is held as numbers."""


@dataclasses.dataclass(frozen=True)
class Behind:
    """The respondents behind synthetic rows.

    Attributes:
        values: of their answers.
        weights: float64, shape (respondents,): importance weight times survey weight.
        conditioned: names of the columns that the scenario is about.
    """

    values: Values
    weights: Floats
    conditioned: frozenset[str] = frozenset()

    def effective(self, group: Group, also: Callable[[Values], Floats]) -> float:
        """Return the effective number of respondents in a group (Kish 1965).

        It is the squared sum of the weights of those in the group, over the sum of their squares,
        and so never more than how many of them have a weight.

        Args:
            group: whose respondents count.
            also: what each counts by besides, float64, shape (respondents,).
        """
        weights = self.weights * also(self.values)
        return raking.effective_sample_size(weights[group(self.values)])


@dataclasses.dataclass(frozen=True)
class Sample:
    """The rows that a table is made of.

    Attributes:
        schema: of their columns.
        rows: of their values.
        weights: float64, shape (rows,): how much each counts; None if all alike.
        behind: of synthetic rows, the respondents behind them; None for respondents themselves.
    """

    schema: Schema
    rows: Values
    weights: Floats | None = None
    behind: Behind | None = None

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(next(iter(self.rows.values())))

    @property
    def conditioned(self) -> frozenset[str]:
        """The columns that the scenario is about, and the sets that these are options of."""
        if self.behind is None:
            return frozenset()
        named = self.behind.conditioned
        return named | {one.name for one in self.schema.sets if named & {*one.columns}}


@dataclasses.dataclass(frozen=True)
class Overlap:
    """What the groups of a sample have in common, pair by pair.

    Attributes:
        shared: float64, shape (groups, groups): covariance of the means of one variable in both, in
            units of the variance of one value: 0 if they have no row in common, and one over the
            effective base if they are the same.
        apart: likewise: the effective base of those who are in one of both only.
    """

    shared: Floats
    apart: Floats


class Weighting:
    """A sample of which each row counts by its weight and, if asked for, by a column."""

    def __init__(self, sample: Sample, column: str | None = None) -> None:
        """Prepare the weights.

        Args:
            sample: the rows.
            column: that rows are to count by besides; who has no value in it counts 0.

        Raises:
            ValueError: there is no such column.
        """
        self._sample = sample
        self._position = None if column is None else sample.schema.names.index(column)
        own = np.ones(sample.size) if sample.weights is None else sample.weights
        self.weights: Floats = own * self._also(sample.rows)

    def effective(self, group: Group) -> float:
        """Return the effective base of a group.

        That of respondents is Kish's. The figures of synthetic rows err in two ways: the
        respondents behind them are a sample, and so are the rows of what the model has learned.
        Both variances add, so that the effective base is one over the sum of one over each size:
        less than the respondents in the group, however many rows there are, and less than the rows.
        """
        rows = raking.effective_sample_size(self.weights[group(self._sample.rows)])
        if self._sample.behind is None:
            return rows
        behind = self._sample.behind.effective(group, self._also)
        return both(rows, behind)

    def overlap(self, groups: Sequence[Group]) -> Overlap:
        """Return what groups have in common.

        Who is in two groups adds the same value to both means, so that these go up and down
        together. As variances do, the covariances of the respondents and of the rows add up.
        """
        rows, behind = _overlap(self.weights, groups, self._sample.rows), self._sample.behind
        if behind is None:
            return rows
        of_behind = _overlap(behind.weights * self._also(behind.values), groups, behind.values)
        sizes = rows.apart + of_behind.apart
        apart = _ratio(rows.apart * of_behind.apart, sizes)
        return Overlap(rows.shared + of_behind.shared, apart)

    def _also(self, values: Values) -> Floats:
        if self._position is None:
            return np.ones(len(next(iter(values.values()))))
        return np.nan_to_num(values[self._position])


def both(rows: float, behind: float) -> float:
    """Return the size whose variance is that of two sizes together; 0 if one of them is 0."""
    return rows * behind / (rows + behind) if rows and behind else 0.0


def _overlap(weights: Floats, groups: Sequence[Group], values: Values) -> Overlap:
    members = np.array([group(values) for group in groups])
    own = raking.scaled(weights)
    sums = squares = np.zeros((len(groups), len(groups)))
    for start in range(0, len(own), ROWS_AT_A_TIME):
        part = slice(start, start + ROWS_AT_A_TIME)
        inside = members[:, part].astype(np.float64)
        sums = sums + (inside * own[part]) @ inside.T
        squares = squares + (inside * own[part] ** 2) @ inside.T
    totals, of_totals = np.diag(sums), np.diag(squares)
    alone = np.add.outer(totals, totals) - 2 * sums
    of_alone = np.add.outer(of_totals, of_totals) - 2 * squares
    return Overlap(_ratio(squares, np.outer(totals, totals)), _ratio(alone**2, of_alone))


def _ratio(above: Floats, below: Floats) -> Floats:
    """Return quotients; 0 where there is nothing below the line."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
