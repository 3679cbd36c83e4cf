"""What changed between two samples: a dot with its interval for each figure."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.ticker import FuncFormatter, MaxNLocator

from simulacra.engine.display.plotting import picture
from simulacra.engine.display.plotting.picture import INK, MUTED, ROWS, RULE, Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

WIDTH, NAMES, FIGURES, MARGIN = 10.2, 4.2, 1.9, 0.25
"""In inches: of all; of the names in front, of the figures behind; around them."""
LINE, SECOND_LINE = 0.3, 0.15
"""Height of a figure, and what a second line of its name adds."""
HEAD, AXIS, GAP = 0.6, 0.5, 0.25
POINTS, PERCENT = "Change in percentage points", "Change in percent"


@dataclasses.dataclass(frozen=True)
class Change:
    """One figure of both samples.

    Attributes:
        name: of the figure, for people.
        change, low, high: with its interval, as the axis shows them.
        told: the figures of both samples, as texts.
        is_changed: whether the interval leaves 0 out.
        is_conditioned: whether it was asked for.
    """

    name: str
    change: float
    low: float
    high: float
    told: tuple[str, str]
    is_changed: bool
    is_conditioned: bool


def draw(
    title: str,
    names: tuple[str, str],
    panels: Sequence[tuple[str, Sequence[Change]]],
    level: float,
) -> Picture:
    """Return a picture of changes.

    Args:
        title: above all.
        names: of the samples.
        panels: for each axis what it shows and the changes on it, each in their order.
        level: of the intervals.
    """
    with mpl.rc_context(picture.style()):
        lines = [[_name(change) for change in changes] for _, changes in panels]
        heights = [sum(map(_height, own)) for own in lines]
        tall = MARGIN + HEAD + sum(heights) + len(panels) * AXIS + (len(panels) - 1) * GAP + MARGIN
        made = Picture(WIDTH, tall)
        made.write(MARGIN, MARGIN, title, fontsize=12, fontweight="bold")
        for text, right, weight in (
            (names[0], WIDTH - MARGIN - 0.95, "normal"),
            (names[1], WIDTH - MARGIN, "bold"),
        ):
            told: dict[str, Any] = {
                "ha": "right",
                "fontsize": 8.5,
                "color": MUTED,
                "fontweight": weight,
            }
            made.write(right, MARGIN + 0.38, text.capitalize(), **told)
        top = MARGIN + HEAD
        for (unit, changes), own, height in zip(panels, lines, heights, strict=True):
            _panel(made, (unit, changes), own, (top, height), level)
            top += height + AXIS + GAP
    return made


def _name(change: Change) -> list[str]:
    mark = "  (asked for)" if change.is_conditioned else ""
    return picture.wrapped(change.name + mark, NAMES - 0.1, most=2)


def _height(lines: Sequence[str]) -> float:
    return LINE + SECOND_LINE * (len(lines) - 1)


def _panel(
    made: Picture,
    panel: tuple[str, Sequence[Change]],
    names: Sequence[Sequence[str]],
    place: tuple[float, float],
    level: float,
) -> None:
    (unit, changes), (top, height) = panel, place
    axes = made.place(MARGIN + NAMES, top, WIDTH - 2 * MARGIN - NAMES - FIGURES, height)
    axes.set_ylim(height, 0)
    axes.axvline(0, color=MUTED, linewidth=1)
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    middles, at = [], 0.0
    for own in names:
        middles.append(at + _height(own) / 2)
        at += _height(own)
    axes.set_yticks(middles, ["\n".join(own) for own in names], linespacing=1.1)
    for label, change in zip(axes.get_yticklabels(), changes, strict=True):
        label.set_color(INK if change.is_changed else MUTED)
    for middle, change in zip(middles, changes, strict=True):
        _dot(axes, middle, change)
    axes.margins(x=0.06)
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _signed(value)))
    axes.tick_params(axis="x", labelsize=8.5, colors=MUTED)
    axes.set_xlabel(f"{unit}, with its {level:.0%} interval", fontsize=8.5, color=MUTED)


def _dot(axes: Axes, middle: float, change: Change) -> None:
    colour = ROWS if change.is_changed else MUTED
    axes.plot(
        [change.low, change.high],
        [middle, middle],
        color=colour,
        linewidth=2.2,
        solid_capstyle="round",
    )
    axes.plot(
        [change.change],
        [middle],
        marker="o",
        markersize=6.5,
        markerfacecolor=colour if change.is_changed else "white",
        markeredgecolor=colour,
        markeredgewidth=1.4,
    )
    wide = WIDTH - 2 * MARGIN - NAMES - FIGURES
    told: dict[str, Any] = {
        "transform": axes.get_yaxis_transform(),
        "va": "center",
        "ha": "right",
        "fontsize": 9,
    }
    axes.text(1 + (FIGURES - 0.95) / wide, middle, change.told[0], color=MUTED, **told)
    axes.text(1 + FIGURES / wide, middle, change.told[1], color=INK, fontweight="bold", **told)


def _signed(value: float) -> str:
    told = f"{value:+g}".replace("-", "\N{MINUS SIGN}")
    return "0" if value == 0 else told
