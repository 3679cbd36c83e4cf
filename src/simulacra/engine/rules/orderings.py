"""Orderings: one column is never above another, such as a first and a last date."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from simulacra.engine.columns import encoding
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.encoding import Floats
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.rules import evidence
from simulacra.engine.rules.allowed import SLACK, Interval

SAMPLE_ROWS = 2_000
MIN_ROWS = 30


@dataclasses.dataclass(frozen=True)
class Ordering:
    """Where both are known, `less` <= `more`.

    Attributes:
        less, more: positions of the columns.
        is_strict: whether the two are never equal.
    """

    less: int
    more: int
    is_strict: bool

    def narrow(self, interval: Interval, schema: Sequence[Column], less: Floats | None) -> None:
        """Narrow the greater column by the lesser's values, or by its bounds where None."""
        gap = self._gap(schema)
        low = encoding.bounds(schema[self.less])[0] if less is None else less
        interval.narrow(low + gap, np.nan)

    def narrow_less(
        self, interval: Interval, schema: Sequence[Column], more: Floats | None
    ) -> None:
        """Narrow the lesser column by the greater's values, or by its bounds where None."""
        gap = self._gap(schema)
        high = encoding.bounds(schema[self.more])[1] if more is None else more
        interval.narrow(np.nan, high - gap)

    def _gap(self, schema: Sequence[Column]) -> float:
        steps = [encoding.step(schema[position]) for position in (self.less, self.more)]
        return max(steps) if self.is_strict else 0.0

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return dataclasses.asdict(self)

    def line(self, schema: Sequence[Column]) -> str:
        """Return the rule in words."""
        sign = "<" if self.is_strict else "<="
        return f"{schema[self.less].name} {sign} {schema[self.more].name}"


def learn(schema: Schema, values: Floats) -> list[Ordering]:
    """Learn which columns of the same kind are ordered.

    No row with both values breaks the order, and shuffled ones would break it so often (a share p
    of n rows) that ``(1 - p) ** n`` is no accident (see `evidence`). If no
    row has them nearer than one step of their grids the order is strict.
    """
    found = []
    for kinds in (
        {INTEGER, NUMBER},
        {DATE},
        {DATETIME},
    ):
        positions = [i for i, column in enumerate(schema.columns) if column.type in kinds]
        limit = evidence.limit(len(positions) ** 2)
        for less, more in _candidates(positions, values):
            ordering = _ordering(schema, values, (less, more), limit)
            found += [] if ordering is None else [ordering]
    return found


def _candidates(positions: Sequence[int], values: Floats) -> list[tuple[int, int]]:
    places = np.linspace(0, len(values) - 1, min(len(values), SAMPLE_ROWS)).astype(np.int64)
    sample = values[places][:, positions]
    found = []
    for place, less in enumerate(positions):
        unbroken = ~(sample[:, [place]] > sample).any(axis=0)
        found += [(less, positions[i]) for i in np.flatnonzero(unbroken).tolist() if i != place]
    return found


def _ordering(
    schema: Schema, values: Floats, pair: tuple[int, int], limit: float
) -> Ordering | None:
    less, more = pair
    small, large = values[:, less], values[:, more]
    both = ~np.isnan(small) & ~np.isnan(large)
    small, large = small[both], large[both]
    if len(small) < MIN_ROWS or (small > large).any():
        return None
    below = np.searchsorted(np.sort(large), small, side="left")
    broken = float(below.mean()) / len(small)
    if len(small) * np.log1p(-min(broken, 1 - 1e-12)) > limit:
        return None
    gap = max(encoding.step(schema.columns[position]) for position in pair)
    return Ordering(less, more, bool((large - small >= gap * (1 - SLACK)).all()))
