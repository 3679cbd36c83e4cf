"""What conditions of every kind come down to: ranges, shares of a partition, and means."""

import dataclasses

from simulacra.engine.columns.facts import Bound


@dataclasses.dataclass(frozen=True)
class Levels:
    """Some levels of a categorical column, by their positions."""

    positions: frozenset[int]


@dataclasses.dataclass(frozen=True)
class Interval:
    """The numbers between two ends, which belong to it."""

    first: float
    last: float


@dataclasses.dataclass(frozen=True)
class Cell:
    """Rows that pass some tests.

    Attributes:
        tests: what the value of a column must be in.
        is_any: one passed test is enough; otherwise all must be.
    """

    tests: tuple[tuple[str, Levels | Interval], ...]
    is_any: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it looks at, each once, in order."""
        return tuple(dict.fromkeys(column for column, _ in self.tests))


@dataclasses.dataclass(frozen=True)
class Group:
    """The rows among which a condition holds.

    Attributes:
        cell: those rows.
        text: for people.
    """

    cell: Cell
    text: str


@dataclasses.dataclass(frozen=True)
class Range:
    """All rows lie in a range: both ends in the column's own unit, dates in ISO 8601."""

    column: str
    min: Bound
    max: Bound

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it looks at."""
        return (self.column,)


@dataclasses.dataclass(frozen=True)
class Partition:
    """Shares of rows that differ in some columns.

    Attributes:
        kind: as the report names it.
        column: what is shared out, for people: a column, several, or a multiple-response set.
        cells: parts of the rows, no row in two of them.
        names: of the cells.
        group_of_cell: index of the share that each cell counts for; several cells may count for
            one share, which they divide among them in the model's proportions.
        shares: target shares, which sum to 1: those that are named, and what they leave, if there
            is anything left to share it.
        named: how many of the shares are named.
        has_rest: rows in no cell count for what is left; otherwise there are no such rows.
        among: the rows among which these are the shares; None if among all.
    """

    kind: str
    column: str
    cells: tuple[Cell, ...]
    names: tuple[str, ...]
    group_of_cell: tuple[int, ...]
    shares: tuple[float, ...]
    named: int
    has_rest: bool = False
    among: Group | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that its cells look at."""
        return tuple(dict.fromkeys(name for cell in self.cells for name in cell.columns))


@dataclasses.dataclass(frozen=True)
class Mean:
    """The mean of a number.

    Attributes:
        column: its name.
        target: in the column's own unit, a date in ISO 8601.
        number: the same as a number.
        among: the rows among which this is the mean; None if among all.
    """

    column: str
    target: Bound
    number: float
    among: Group | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it looks at."""
        return (self.column,)


Condition = Range | Partition | Mean
