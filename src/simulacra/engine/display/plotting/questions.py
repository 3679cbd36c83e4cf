"""How questions are answered in a study and in rows: two bars for each answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import matplotlib as mpl
from matplotlib.patches import Patch

from simulacra.engine.display import templating
from simulacra.engine.display.plotting import picture
from simulacra.engine.display.plotting.picture import INK, MUTED, ROWS, RULE, STUDY, Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, GAP, MARGIN = 5.1, 0.45, 0.25
"""Of a panel, between two and around all, in inches."""
NAMES = 1.75
"""Of the names of answers in front of the bars."""
FIGURES = 1.15
"""Of the figures behind them."""
LINE, BAR = 0.34, 0.13
"""Height of an answer, and of one of its two bars."""
TITLE_LINE = 0.185
LEGEND = 0.45


class Part(Protocol):
    """An answer with its shares; `report.distributions.Part` is one."""

    @property
    def name(self) -> str:
        """As people read it."""

    @property
    def study(self) -> float | None:
        """Its share in the study; None where it is not told."""

    @property
    def rows(self) -> float | None:
        """Its share of the rows."""


class Shown(Protocol):
    """A question; `report.distributions.Distribution` is one."""

    @property
    def label(self) -> str:
        """Its text."""

    @property
    def parts(self) -> Sequence[Part]:
        """Its answers."""

    @property
    def is_conditioned(self) -> bool:
        """Whether the scenario is about it."""

    @property
    def left_out(self) -> int:
        """How many smaller answers there are besides."""

    @property
    def scale(self) -> float:
        """The share that bars end at."""


def draw(questions: Sequence[Shown], names: tuple[str, str] = ("Study", "Rows")) -> Picture:
    """Return a picture of questions side by side, in as many lines as they need."""
    across = min(2, len(questions))
    with mpl.rc_context(picture.style()):
        tops = [MARGIN + LEGEND] * across
        places = []
        for question in questions:  # each below the shorter of both columns
            at = tops.index(min(tops))
            places.append((MARGIN + at * (WIDTH + GAP), tops[at]))
            tops[at] += _height(question) + GAP
        whole = 2 * MARGIN + across * WIDTH + (across - 1) * GAP
        made = Picture(whole, max(tops) - GAP + MARGIN)
        for question, (left, top) in zip(questions, places, strict=True):
            _panel(made, question, left, top)
        _legend(made, names)
    return made


def _title(question: Shown) -> list[str]:
    mark = "  (asked for)" if question.is_conditioned else ""
    return picture.wrapped(question.label + mark, WIDTH, 10.5)


def _height(question: Shown) -> float:
    more = TITLE_LINE if question.left_out else 0.0
    return len(_title(question)) * TITLE_LINE + 0.1 + LINE * len(question.parts) + more


def _panel(made: Picture, question: Shown, left: float, top: float) -> None:
    title = _title(question)
    made.write(left, top, "\n".join(title), fontsize=10.5, fontweight="bold", linespacing=1.2)
    top += len(title) * TITLE_LINE + 0.1
    count = len(question.parts)
    axes = made.place(left + NAMES, top, WIDTH - NAMES - FIGURES, LINE * count)
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_xlim(0, question.scale)
    axes.set_xticks([])
    thick = BAR / LINE
    lines = [picture.wrapped(part.name, NAMES - 0.1, most=2) for part in question.parts]
    axes.set_yticks(range(count), ["\n".join(line) for line in lines], linespacing=1.1)
    axes.axvline(0, color=RULE, linewidth=1)
    for at, part in enumerate(question.parts):
        for share, own, filled in ((part.study, -0.62, False), (part.rows, 0.62, True)):
            if share is not None:
                axes.barh(
                    at + own * thick,
                    share,
                    thick,
                    facecolor=ROWS if filled else "white",
                    edgecolor=ROWS if filled else STUDY,
                    linewidth=1.0,
                )
        end = axes.get_yaxis_transform()
        told: dict[str, Any] = {"transform": end, "va": "center", "ha": "right", "fontsize": 9}
        axes.text(
            1 + 0.55 / (WIDTH - NAMES - FIGURES),
            at,
            templating.share(part.study),
            color=MUTED,
            **told,
        )
        axes.text(
            1 + FIGURES / (WIDTH - NAMES - FIGURES),
            at,
            templating.share(part.rows),
            color=INK,
            fontweight="bold",
            **told,
        )
    if question.left_out:
        more = f"and {templating.plural(question.left_out, 'smaller one')}"
        made.write(left, top + LINE * count + 0.03, more, fontsize=8, color=MUTED)


def _legend(made: Picture, names: tuple[str, str]) -> None:
    whole, tall = made.get_size_inches()
    made.legend(
        handles=[
            Patch(facecolor="white", edgecolor=STUDY, label=names[0]),
            Patch(facecolor=ROWS, edgecolor=ROWS, label=names[1]),
        ],
        loc="upper left",
        bbox_to_anchor=((MARGIN - 0.05) / whole, 1 - 0.12 / tall),
        ncols=2,
        frameon=False,
        fontsize=9.5,
        labelcolor=INK,
        handlelength=1.4,
        handleheight=0.7,
        borderpad=0.2,
    )
