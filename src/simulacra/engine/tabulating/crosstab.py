"""Cross tables: shares and means by group, their bases, and significance letters."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from simulacra.engine.columns.facts import Bound
from simulacra.engine.tabulating import (
    estimates,
    naming,
    rendering,
    significance,
    variables,
    withholding,
)
from simulacra.engine.tabulating.estimates import Base, Estimate
from simulacra.engine.tabulating.naming import Names
from simulacra.engine.tabulating.sample import Group, Overlap, Sample, Weighting
from simulacra.engine.tabulating.variables import BannerVariable, RowVariable

TOTAL = "Total"
DIGITS = 6
CELL_TYPES = {
    "row": pa.string(),
    "level": pa.string(),
    "banner": pa.string(),
    "column": pa.string(),
    "letter": pa.string(),
    "figure": pa.string(),
    "value": pa.float64(),
    "moment": pa.string(),
    "base": pa.int64(),
    "effective_base": pa.float64(),
    "letters": pa.string(),
}


@dataclasses.dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        banner: the variable whose level it is; None for the total.
        level: its name; ``Total`` for the total.
        letter: by which other columns name it; empty for the total.
    """

    banner: str | None
    level: str
    letter: str


@dataclasses.dataclass(frozen=True)
class Cell:
    """One figure of a table.

    Attributes:
        value: a share of the column's base, 0 to 1, or a mean; of dates and times the mean in ISO
            8601; None where the base is empty.
        letters: of the columns of the same banner variable whose figure is significantly smaller.
    """

    value: Bound | None
    letters: str


@dataclasses.dataclass(frozen=True)
class Line:
    """A row of a table: a level or option, None for a mean, and a cell for each column."""

    level: str | None
    cells: tuple[Cell, ...]


