"""Tables for people, whose ids can be copied at any width."""

import datetime as dt
import io
import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import NamedTuple

from simulacra.cli import terminal

UNLIMITED = 10_000
"""Columns of a table that goes into a file or another program."""


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        title: its head.
        cells: one for each row.
        flexible: whether its cells may be broken where there is little room.
        number: whether it is set flush right.
        least_width: of the terminal; where it has less, the column is left out.
    """

    title: str
    cells: Sequence[str]
    flexible: bool = False
    number: bool = False
    least_width: int = 0


def lines(columns: Sequence[Column]) -> list[str]:
    """Return a table of columns as lines."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else UNLIMITED
    shown = [column for column in columns if column.least_width <= width]
    return _fitted(shown, width) if find_spec("rich") else _aligned(shown)


def _fitted(shown: Sequence[Column], width: int) -> list[str]:
    """Break what is too long for the terminal."""
    from rich import console, table, text

    made = table.Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in shown:
        made.add_column(
            text.Text(column.title),
            no_wrap=not column.flexible,
            overflow="fold" if column.flexible or column.number else "ignore",
            justify="right" if column.number else "left",
        )
    for cells in zip(*(column.cells for column in shown), strict=True):
        made.add_row(*(text.Text(terminal.printable(cell)) for cell in cells))
    file = io.StringIO()
    console.Console(file=file, width=width, color_system=None).print(made)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def _aligned(shown: Sequence[Column]) -> list[str]:
    """Break nothing: the client alone does without rich."""
    padded = []
    for column in shown:
        cells = [column.title, *map(terminal.printable, column.cells)]
        most = max(map(len, cells))
        padded.append([it.rjust(most) if column.number else it.ljust(most) for it in cells])
    return ["  ".join(cells).rstrip() for cells in zip(*padded, strict=True)]


def ago(moment: str | None) -> str:
    """Return how long ago a moment was, or until when it is; the moment as ISO 8601 has it."""
    if moment is None:
        return "-"
    left = (dt.datetime.fromisoformat(moment) - dt.datetime.now(dt.UTC)).total_seconds()
    length = _length(abs(left))
    return f"in {length}" if left > 0 else f"{length} ago"


def _length(seconds: float) -> str:
    for unit, size, from_ in (("d", 86_400, 2), ("h", 3_600, 1), ("min", 60, 1)):
        if round(seconds / size) >= from_:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds)} s"


def count(number: int | None) -> str:
    """Return a number with its thousands."""
    return "-" if number is None else f"{number:,}"
