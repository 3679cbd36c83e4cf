"""A cross table: a panel of bars for each column, beside the total."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import matplotlib as mpl

from simulacra.engine.display.plotting import picture
from simulacra.engine.display.plotting.picture import INK, MUTED, ROWS, RULE, STUDY, Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES, PANEL, GAP, MARGIN = 2.3, 1.25, 0.22, 0.25
"""In inches: of the names in front, of a column, between two, around all."""
LINE, TITLE_LINE, HEAD = 0.27, 0.2, 0.62
BETWEEN = 0.3


@dataclasses.dataclass(frozen=True)
class Block:
    """The rows of one variable.

    Attributes:
        label: its text.
        names: of its levels or options; one of a mean.
        figures: for each column, the figure of each of these; None where there is none.
        texts: likewise, as people read them, with their letters.
        is_few: for each column, whether its base is too small to be compared.
    """

    label: str
    names: tuple[str, ...]
    figures: tuple[tuple[float | None, ...], ...]
    texts: tuple[tuple[str, ...], ...]
    is_few: tuple[bool, ...]


def draw(columns: Sequence[tuple[str | None, str]], blocks: Sequence[Block]) -> Picture:
    """Return a picture of a table.

    Args:
        columns: the label of the banner variable, None for the total, and the text of the level.
        blocks: one for each row variable.
    """
    with mpl.rc_context(picture.style()):
        whole = 2 * MARGIN + NAMES + len(columns) * (PANEL + GAP) - GAP
        titles = [picture.wrapped(block.label, whole - 2 * MARGIN, 10.5) for block in blocks]
        heights = [
            len(title) * TITLE_LINE + 0.06 + LINE * len(block.names)
            for title, block in zip(titles, blocks, strict=True)
        ]
        tall = 2 * MARGIN + HEAD + sum(heights) + BETWEEN * (len(blocks) - 1)
        made = Picture(whole, tall)
        _heads(made, columns)
        top = MARGIN + HEAD
        for title, block, height in zip(titles, blocks, heights, strict=True):
            made.write(MARGIN, top, "\n".join(title), fontsize=10.5, fontweight="bold")
            _block(made, block, top + len(title) * TITLE_LINE + 0.06)
            top += height + BETWEEN
    return made


def _left(at: int) -> float:
    return MARGIN + NAMES + at * (PANEL + GAP)


def _heads(made: Picture, columns: Sequence[tuple[str | None, str]]) -> None:
    before: str | None = None
    for at, (banner, level) in enumerate(columns):
        if banner is not None and banner != before:
            same = [own for own, _ in columns].count(banner)
            room = same * (PANEL + GAP) - GAP
            text = picture.wrapped(banner, room, most=1)[0]
            made.write(_left(at), MARGIN, text, fontweight="bold", color=MUTED)
        before = banner
        lines = picture.wrapped(level, PANEL, 8.5, most=2)
        made.write(_left(at), MARGIN + 0.24, "\n".join(lines), fontsize=8.5, linespacing=1.0)


def _block(made: Picture, block: Block, top: float) -> None:
    count = len(block.names)
    known = [abs(it) for column in block.figures for it in column if it is not None]
    reach = max(known, default=1.0) or 1.0
    for at, (figures, texts, is_few) in enumerate(
        zip(block.figures, block.texts, block.is_few, strict=True)
    ):
        axes = made.place(_left(at), top, PANEL, LINE * count)
        axes.set_ylim(count - 0.5, -0.5)
        axes.set_xlim(0, reach * 1.75)  # behind the longest bar is room for its figure
        axes.set_xticks([])
        axes.axvline(0, color=RULE, linewidth=1)
        if at:
            axes.set_yticks([])
        else:
            lines = ["\n".join(picture.wrapped(name, NAMES - 0.1, most=1)) for name in block.names]
            axes.set_yticks(range(count), lines)
        colour = STUDY if at == 0 else ROWS
        for line, (figure, text) in enumerate(zip(figures, texts, strict=True)):
            axes.barh(
                line,
                abs(figure or 0.0),
                0.62,
                facecolor="white" if is_few else colour,
                edgecolor=colour,
                linewidth=0.9,
            )
            axes.text(
                abs(figure or 0.0) + reach * 0.05,
                line,
                text,
                va="center",
                fontsize=8.5,
                color=MUTED if is_few else INK,
            )
