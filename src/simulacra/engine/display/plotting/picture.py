"""The paper that pictures are drawn on: colours, fonts, and how notebooks show them."""

from __future__ import annotations

import io
import textwrap
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS, STUDY, INK, MUTED, RULE = "#3d7ab0", "#66717e", "#1d2630", "#5b6673", "#d5dae0"
"""Colours: of the rows and of the study, as charts of HTML have them; of texts; of lines."""
FONTS = ("Inter", "Helvetica Neue", "Segoe UI", "Arial", "Liberation Sans", "DejaVu Sans")
DOTS_PER_INCH = 160
"""Of what a notebook shows; twice of what the screen takes for an inch, so that it is sharp."""
SCREEN = 80
INCH_OF_CHARACTER = 0.069
"""About the width of a character of 9 points."""


class Picture(Figure):
    """A figure of Matplotlib that notebooks show by itself; `savefig` writes PNG, SVG or PDF."""

    def __init__(self, width: float, height: float) -> None:
        super().__init__(figsize=(width, height), facecolor="white")
        FigureCanvasAgg(self)

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        written = io.BytesIO()
        self.savefig(written, format="png", dpi=DOTS_PER_INCH)
        width, height = (round(SCREEN * inches) for inches in self.get_size_inches())
        return written.getvalue(), {"width": width, "height": height}

    def place(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return axes at a place in inches from the top left corner, without a frame."""
        whole, tall = self.get_size_inches()
        area = (left / whole, 1 - (top + height) / tall, width / whole, height / tall)
        axes = self.add_axes(area)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(length=0, labelsize=9, colors=INK)
        axes.set_axisbelow(True)
        return axes

    def write(self, left: float, top: float, text: str, **style: Any) -> None:  # noqa: ANN401 - of any property
        """Write a text whose top left corner is at a place in inches."""
        whole, tall = self.get_size_inches()
        given: dict[str, Any] = {"fontsize": 9, "color": INK, "va": "top", "ha": "left"} | style
        self.text(left / whole, 1 - top / tall, text, **given)


def style() -> mpl.RcParams:
    """Return the settings that texts are drawn with."""
    known = {font.name for font in font_manager.fontManager.ttflist}
    own = {
        "font.family": "sans-serif",
        "font.sans-serif": [font for font in FONTS if font in known] or ["DejaVu Sans"],
        "text.parse_math": False,  # a dollar in a label is a dollar
        "svg.fonttype": "path",
        "axes.unicode_minus": True,
    }
    return mpl.RcParams({**mpl.rcParams, **own})


def wrapped(text: str, width: float, size: float = 9, most: int = 3) -> list[str]:
    """Return a text in lines that fit a width in inches; what is too long ends in an ellipsis.

    Args:
        text: for people.
        width: in inches.
        size: of the font in points.
        most: lines.
    """
    characters = max(8, int(width / (INCH_OF_CHARACTER * size / 9)))
    lines = textwrap.wrap(text, characters) or [""]
    if len(lines) > most:
        lines = lines[:most]
        lines[-1] = lines[-1][: characters - 1].rstrip(" ,.;:-") + "\N{HORIZONTAL ELLIPSIS}"
    return lines
