"""Orderings: one column is never above another, such as a first and a last date."""

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Column
from simulacra.engine.rules import evidence
from simulacra.engine.rules.interval import SLACK, Interval
from simulacra.engine.rules.rule import Rule
from simulacra.engine.rules.states import PartialRows, RuleStudy, States

SAMPLE_ROWS = 2_000
MIN_ROWS = 30
"""Rows in which both columns are known."""
MANY_COLUMNS = 6
"""Columns of one unit from which on a word that a third of them share says nothing."""
OFTEN = 0.05
"""Share of shuffled rows that break the order of two columns whose names have nothing in common."""
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""A word of a name or label; of `SalePrice` there are two."""


@dataclasses.dataclass(frozen=True)
class Ordering(Rule):
    """Where both are known, `less` <= `more`.

    Attributes:
        less, more: positions of the columns.
        is_strict: whether the two are never equal.
    """

    less: int
    more: int
    is_strict: bool
    kind = "orderings"

    @property
    def positions(self) -> tuple[int, int]:
        """The lesser column, and the greater."""
        return self.less, self.more

    def narrow(self, position: int, rows: PartialRows, interval: Interval) -> None:
        """Narrow one column by the other's values, or by its bounds as long as it is not drawn.

        Bounds say nothing of a column that may still turn out to be missing.
        """
        less, more = rows.column(self.less), rows.column(self.more)
        gap = max(less.step, more.step) if self.is_strict else 0.0
        other = less if position == self.more else more
        values = rows.values.get(self.less if position == self.more else self.more)
        if values is None and other.missing_share > 0:
            return
        if position == self.more:
            interval.narrow((less.bounds[0] if values is None else values) + gap, np.nan)
        else:
            interval.narrow(np.nan, (more.bounds[1] if values is None else values) - gap)

    def sentences(self, states: Sequence[States]) -> Iterator[str]:
        """Yield the inequality."""
        sign = "<" if self.is_strict else "<="
        yield f"{states[self.less].column.name} {sign} {states[self.more].column.name}"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any], states: Sequence[States]) -> Self:  # noqa: ARG003 - it says all itself
        """Return what `to_json` wrote."""
        return cls(**document)


def learn(study: RuleStudy) -> Iterator[Ordering]:
    """Learn which columns of the same unit are ordered.

    No row with both values breaks the order, and shuffled ones would break it so often (a share p
    of n rows) that ``(1 - p) ** n`` is no accident (see `evidence`). If no row has them nearer than
    one step of their grids the order is strict.

    Two columns that grow together may keep an order that nothing asks for: cholesterol is below
    age. So columns that share no word of their names or labels need more: that shuffled rows break
    the order often (`OFTEN`), since their ranges are much the same; or many rows at the very edge,
    which would lie on both sides of it by chance (see `_reaches_edge`).
    """
    by_unit: dict[str, list[int]] = {}
    for position, column in enumerate(study.schema.columns):
        if not column.type.is_categorical:
            by_unit.setdefault(column.type.unit, []).append(position)
    for positions in by_unit.values():
        limit = evidence.limit(len(positions) ** 2)
        named = [study.schema.columns[position] for position in positions]
        words = dict(zip(positions, _words(named), strict=True))
        for less, more in _candidates(positions, study.values):
            pair = study.schema.columns[less], study.schema.columns[more]
            is_related = pair[0].type.is_temporal or bool(words[less] & words[more])
            values = study.values[:, less], study.values[:, more]
            share = _share_broken_by_chance(*values, limit)
            if share is not None and (
                is_related or share >= OFTEN or _reaches_edge(pair, *values, limit)
            ):
                yield Ordering(less, more, _is_strict(pair, *values))


def _words(columns: Sequence[Column]) -> list[set[str]]:
    """Return the words of each column's names and label, in small letters, that tell columns apart.

    Small words of a label ("how old are you") and words of most columns say nothing.
    """
    words = [
        {
            word.lower()
            for text, least in ((column.name, 2), (column.source_name, 2), (column.label, 5))
            for word in WORD.findall(text)
            if len(word) >= least
        }
        for column in columns
    ]
    if len(columns) < MANY_COLUMNS:
        return words
    counts = Counter(word for of_column in words for word in of_column)
    return [{word for word in some if counts[word] <= len(columns) / 3} for some in words]


def _reaches_edge(pair: tuple[Column, Column], less: Floats, more: Floats, limit: float) -> bool:
    """Tell whether differences end where the order says, and not merely near it.

    A density that runs on as it comes would put some rows beyond the edge. How many is told from
    the rows within one, two and three widths of it, flat, log-linear or log-quadratic, whichever
    gives the fewest (a test of a discontinuity in a density, McCrary 2008). That there are none
    must be no accident. Rows in which the lesser is below all of the greater say nothing.
    """
    difference = (more - less)[less > np.nanmin(more)]
    difference = difference[~np.isnan(difference)]
    if not len(difference):
        return False
    difference = difference - difference.min()
    step = max(column.step for column in pair)
    width = step
    while width <= difference.max() / 3:
        first, second, third = (
            int(np.count_nonzero((difference >= low * width) & (difference < (low + 1) * width)))
            for low in range(3)
        )
        beyond = float(first)
        if second > 0:
            beyond = min(beyond, first**2 / second, first**3 * third / second**3)
        if -beyond < limit:
            return True
        width *= 2
    return False


def _candidates(positions: Sequence[int], values: Floats) -> Iterator[tuple[int, int]]:
    """Yield the pairs that are ordered in a sample of the rows."""
    number = min(len(values), SAMPLE_ROWS)
    rows = np.linspace(0, len(values) - 1, number).astype(np.int64)
    sample = values[rows][:, positions]
    for index, less in enumerate(positions):
        is_unbroken = ~(sample[:, [index]] > sample).any(axis=0)
        for other in np.flatnonzero(is_unbroken).tolist():
            if other != index:
                yield less, positions[other]


def _share_broken_by_chance(less: Floats, more: Floats, limit: float) -> float | None:
    """Return the share of shuffled rows that break an order; None if it is not shown to hold."""
    both = ~np.isnan(less) & ~np.isnan(more)
    small, large = less[both], more[both]
    if len(small) < MIN_ROWS or (small > large).any():
        return None
    below = np.searchsorted(np.sort(large), small, side="left")
    broken = float(below.mean()) / len(small)
    return None if len(small) * np.log1p(-min(broken, 1 - 1e-12)) > limit else broken


def _is_strict(pair: tuple[Column, Column], less: Floats, more: Floats) -> bool:
    """Tell whether the two are nowhere nearer than one step of their grids."""
    gap = max(column.step for column in pair)
    difference = more - less
    return bool((difference[~np.isnan(difference)] >= gap * (1 - SLACK)).all())
