"""Samples: the rows that a table is made of, and the respondents who stand behind them."""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.columns.schema import Schema
from simulacra.engine.scenario import raking

Values = Mapping[int, Floats]
"""float64, shape (rows,), by position of a column."""
Group = Callable[[Values], Flags]
"""Tells which rows belong to a group, bool, shape (rows,); asked of rows and of respondents."""


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
        weights = (self.weights * also(self.values))[group(self.values)]
        largest = float(weights.max(initial=0.0))
        # A scenario may weigh a whole group so little that the squares would be 0.
        return raking.effective_sample_size(weights / largest) if largest > 0 else 0.0


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


class Weighting:
    """A sample of which each row counts by its weight and, if asked for, by a column."""

    def __init__(self, sample: Sample, column: str | None = None) -> None:
        """Prepare the weights.

        Args:
            sample: the rows.
            column: that rows are to count by besides; who has no value in it counts 0.

        Raises:
            ValueError: there is no such column, or it is no count or amount of 0 and more.
        """
        self._sample = sample
        self._position = None if column is None else _position(sample, column)
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

    def _also(self, values: Values) -> Floats:
        if self._position is None:
            return np.ones(len(next(iter(values.values()))))
        return np.nan_to_num(values[self._position])


def both(rows: float, behind: float) -> float:
    """Return the size whose variance is that of two sizes together; 0 if one of them is 0."""
    return rows * behind / (rows + behind) if rows and behind else 0.0


def _position(sample: Sample, name: str) -> int:
    if name not in sample.schema:
        raise ValueError(f"weight is {name!r}; the schema has no such column")
    column, position = sample.schema[name], sample.schema.names.index(name)
    if column.type.is_categorical or column.type.is_temporal or column.bounds[0] < 0:
        raise ValueError(f"weight is {name!r}; give a column of numbers of which none is below 0")
    return position
