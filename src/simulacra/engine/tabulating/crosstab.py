"""Cross tables: shares and means by group, their bases, and significance letters.

What they are, and how they are shown and read back; `tabulation` makes them. It loads no numerical
code.
"""

from __future__ import annotations

import dataclasses
import itertools
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from simulacra.engine import documents, extras
from simulacra.engine.columns import frames
from simulacra.engine.columns.lazy import pa
from simulacra.engine.tabulating import rendering

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from great_tables import GT

    from simulacra.engine.columns.facts import Bound
    from simulacra.engine.display.plotting import tables
    from simulacra.engine.display.plotting.picture import Picture

TOTAL = "Total"
LEAST_BASE = 30.0
"""Effective base below which a column is not compared: the tests need the normal distribution."""
CELL_TYPES = {
    "row": "string",
    "level": "string",
    "banner": "string",
    "column": "string",
    "letter": "string",
    "figure": "string",
    "value": "float64",
    "moment": "string",
    "base": "int64",
    "effective_base": "float64",
    "letters": "string",
}
"""Columns of the Arrow table, with their types."""


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

    @property
    def is_of_moments(self) -> bool:
        """Tell whether it shows means of dates or times."""
        return any(isinstance(cell.value, str) for line in self.lines for cell in line.cells)


class Span(NamedTuple):
    """Columns of a table beside each other that are levels of one banner variable.

    Attributes:
        banner: the variable; None for the total.
        width: how many columns.
    """

    banner: str | None
    width: int


