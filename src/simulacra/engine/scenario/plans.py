"""Plans: a scenario in positions and numbers, and which rows count for which share."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats, Int64s
from simulacra.engine.columns.cells import Window
from simulacra.engine.model.donors import DonorPool
from simulacra.engine.scenario.conditions import Scenario
from simulacra.engine.scenario.terms import (
    Cell,
    Condition,
    Group,
    Interval,
    Levels,
    Mean,
    Partition,
    Range,
)

Values = Mapping[int, Floats]
"""float64, shape (rows,), by position of a column."""


@dataclasses.dataclass(frozen=True)
class Base:
    """The rows among which a condition holds.

    Attributes:
        cell: those rows; None if it holds among all.
        positions: of the columns by name.
    """

    cell: Cell | None
    positions: Mapping[str, int]

    @classmethod
    def of(cls, group: Group | None, positions: Mapping[str, int]) -> "Base":
        """Return the base of a group."""
        return cls(None if group is None else group.cell, positions)

    def members(self, values: Values) -> Flags:
        """Return which rows are in it, bool, shape (rows,)."""
        if self.cell is None:
            return np.ones(_length(values), dtype=np.bool_)
        return _in_cell(self.cell, values, self.positions)


@dataclasses.dataclass(frozen=True)
class ShareTarget:
    """The target shares of a partition.

    Attributes:
        condition: that asks for them.
        position: of its column; the first one, if it looks at several.
        shares: float64, shape (groups,); behind those outside of the base, if there is one.
        base: the rows among which these are the shares.
        positions: of the columns by name.
    """

    condition: Partition
    position: int
    shares: Floats
    base: Base
    positions: Mapping[str, int]

    @property
    def is_within(self) -> bool:
        """Whether the shares are those of some rows only."""
        return self.base.cell is not None

    @property
    def is_of_one_column(self) -> bool:
        """Whether one column alone decides, for all rows, which share a row counts for."""
        return len(self.condition.columns) == 1 and not self.is_within

    def cells(self, values: Values) -> Int64s:
        """Return which cell each row is in, whatever the base; -1 for none, -2 for missing.

        Returns:
            int64, shape (rows,).
        """
        looked_at = {self.positions[it] for it in self.condition.columns}
        # Every cell looks at them, and the columns of a matrix are read slowly.
        values = {position: np.ascontiguousarray(values[position]) for position in looked_at}
        found = np.full(_length(values), -1, dtype=np.int64)
        for index in reversed(range(len(self.condition.cells))):  # of two, the first one counts
            found[_in_cell(self.condition.cells[index], values, self.positions)] = index
        missing = np.stack([np.isnan(values[self.positions[it]]) for it in self.condition.columns])
        is_any = self.condition.cells[0].is_any
        found[missing.all(axis=0) if is_any else missing.any(axis=0)] = -2
        return found

    def groups(self, values: Values) -> Int64s:
        """Return which share each row counts for, int64, shape (rows,).

        -1 for a row that no share may count, since it has no value or is in no cell. Within a base,
        0 stands for rows outside of it.
        """
        cells = self.cells(values)
        table = np.array([*self.condition.group_of_cell, -1, -1], dtype=np.int64)
        if self.condition.has_rest:
            table[-1] = self.condition.named
        groups = table[np.where(cells == -2, len(table) - 2, np.where(cells < 0, -1, cells))]
        if not self.is_within:
            return groups
        return np.where(self.base.members(values), np.where(groups < 0, -1, groups + 1), 0)


@dataclasses.dataclass(frozen=True)
class MeanTarget:
    """The target mean of a number.

    Attributes:
        condition: that asks for it.
        position: of its column.
        base: the rows among which this is the mean.
    """

    condition: Mean
    position: int
    base: Base


@dataclasses.dataclass(frozen=True)
class Plan:
    """A scenario in positions and numbers.

    Attributes:
        windows: by position of a ranged column: the parts of cells in the range.
        targets: of shares, in the order of their columns.
        means: likewise.
        open: positions of columns that may be missing in the rows: those that only tell who is in a
            base, or that a condition among a base alone is about.
        names: of the columns, by position.
    """

    windows: Mapping[int, Window]
    targets: tuple[ShareTarget, ...]
    means: tuple[MeanTarget, ...]
    open: frozenset[int]
    names: Sequence[str]

    @property
    def order(self) -> list[int]:
        """The conditioned columns in the order they are drawn: ranges first."""
        looked_at: set[int] = set()
        each: list[tuple[Base, tuple[str, ...]]] = [
            *((target.base, target.condition.columns) for target in self.targets),
            *((mean.base, mean.condition.columns) for mean in self.means),
        ]
        for base, columns in each:
            names = (*columns, *(base.cell.columns if base.cell else ()))
            looked_at.update(base.positions[name] for name in names)
        return [*sorted(self.windows), *sorted(looked_at - self.windows.keys())]

    def without(self, condition: Condition) -> "Plan":
        """Return the plan without one of its conditions; what that is about is drawn freely."""
        column = condition.column if isinstance(condition, Range) else None
        plan = Plan(
            {at: it for at, it in self.windows.items() if self.names[at] != column},
            tuple(it for it in self.targets if it.condition is not condition),
            tuple(it for it in self.means if it.condition is not condition),
            frozenset(),
            self.names,
        )
        return dataclasses.replace(plan, open=(self.open | frozenset(self.order)) - _closed(plan))


def of(pool: DonorPool, scenario: Scenario) -> Plan:
    """Translate a scenario."""
    positions = {name: position for position, name in enumerate(pool.schema.names)}
    windows = {
        positions[span.column]: pool.schema[span.column].window(
            *(pool.values[:, positions[span.column]], pool.cells[positions[span.column]]),
            *(span.min, span.max),
        )
        for span in scenario.ranges
    }
    targets = sorted(
        (_target(one, positions) for one in scenario.partitions), key=lambda one: one.position
    )
    means = sorted(
        (
            MeanTarget(one, positions[one.column], Base.of(one.among, positions))
            for one in scenario.means
        ),
        key=lambda one: one.position,
    )
    plan = Plan(windows, tuple(targets), tuple(means), frozenset(), pool.schema.names)
    return dataclasses.replace(plan, open=frozenset(plan.order) - _closed(plan))


def _target(condition: Partition, positions: Mapping[str, int]) -> ShareTarget:
    shares = np.array(condition.shares)
    base = Base.of(condition.among, positions)
    if base.cell is not None:
        shares = np.concatenate([[0.0], shares])
    position = min(positions[name] for name in condition.columns)
    return ShareTarget(condition, position, shares, base, positions)


def _closed(plan: Plan) -> set[int]:
    """Return the positions of the columns that have a value in each row."""
    closed = set(plan.windows)
    for target in plan.targets:
        if not target.is_within and not target.condition.cells[0].is_any:
            closed.update(target.positions[name] for name in target.condition.columns)
    closed.update(mean.position for mean in plan.means if mean.base.cell is None)
    return closed


def _in_cell(cell: Cell, values: Values, positions: Mapping[str, int]) -> Flags:
    """Return which rows are in a cell, bool, shape (rows,)."""
    passed = [_passes(values[positions[name]], wanted) for name, wanted in cell.tests]
    return np.asarray((np.logical_or if cell.is_any else np.logical_and).reduce(passed))


def _passes(values: Floats, wanted: Levels | Interval) -> Flags:
    if isinstance(wanted, Interval):
        return np.asarray((values >= wanted.first) & (values <= wanted.last))
    if len(wanted.positions) == 1:  # as of nearly every cell; `isin` would copy a column first
        return np.asarray(values == next(iter(wanted.positions)))
    return np.isin(values, np.array(sorted(wanted.positions), dtype=np.float64))


def _length(values: Values) -> int:
    return len(next(iter(values.values())))


def columns_of(values: np.ndarray, positions: Sequence[int]) -> Values:
    """Return some columns of a matrix, float64, shape (rows, columns), by position."""
    return {position: values[:, position] for position in positions}