@dataclasses.dataclass(frozen=True)
class Block:
    """The rows of a table that show one variable.

    Attributes:
        row: the column or multiple-response set.
        figure: ``share`` or ``mean``.
        lines: one for each level or option, or one for the mean.
        bases: for each column of the table, the rows that have a value, unweighted.
        effective_bases: likewise, how many respondents of equal weight tell as much.
    """

    row: str
    figure: str
    lines: tuple[Line, ...]
    bases: tuple[int, ...]
    effective_bases: tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Crosstab:
    """A cross table.

    Attributes:
        columns: the total, then the levels of each banner variable.
        blocks: one for each row variable.
        level: at which columns are compared.
        compared: pairs of cells that were compared.
        unit: what the base counts: ``respondents`` or ``rows``.
        notes: how the table is to be read.
    """

    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]
    level: float
    compared: int
    unit: str
    notes: tuple[str, ...]

    @property
    def table(self) -> pa.Table:
        """All cells, a line each: row variable and level, banner variable and column, figures.

        Means of dates and times are texts, in the column ``moment``, which other tables lack.
        """
        lines = [
            {
                "row": block.row,
                "level": line.level,
                "banner": column.banner,
                "column": column.level,
                "letter": column.letter,
                "figure": block.figure,
                "value": None if isinstance(cell.value, str) else cell.value,
                "moment": cell.value if isinstance(cell.value, str) else None,
                "base": base,
                "effective_base": effective,
                "letters": cell.letters,
            }
            for block in self.blocks
            for line in block.lines
            for column, cell, base, effective in zip(
                self.columns, line.cells, block.bases, block.effective_bases, strict=True
            )
        ]
        table = pa.Table.from_pylist(lines, pa.schema([*CELL_TYPES.items()]))
        has_moments = table["moment"].null_count < len(lines)
        return table if has_moments else table.drop_columns(["moment"])

    def to_json(self) -> dict[str, Any]:
        """Return the table as a document."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        """Return the table for people."""
        heads = [
            ["", *self._starts()],
            ["", *(column.level for column in self.columns)],
            ["", *(column.letter for column in self.columns)],
        ]
        room = self._room_for_letters()
        body = [line for block in self.blocks for line in _printed(block, self.unit, room)]
        text = rendering.aligned([head for head in heads if any(head)], body)
        return "\n".join([*text, *rendering.wrapped(self.notes)])

    def _starts(self) -> list[str]:
        """Return the name of each banner variable above its first column."""
        names = [column.banner or "" for column in self.columns]
        return [name if name not in names[:index] else "" for index, name in enumerate(names)]

    def _room_for_letters(self) -> list[int]:
        """Return how many characters each column of the text needs for letters or an asterisk."""
        return [
            max(
                max(len(line.cells[index].letters) for line in block.lines)
                if block.effective_bases[index] >= significance.LEAST_BASE
                else 1
                for block in self.blocks
            )
            for index in range(len(self.columns))
        ]


def tabulate(
    sample: Sample,
    rows: Names,
    banner: Names | None = None,
    weight: str | None = None,
    *,
    is_published: bool = False,
) -> Crosstab:
    """Return a cross table of a sample.

    Args:
        sample: the rows.
        rows: columns or multiple-response sets: shares of levels or options, means of all others.
        banner: categorical columns or multiple-response sets, whose levels or options are columns
            of the table, side by side.
        weight: a column of numbers that rows count by, besides their survey weights.
        is_published: whether somebody is to see it who may not see respondents: figures that few of
            them stand behind are then left out. Of made rows nothing is.

    Raises:
        errors.TableError: a name that the schema does not have, or of a column that does not fit.
    """
    naming.check(sample.schema, rows, banner, weight)
    shown = variables.rows_of(sample.schema, rows)
    across = variables.banner_of(sample.schema, banner)
    counting = Weighting(sample, weight)
    columns, groups = _columns(across)
    is_bare = is_published and sample.behind is None
    made = [
        _block(sample, counting, variable, groups, across, hides_few=is_bare) for variable in shown
    ]
    blocks, compared = tuple(block for block, _ in made), sum(number for _, number in made)
    unit = "respondents" if sample.behind is None else "rows"
    notes = _notes(sample, blocks, compared, shown, across)
    if is_bare:
        notes.append(withholding.NOTE)
    return Crosstab(tuple(columns), blocks, significance.LEVEL, compared, unit, tuple(notes))


def _columns(across: Sequence[BannerVariable]) -> tuple[list[Column], list[Group]]:
    columns = [Column(None, TOTAL, "")]
    groups: list[Group] = [variables.everyone]
    for variable in across:
        for level, group in variable.levels:
            columns.append(Column(variable.name, level, significance.name(len(columns) - 1)))
            groups.append(group)
    return columns, groups


def _block(
    sample: Sample,
    counting: Weighting,
    variable: RowVariable,
    groups: Sequence[Group],
    across: Sequence[BannerVariable],
    *,
    hides_few: bool,
) -> tuple[Block, int]:
    """Return the rows of one variable, and how many pairs of cells were compared."""
    among = [variables.together(variable.asked, group) for group in groups]
    bases = [Base.of(sample, counting, group) for group in among]
    tests, start = [], 1  # the total holds all the others and is compared with none
    for one in across:
        own_groups = among[start : start + len(one.levels)]
        overlap = counting.overlap(own_groups) if one.overlaps else None
        is_itself = not {*one.columns}.isdisjoint(variable.columns)
        where = slice(start, start + len(own_groups))
        tests.append(_Test(where, overlap, is_meaningful=not is_itself))
        start = where.stop
    if hides_few:
        few = withholding.withheld(
            [base.count for base in bases],
            [base.effective for base in bases],
            [(test.where, test.overlap is not None) for test in tests],
        )
        bases = [base.emptied() if at in few else base for at, base in enumerate(bases)]
    lines, compared = [], 0
    for level, own in estimates.of(sample, bases, variable):
        found, number = _letters(own, tests)
        compared += number
        cells = (Cell(_figure(variable, it.value), of) for it, of in zip(own, found, strict=True))
        lines.append(Line(level, tuple(cells)))
    block = Block(
        variable.name,
        variable.kind,
        tuple(lines),
        tuple(base.count for base in bases),
        tuple(round(base.effective, 1) for base in bases),
    )
    return block, compared


@dataclasses.dataclass(frozen=True)
class _Test:
    """The columns of one banner variable, compared pairwise.

    Attributes:
        where: in the table they are.
        overlap: what they have in common; None if they exclude each other.
        is_meaningful: whether they may differ by chance; in itself a variable differs always.
    """

    where: slice
    overlap: Overlap | None
    is_meaningful: bool


def _letters(all_columns: Sequence[Estimate], tests: Sequence[_Test]) -> tuple[list[str], int]:
    """Return the letters of one row of a table, and how many pairs of cells were compared."""
    found, compared = ["" for _ in all_columns], 0
    for test in tests:
        if not test.is_meaningful:
            continue
        where = test.where
        names = [significance.name(index - 1) for index in range(where.start, where.stop)]
        found[where], number = significance.letters(all_columns[where], names, test.overlap)
        compared += number
    return found, compared


def _figure(variable: RowVariable, value: float) -> Bound | None:
    if np.isnan(value):
        return None
    if variable.number is not None and variable.number.type.is_temporal:
        return variable.number.type.to_bound(round(value))
    return round(value, DIGITS)


def _notes(
    sample: Sample,
    blocks: Sequence[Block],
    compared: int,
    shown: Sequence[RowVariable],
    across: Sequence[BannerVariable],
) -> list[str]:
    notes, least = [], significance.LEAST_BASE
    if compared:
        notes.append(
            "A letter stands at the larger of two figures and names the column of the smaller one. "
            "Columns of one variable are compared pairwise on their effective bases: two-sided "
            f"z test of proportions, t test of means, at {significance.LEVEL:.0%}. Of {compared} "
            f"pairs chance alone would mark up to {compared * (1 - significance.LEVEL):.0f}."
        )
    if any(size < least for block in blocks for size in block.effective_bases):
        notes.append(f"Columns with an effective base under {least:.0f} (*) are not compared.")
    if overlapping := [one.name for one in across if one.overlaps]:
        notes.append(
            f"Columns of {', '.join(map(repr, overlapping))} overlap. Their tests allow for that, "
            f"and need {least:.0f} effective respondents who are in one of two columns only."
        )
    if sample.behind is not None:
        notes.append(
            "The effective base of made rows is bounded by the respondents behind them, however "
            "many rows there are."
        )
    set_by = [one.name for one in shown if one.name in sample.conditioned]
    if set_by:
        notes.append(
            f"The scenario is about {', '.join(map(repr, set_by))}: these figures follow what was "
            "asked for, so letters on them are no findings."
        )
    return notes


def _printed(block: Block, unit: str, room: Sequence[int]) -> list[list[str]]:
    """Return the rows of a block as texts; letters stand behind numbers, in a column of theirs."""
    lines = [] if block.figure == "mean" else [[block.row]]
    for line in block.lines:
        name = f"  {line.level}" if line.level is not None else f"{block.row} (mean)"
        cells = [
            _text(cell, block.figure) + _letters_text(cell.letters, width)
            for cell, width in zip(line.cells, room, strict=True)
        ]
        lines.append([name, *cells])
    none = [_letters_text("", width) for width in room]
    bases = [f"{base:,}{gap}" for base, gap in zip(block.bases, none, strict=True)]
    effective = [
        f"{size:,.0f}{_letters_text('*' * (size < significance.LEAST_BASE), width)}"
        for size, width in zip(block.effective_bases, room, strict=True)
    ]
    return [*lines, [f"  Base ({unit})", *bases], ["  Effective base", *effective], [""]]


def _letters_text(letters: str, width: int) -> str:
    return " " + letters.ljust(width) if width or letters else ""


def _text(cell: Cell, figure: str) -> str:
    if cell.value is None or isinstance(cell.value, str):
        return cell.value or "-"
    return f"{cell.value:.1%}" if figure == "share" else f"{cell.value:,.2f}"
