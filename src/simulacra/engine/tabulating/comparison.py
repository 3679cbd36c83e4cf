"""Comparisons: the figures of two samples side by side, the most surprising change first.

What they are, and how they are shown and read back; `comparing` makes them. It loads no numerical
code.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from simulacra.engine import documents, extras
from simulacra.engine.columns import frames
from simulacra.engine.columns.lazy import pa
from simulacra.engine.tabulating import naming, rendering

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulacra.engine.columns.facts import Bound
    from simulacra.engine.display.plotting.changes import Change
    from simulacra.engine.display.plotting.picture import Picture

REFITS, BASES = "margins", "effective bases"
"""Where an interval comes from: models refitted to resampled respondents, or the formulas."""
POINTS = " pts"
"""Percentage points, behind a change of shares."""
MOST_TOLD = 25
"""Figures that the text lists; the table has all of them."""
SIDES = ("first", "second", "change")
"""Members of a figure that have an interval."""
ENDS = ("", "_low", "_high")
"""Of the names of columns in a table: of the figure, and of the ends of its interval."""
FIGURE_TYPES = {
    "column": "string",
    "level": "string",
    "figure": "string",
    **{f"{name}{end}": "float64" for name in SIDES for end in ENDS},
    **{f"{name}{end}_moment": "string" for name in ("first", "second") for end in ENDS},
    "is_changed": "bool",
    "surprise": "float64",
    "interval": "string",
    "is_conditioned": "bool",
}
"""Columns of the Arrow table, with their types."""


@dataclasses.dataclass(frozen=True)
class Interval:
    """A figure and the ends of its interval; None where there is no base for one.

    Means of dates and times are texts in ISO 8601.
    """

    figure: Bound | None
    low: Bound | None
    high: Bound | None

    @property
    def numbers(self) -> tuple[float | None, float | None, float | None]:
        """Figure and ends; None for those that are texts."""
        low, high = (None if isinstance(it, str) else it for it in (self.low, self.high))
        return (None if isinstance(self.figure, str) else self.figure), low, high


@dataclasses.dataclass(frozen=True)
class ComparedFigure:
    """One figure of both samples.

    Attributes:
        column: or the multiple-response set.
        level: or the option; None for a mean.
        figure: ``share`` or ``mean``, among rows that have a value.
        first, second: of the samples.
        change: from the first to the second; of dates in days, of times in seconds.
        is_changed: whether the interval of the change leaves 0 out.
        surprise: the change in widths of its interval on the side of 0, of margins the middle of
            the interval in half its width; without its sign; None where there is no interval.
        interval: where the intervals come from: ``margins`` or ``effective bases``.
        is_conditioned: whether a scenario is about the column, so that the change was asked for.
    """

    column: str
    level: str | None
    figure: str
    first: Interval
    second: Interval
    change: Interval
    is_changed: bool
    surprise: float | None
    interval: str
    is_conditioned: bool


class ShownFigure(NamedTuple):
    """A figure of both samples as texts for people.

    Attributes:
        column: its name.
        level: or the option; ``mean`` of a mean.
        first, second: of the samples.
        change: with its unit.
        interval: of the change.
        surprise: as in the figure.
        is_changed: beyond its interval, though no scenario is about it.
        is_conditioned: as in the figure.
        is_share: whether it is a share; all shares are drawn on one scale.
        ends: the change as a number, and the ends of its interval.
        reach: how far the scale that it is drawn on goes to both sides of 0.
    """

    column: str
    level: str
    first: str
    second: str
    change: str
    interval: str
    surprise: str
    is_changed: bool
    is_conditioned: bool
    is_share: bool
    ends: tuple[float | None, float | None, float | None]
    reach: float


@dataclasses.dataclass(frozen=True, repr=False)
class Comparison(documents.Shown, frames.Framed):
    """Figures of two samples.

    Attributes:
        names: of the samples.
        level: of the intervals.
        figure_count: how many figures were compared.
        figures: the most surprising change first, and at last those that a scenario is about; of
            the service the first 1,000.
        notes: how they are to be read.
        labels: of the columns and sets by their names, where they say more than these.
    """

    names: tuple[str, str]
    level: float
    figure_count: int
    figures: tuple[ComparedFigure, ...]
    notes: tuple[str, ...]
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)

    @property
    def changes(self) -> list[ComparedFigure]:
        """The figures that changed beyond their margin though no scenario is about them."""
        return [each for each in self.figures if each.is_changed and not each.is_conditioned]

    @property
    def table(self) -> pa.Table:
        """The figures, a line each; those of dates and times are texts in columns of their own."""
        lines = []
        for each in self.figures:
            line = {name: getattr(each, name) for name in FIGURE_TYPES if hasattr(each, name)}
            for name in SIDES:
                found: Interval = getattr(each, name)
                is_moment = isinstance(found.figure, str)
                line |= zip((f"{name}{end}" for end in ENDS), found.numbers, strict=True)
                if is_moment:
                    texts = dataclasses.astuple(found)
                    line |= zip((f"{name}{end}_moment" for end in ENDS), texts, strict=True)
            lines.append(line)
        table = pa.Table.from_pylist(lines, pa.schema([*FIGURE_TYPES.items()]))
        if any(isinstance(each.first.figure, str) for each in self.figures):
            return table
        return table.drop_columns([name for name in FIGURE_TYPES if name.endswith("_moment")])

    @property
    def lines(self) -> list[ShownFigure]:
        """The first figures as texts, as many as the comparison shows of itself."""
        lines = [_shown(each) for each in self.figures[:MOST_TOLD]]
        of_shares = max((line.reach for line in lines if line.is_share), default=0.0)
        return [line._replace(reach=of_shares) if line.is_share else line for line in lines]

    def plot(self, count: int = 20) -> Picture:
        """Return a picture of the first changes with their intervals, which notebooks show.

        Means are told in percent of the first one. Changes of dates and times, and those without an
        interval, are in the table alone. ``savefig("changes.svg")`` writes it.

        Args:
            count: of figures.

        Raises:
            ModuleNotFoundError: Matplotlib is not installed.
        """
        extras.load("matplotlib", "a picture", "plot")
        from simulacra.engine.display.plotting import changes  # noqa: PLC0415 - needs Matplotlib

        shares: list[changes.Change] = []
        means: list[changes.Change] = []
        for each in self.figures[:count]:
            unit = _scale(each)
            change, low, high = each.change.numbers
            if unit and change is not None and low is not None and high is not None:
                of = shares if each.figure == naming.SHARE else means
                of.append(self._drawn(each, (change * unit, low * unit, high * unit)))
        panels = [(changes.POINTS, shares), (changes.PERCENT, means)]
        title = self.notes[0].rstrip(".") if self.notes else " and ".join(self.names)
        return changes.draw(title, self.names, [it for it in panels if it[1]], self.level)

    @functools.cached_property
    def _yes_or_no(self) -> set[str]:
        """The columns of which one level is compared, since the other says the same."""
        if self.figure_count > len(self.figures):
            return set()
        counts = collections.Counter(each.column for each in self.figures)
        shares = {each.column for each in self.figures if each.figure == naming.SHARE}
        return {column for column in shares if counts[column] == 1 and column in self.labels}

    def _drawn(self, each: ComparedFigure, ends: tuple[float, float, float]) -> Change:
        from simulacra.engine.display.plotting import changes  # noqa: PLC0415 - as above

        label, shown = self.labels.get(each.column, each.column), _shown(each)
        what = f"Mean of {label}" if each.level is None else f"{label} = {each.level}"
        if each.column in self._yes_or_no:
            what = label
        return changes.Change(
            what,
            *ends,
            told=(shown.first, shown.second),
            is_changed=each.is_changed,
            is_conditioned=each.is_conditioned,
        )

    def head(self, count: int = 5) -> Self:
        """Return the same comparison with its first figures only."""
        return dataclasses.replace(self, figures=self.figures[:count])

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as a document, as the service publishes it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the comparison that `to_json` wrote; members that are not known are left out.

        Raises:
            LookupError, TypeError, ValueError: the document is damaged.
        """
        first, second = document["names"]
        parts = {
            "names": (first, second),
            "figures": tuple(map(_figure, document["figures"])),
            "notes": tuple(document["notes"]),
        }
        return documents.read(cls, {**document, **parts})

    def __repr__(self) -> str:
        """Return it in one line."""
        return (
            f"<Comparison: {' and '.join(self.names)}, {self.figure_count:,} figures, "
            f"{len(self.changes)} changed beyond their interval>"
        )

    def __str__(self) -> str:
        """Return a table for people."""
        told = self.figures[:MOST_TOLD]
        head = ["", *self.names, "change", f"{self.level:.0%} interval", "surprise", ""]
        lines = rendering.aligned([head], [_printed(each) for each in told])
        if self.figure_count > len(told):
            lines.append(f"and {self.figure_count - len(told):,} more")
        return "\n".join([*lines, "", *rendering.wrapped(self.notes)])


