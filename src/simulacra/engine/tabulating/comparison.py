"""Comparisons: the figures of two samples side by side, the most surprising change first."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from simulacra.engine.columns.boolean import BOOLEAN, LEVELS
from simulacra.engine.columns.facts import Bound
from simulacra.engine.columns.schema import Column
from simulacra.engine.margins.margins import Estimate as MarginEstimate
from simulacra.engine.margins.margins import FigureMargin, Margins
from simulacra.engine.tabulating import (
    estimates,
    intervals,
    naming,
    rendering,
    variables,
    withholding,
)
from simulacra.engine.tabulating.estimates import Base, Estimate
from simulacra.engine.tabulating.intervals import Ends
from simulacra.engine.tabulating.naming import Names
from simulacra.engine.tabulating.sample import Sample, Weighting
from simulacra.engine.tabulating.variables import RowVariable

DIGITS = 6
REFITS, BASES = "margins", "effective bases"
"""Where an interval comes from: models refitted to resampled respondents, or the formulas."""
POINTS = " pts"
"""Percentage points, behind a change of shares."""
MOST_TOLD = 25
"""Figures that the text lists; the table has all of them."""
ESTIMATES = ("study", "scenario", "change")
"""Members of a margin of error that have an interval."""
ENDS = ("", "_low", "_high")
"""Of the names of columns in a table: of the figure, and of the ends of its interval."""
FIGURE_TYPES = {
    "column": pa.string(),
    "level": pa.string(),
    "figure": pa.string(),
    **{f"{name}{end}": pa.float64() for name in ("first", "second", "change") for end in ENDS},
    **{f"{name}{end}_moment": pa.string() for name in ("first", "second") for end in ENDS},
    "is_changed": pa.bool_(),
    "surprise": pa.float64(),
    "interval": pa.string(),
    "is_conditioned": pa.bool_(),
}


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


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Figures of two samples.

    Attributes:
        names: of the samples.
        level: of the intervals.
        figures: the most surprising change first, and at last those that a scenario is about.
        notes: how they are to be read.
    """

    names: tuple[str, str]
    level: float
    figures: tuple[ComparedFigure, ...]
    notes: tuple[str, ...]

    @property
    def changes(self) -> list[ComparedFigure]:
        """The figures that changed beyond their margin though no scenario is about them."""
        return [each for each in self.figures if each.is_changed and not each.is_conditioned]

    @property
    def table(self) -> pa.Table:
        """All figures, a line each; those of dates and times are texts in columns of their own."""
        lines = []
        for each in self.figures:
            line = {name: getattr(each, name) for name in FIGURE_TYPES if hasattr(each, name)}
            for name in ("first", "second", "change"):
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

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as a document."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        """Return a table for people."""
        told = self.figures[:MOST_TOLD]
        head = ["", *self.names, "change", f"{self.level:.0%} interval", "surprise", ""]
        lines = rendering.aligned([head], [_printed(each) for each in told])
        if len(self.figures) > len(told):
            lines.append(f"and {len(self.figures) - len(told)} more")
        return "\n".join([*lines, "", *rendering.wrapped(self.notes)])


def compare(
    first: Sample,
    second: Sample,
    columns: Names | None = None,
    margins: Margins | None = None,
    *,
    is_published: bool = False,
) -> Comparison:
    """Return the figures of two samples side by side.

    Args:
        first: a sample.
        second: what it is compared with.
        columns: names of columns or multiple-response sets; by default all columns that both have.
        margins: of the change from the first sample to the second, where they are known.
        is_published: whether somebody is to see it who may not see respondents: a column or set of
            which few of them have a value is then left out.

    Raises:
        errors.TableError: a name that one of the schemas does not have, or of columns whose figures
            are of different kinds.
    """
    names = naming.shared(first.schema, second.schema) if columns is None else columns
    naming.check_columns(first.schema, second.schema, names)
    both = (variables.rows_of(sample.schema, names) for sample in (first, second))
    pairs = [*zip(*both, strict=True)]
    if is_published:
        pairs = [pair for pair in pairs if not _is_of_few((first, second), pair)]
    known = {(it.column, it.level, it.kind): it for it in (margins.figures if margins else ())}
    found = [figure for pair in pairs for figure in _figures((first, second), pair, known)]
    ranked = sorted(found, key=lambda each: (each.is_conditioned, -(each.surprise or 0.0)))
    labels = [_label(each) for each in (first, second)]
    if labels[0] == labels[1]:
        labels = [f"first {labels[0]}", f"second {labels[1]}"]
    notes = _notes((first, second), ranked)
    return Comparison((labels[0], labels[1]), intervals.LEVEL, tuple(ranked), tuple(notes))


def published_margins(document: Mapping[str, Any]) -> Margins:
    """Return the margins of error that `Margins.to_json` wrote, as far as they are compared by."""
    figures = []
    members = [field.name for field in dataclasses.fields(FigureMargin)]
    for figure in document["figures"]:  # another version may have written more
        own = {name: figure[name] for name in members}
        own |= {name: MarginEstimate(**figure[name]) for name in ESTIMATES}
        figures.append(FigureMargin(**own))
    return Margins(document["level"], document["replicates"], tuple(figures))


def _figures(
    samples: tuple[Sample, Sample],
    pair: tuple[RowVariable, RowVariable],
    margins: Mapping[tuple[str, str | None, str], FigureMargin],
) -> Iterable[ComparedFigure]:
    """Yield the figures of one variable; a level that one sample lacks is left out."""
    first, second = (
        dict(_estimates(sample, variable)) for sample, variable in zip(samples, pair, strict=True)
    )
    name, kind = pair[0].name, pair[0].kind
    is_conditioned = any(name in sample.conditioned for sample in samples)
    if name in samples[0].schema and samples[0].schema[name].type is BOOLEAN:
        first = {level: own for level, own in first.items() if level != LEVELS[0]}
    for level in [level for level in first if level in second]:
        margin = margins.get((name, level, kind))
        if margin is None:
            yield _of_bases(pair, level, (first[level], second[level]), is_conditioned)
        else:
            yield _of_margin(margin, is_conditioned)


def _is_of_few(samples: tuple[Sample, Sample], pair: tuple[RowVariable, RowVariable]) -> bool:
    """Tell whether the figures of a variable are those of few respondents."""
    bases = [
        Base.of(sample, Weighting(sample), variable.asked)
        for sample, variable in zip(samples, pair, strict=True)
        if sample.behind is None
    ]
    return any(min(base.count, base.effective) < withholding.LEAST for base in bases)


def _estimates(sample: Sample, variable: RowVariable) -> list[tuple[str | None, Estimate]]:
    base = Base.of(sample, Weighting(sample), variable.asked)
    return [(level, own) for level, (own,) in estimates.of(sample, [base], variable)]


def _of_bases(
    shown: tuple[RowVariable, RowVariable],
    level: str | None,
    pair: tuple[Estimate, Estimate],
    is_conditioned: bool,  # noqa: FBT001 - passed on
) -> ComparedFigure:
    change, ends = pair[1].value - pair[0].value, intervals.of_change(*pair)
    surprise = None if ends is None else round(intervals.surprise(change, ends), DIGITS)
    first, second = (
        _interval(estimate.value, intervals.of(estimate), variable.number)
        for estimate, variable in zip(pair, shown, strict=True)
    )
    return ComparedFigure(
        column=shown[0].name,
        level=level,
        figure=shown[0].kind,
        first=first,
        second=second,
        change=_change(change, ends, shown[0].number),
        is_changed=surprise is not None and surprise > 1,
        surprise=surprise,
        interval=BASES,
        is_conditioned=is_conditioned,
    )


def _of_margin(
    margin: FigureMargin,
    is_conditioned: bool,  # noqa: FBT001 - passed on
) -> ComparedFigure:
    first, second = (
        Interval(each.figure, each.low, each.high) for each in (margin.study, margin.scenario)
    )
    change = Interval(margin.change.figure, margin.change.low, margin.change.high)
    return ComparedFigure(
        column=margin.column,
        level=margin.level,
        figure=margin.kind,
        first=first,
        second=second,
        change=change,
        is_changed=margin.is_changed,
        surprise=margin.surprise,
        interval=REFITS,
        is_conditioned=is_conditioned,
    )


def _interval(figure: float, ends: Ends | None, column: Column | None) -> Interval:
    """Return a figure as it is published: of dates and times, within the bounds of the column."""
    if column is None or not column.type.is_temporal or np.isnan(figure):
        return _plain(figure, ends)
    low, high = column.bounds
    told = [column.type.to_bound(round(it)) for it in np.clip((figure, *(ends or ())), low, high)]
    return Interval(told[0], *(told[1:] or (None, None)))


def _change(change: float, ends: Ends | None, column: Column | None) -> Interval:
    """Return a change as it is published: of dates in days, of times in seconds."""
    unit = column.step if column is not None and column.type.is_temporal else 1.0
    return _plain(change / unit, ends and (ends[0] / unit, ends[1] / unit))


def _plain(figure: float, ends: Ends | None) -> Interval:
    if np.isnan(figure):
        return Interval(None, None, None)
    if ends is None:
        return Interval(round(figure, DIGITS), None, None)
    return Interval(*(round(number, DIGITS) for number in (figure, *ends)))


def _label(sample: Sample) -> str:
    return "study" if sample.behind is None else "rows"


def _notes(samples: tuple[Sample, Sample], figures: list[ComparedFigure]) -> list[str]:
    free = [each for each in figures if not each.is_conditioned]
    changed = sum(each.is_changed for each in free)
    notes = [
        f"{changed} of {len(free)} figures that no scenario is about changed beyond their interval."
    ]
    sources = {each.interval for each in figures}
    if REFITS in sources:
        what = "Intervals" if sources == {REFITS} else "Intervals of columns without conditions"
        notes.append(f"{what} are margins of error from refitted models.")
    if BASES in sources:
        what = "Intervals" if sources == {BASES} else "All other intervals"
        notes.append(
            f"{what} come from effective bases, as of two separate samples. Where the same "
            "respondents stand behind both, that makes them rather too wide. They do not include "
            "what the model itself has not learned."
        )
    if len(free) < len(figures):
        notes.append("A figure marked 'asked for' is of a column that a scenario is about.")
    if any(sample.behind is not None for sample in samples):
        notes.append("Surprise is the change in widths of its interval; above 1 it leaves 0 out.")
    return notes


def _printed(each: ComparedFigure) -> list[str]:
    name = f"{each.column} (mean)" if each.level is None else f"{each.column} = {each.level}"
    unit = _unit(each)
    change, low, high = each.change.numbers
    span = "-"
    if low is not None and high is not None:
        span = f"{_moved(low, unit)} to {_moved(high, unit)}"
    return [
        name,
        _text(each.first.figure, unit),
        _text(each.second.figure, unit),
        "-" if change is None else _moved(change, unit),
        span,
        "-" if each.surprise is None else f"{each.surprise:.1f}",
        "asked for" if each.is_conditioned else "changed" if each.is_changed else "",
    ]


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
