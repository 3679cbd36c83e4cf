"""Tables as texts: cells in columns that are as wide as what they hold."""

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 100
"""Of notes, in characters."""


def aligned(heads: Sequence[Sequence[str]], body: Sequence[Sequence[str]]) -> list[str]:
    """Return lines of a table, the first cell to the left and all others to the right.

    Args:
        heads: its first lines.
        body: all others; a line may have fewer cells.
    """
    lines = [*heads, *body]
    widths = [
        max(len(line[index]) for line in lines if index < len(line))
        for index in range(max(map(len, lines)))
    ]
    return [
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=False))
        ).rstrip()
        for line in lines
    ]


def wrapped(notes: Iterable[str]) -> list[str]:
    """Return the lines of notes for people."""
    return [line for note in notes for line in textwrap.wrap(note, WIDTH)]