def _figure(document: Mapping[str, Any]) -> ComparedFigure:
    sides = {name: documents.read(Interval, document[name]) for name in SIDES}
    return documents.read(ComparedFigure, {**document, **sides})


def _shown(each: ComparedFigure) -> ShownFigure:
    unit = _unit(each)
    change, low, high = each.change.numbers
    span, reach = "-", 0.0
    if low is not None and high is not None:
        span = f"{_moved(low, unit)} to {_moved(high, unit)}"
        reach = max(abs(low), abs(high))
    return ShownFigure(
        column=each.column,
        level="mean" if each.level is None else each.level,
        first=_text(each.first.figure, unit),
        second=_text(each.second.figure, unit),
        change="-" if change is None else _moved(change, unit),
        interval=span,
        surprise="-" if each.surprise is None else f"{each.surprise:.1f}",
        is_changed=each.is_changed and not each.is_conditioned,
        is_conditioned=each.is_conditioned,
        is_share=unit == POINTS,
        ends=(change, low, high),
        reach=reach,
    )


def _printed(each: ComparedFigure) -> list[str]:
    name = f"{each.column} (mean)" if each.level is None else f"{each.column} = {each.level}"
    shown = _shown(each)
    texts = (shown.first, shown.second, shown.change, shown.interval, shown.surprise)
    mark = "asked for" if each.is_conditioned else "changed" if each.is_changed else ""
    return [name, *texts, mark]


def _scale(each: ComparedFigure) -> float:
    """Return by what a change is multiplied to be drawn; 0 if it is not."""
    if each.figure == naming.SHARE:
        return 100.0
    first = each.first.figure
    return 0.0 if isinstance(first, str) or not first else 100.0 / abs(first)


def _unit(each: ComparedFigure) -> str:
    """Return what a change is told in, behind the number."""
    if each.figure == naming.SHARE:
        return POINTS
    if isinstance(each.first.figure, str):
        return " s" if "T" in each.first.figure else " days"
    return ""


def _text(figure: Bound | None, unit: str) -> str:
    if figure is None or isinstance(figure, str):
        return figure or "-"
    return f"{figure:.1%}" if unit == POINTS else f"{figure:,.2f}"


def _moved(number: float, unit: str) -> str:
    """Return a change as a text: of shares in percentage points."""
    if unit == POINTS:
        return f"{100 * number:+.1f}{unit}"
    return f"{number:+,.{0 if unit == ' s' else 1 if unit else 2}f}{unit}"