@dataclasses.dataclass(frozen=True, repr=False)
class Crosstab(documents.Shown, frames.Framed):
    """A cross table.

    Attributes:
        columns: the total, then the levels of each banner variable.
        blocks: one for each row variable.
        level: at which columns are compared.
        compared: pairs of cells that were compared.
        unit: what the base counts: ``respondents`` or ``rows``.
        notes: how the table is to be read.
        labels: of the columns and sets by their names, where they say more than these.
    """

    columns: tuple[Column, ...]
    blocks: tuple[Block, ...]
    level: float
    compared: int
    unit: str
    notes: tuple[str, ...]
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)

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

    @property
    def spans(self) -> list[Span]:
        """The banner variables, each with how many columns it has, behind the total."""
        runs = itertools.groupby(column.banner for column in self.columns)
        return [Span(banner, len([*run])) for banner, run in runs]

    def plot(self) -> Picture:
        """Return a picture of the table: a column of bars for each, which notebooks show.

        Bars of columns that are too small to be compared are outlines. Means of dates and times are
        not drawn. ``savefig("table.svg")`` writes it.

        Raises:
            ModuleNotFoundError: Matplotlib is not installed.
            ValueError: nothing of the table can be drawn.
        """
        extras.load("matplotlib", "a picture", "plot")
        from simulacra.engine.display.plotting import tables  # noqa: PLC0415 - needs Matplotlib

        drawn = [block for block in self.blocks if not block.is_of_moments]
        if not drawn:
            raise ValueError("the table has only means of dates and times, which are not drawn")
        return tables.draw(self._heads(), [self._drawn(block) for block in drawn])

    def to_great_table(self, title: str | None = None) -> GT:
        """Return the table as one of great_tables, to be styled further and saved for publication.

        Args:
            title: above it.

        Raises:
            ModuleNotFoundError: great_tables is not installed.
        """
        extras.load("great_tables", "such a table", "notebook")
        extras.load("pandas", "such a table", "notebook")
        from simulacra.engine.display import great_table  # noqa: PLC0415 - needs both

        lines = [
            great_table.Line(self._title(block), name.strip(), tuple(cells), is_base)
            for block in self.blocks
            for name, cells, is_base in self._lines(block)
        ]
        return great_table.make(self._heads(), lines, self.notes, title)

    def _heads(self) -> list[tuple[str | None, str]]:
        """Return the label of the banner variable and the level of each column."""
        return [
            (
                None if it.banner is None else self.labels.get(it.banner, it.banner),
                f"{it.level} ({it.letter})" if it.letter else it.level,
            )
            for it in self.columns
        ]

    def _title(self, block: Block) -> str:
        label = self.labels.get(block.row, block.row)
        return label if block.figure == "share" else f"{label} (mean)"

    def _lines(self, block: Block) -> Iterator[tuple[str, list[str], bool]]:
        """Yield the name and the texts of each row, and whether they are bases."""
        for line in block.lines:
            texts = [f"{_text(it, block.figure)} {it.letters}".rstrip() for it in line.cells]
            yield line.level or "Mean", texts, False
        yield f"Base ({self.unit})", [f"{base:,}" for base in block.bases], True
        effective = [f"{it:,.0f}{'*' * (it < LEAST_BASE)}" for it in block.effective_bases]
        yield "Effective base", effective, True

    def _drawn(self, block: Block) -> tables.Block:
        from simulacra.engine.display.plotting import tables  # noqa: PLC0415 - as above

        by_column = [[line.cells[at] for line in block.lines] for at in range(len(self.columns))]
        return tables.Block(
            self._title(block),
            tuple(line.level or "Mean" for line in block.lines),
            tuple(
                tuple(None if isinstance(cell.value, str) else cell.value for cell in cells)
                for cells in by_column
            ),
            tuple(
                tuple(f"{_text(cell, block.figure)} {cell.letters}".rstrip() for cell in cells)
                for cells in by_column
            ),
            tuple(size < LEAST_BASE for size in block.effective_bases),
        )

    def head(self, count: int = 5) -> Self:
        """Return the same table with its first row variables only."""
        return dataclasses.replace(self, blocks=self.blocks[:count])

    def write(self, path: str | Path, title: str = "") -> Self:
        """Write the table as an Excel workbook, which can be handed over as it is.

        It has a sheet for each question, with bases, effective bases and letters, a sheet of
        contents with links, and one of notes.

        Args:
            path: of the file, which ends in .xlsx.
            title: of the workbook, such as the name of the study.

        Raises:
            ValueError: the path ends in something else: `table` can be written in other formats.
            ModuleNotFoundError: XlsxWriter is not installed.
            OSError: the file cannot be written.
        """
        target = Path(path)
        if target.suffix.lower() != ".xlsx":
            raise ValueError(
                f"{target.name!r} does not end in .xlsx; for another format, write the figures in "
                "`table`"
            )
        workbook = import_module("simulacra.engine.tabulating.workbook")  # which needs XlsxWriter
        workbook.write(self, target, title)
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the table as a document, as the service publishes it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the table that `to_json` wrote; members that are not known here are left out.

        Raises:
            LookupError, TypeError: the document is damaged.
        """
        parts = {
            "columns": tuple(documents.read(Column, it) for it in document["columns"]),
            "blocks": tuple(map(_block, document["blocks"])),
            "notes": tuple(document["notes"]),
        }
        return documents.read(cls, {**document, **parts})

    def __repr__(self) -> str:
        """Return it in one line."""
        rows = ", ".join(block.row for block in self.blocks[:3])
        more = f" and {len(self.blocks) - 3} more" if len(self.blocks) > 3 else ""
        across = ", ".join(span.banner for span in self.spans if span.banner)
        by = f" by {across}" if across else ""
        return f"<Crosstab: {rows}{more}{by}, {self.blocks[0].bases[0]:,} {self.unit}>"

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
                if block.effective_bases[index] >= LEAST_BASE
                else 1
                for block in self.blocks
            )
            for index in range(len(self.columns))
        ]


def _block(document: Mapping[str, Any]) -> Block:
    parts = {
        "lines": tuple(map(_line, document["lines"])),
        "bases": tuple(document["bases"]),
        "effective_bases": tuple(document["effective_bases"]),
    }
    return documents.read(Block, {**document, **parts})


def _line(document: Mapping[str, Any]) -> Line:
    cells = tuple(documents.read(Cell, it) for it in document["cells"])
    return documents.read(Line, {**document, "cells": cells})


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
        f"{size:,.0f}{_letters_text('*' * (size < LEAST_BASE), width)}"
        for size, width in zip(block.effective_bases, room, strict=True)
    ]
    return [*lines, [f"  Base ({unit})", *bases], ["  Effective base", *effective], [""]]


def _letters_text(letters: str, width: int) -> str:
    return " " + letters.ljust(width) if width or letters else ""


def _text(cell: Cell, figure: str) -> str:
    if cell.value is None or isinstance(cell.value, str):
        return cell.value or "-"
    return f"{cell.value:.1%}" if figure == "share" else f"{cell.value:,.2f}"
