"""Comparisons: the figures of two samples side by side, the most surprising change first."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from simulacra.engine.columns.boolean import BOOLEAN, LEVELS
from simulacra.engine.columns.schema import Schema
from simulacra.engine.margins.margins import FigureMargin, Margins
from simulacra.engine.tabulating import estimates, intervals, rendering, variables
from simulacra.engine.tabulating.estimates import Base, Estimate
from simulacra.engine.tabulating.sample import Sample, Weighting
from simulacra.engine.tabulating.variables import Names, RowVariable

DIGITS = 6
REFITS, BASES = "margins", "effective bases"
"""Where an interval comes from: models refitted to resampled respondents, or the formulas."""
MOST_TOLD = 25
"""Figures that the text lists; the table has all of them."""
FIGURE_TYPES = {
    "column": pa.string(),
    "level": pa.string(),
    "figure": pa.string(),
    **{
        f"{name}{end}": pa.float64()
        for name in ("first", "second", "change")
        for end in ("", "_low", "_high")
    },
    "is_changed": pa.bool_(),
    "surprise": pa.float64(),
    "interval": pa.string(),
    "is_conditioned": pa.bool_(),
}


@dataclasses.dataclass(frozen=True)
class Interval:
    """A figure and the ends of its interval; None where there is no base for one."""

    figure: float | None
    low: float | None
    high: float | None


@dataclasses.dataclass(frozen=True)
class ComparedFigure:
    """One figure of both samples.

    Attributes:
        column: or the multiple-response set.
        level: or the option; None for a mean.
        figure: ``share`` or ``mean``, among rows that have a value.
        first, second: of the samples.
        change: from the first to the second.
        is_changed: whether the interval of the change leaves 0 out.
        surprise: the change in widths of its interval on the side of 0, without its sign; None
            where there is no interval.
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
        """All figures, a line each."""
        lines = []
        for each in self.figures:
            line = {name: getattr(each, name) for name in FIGURE_TYPES if hasattr(each, name)}
            for name in ("first", "second", "change"):
                found: Interval = getattr(each, name)
                ends = {name: found.figure, f"{name}_low": found.low, f"{name}_high": found.high}
                line.update(ends)
            lines.append(line)
        return pa.Table.from_pylist(lines, pa.schema([*FIGURE_TYPES.items()]))

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
) -> Comparison:
    """Return the figures of two samples side by side.

    Args:
        first: a sample.
        second: what it is compared with.
        columns: names of columns or multiple-response sets; by default all columns that both have,
            dates and times left out.
        margins: of the change from the first sample to the second, where they are known.

    Raises:
        ValueError: a name that one of the schemas does not have, or of a date or time.
    """
    names = _shared(first.schema, second.schema) if columns is None else columns
    pairs = zip(
        variables.rows_of(first.schema, names), variables.rows_of(second.schema, names), strict=True
    )
    known = {(it.column, it.level, it.kind): it for it in (margins.figures if margins else ())}
    found = [figure for pair in pairs for figure in _figures((first, second), pair, known)]
    ranked = sorted(found, key=lambda each: (each.is_conditioned, -(each.surprise or 0.0)))
    labels = [_label(each) for each in (first, second)]
    if labels[0] == labels[1]:
        labels = [f"first {labels[0]}", f"second {labels[1]}"]
    notes = _notes((first, second), ranked)
    return Comparison((labels[0], labels[1]), intervals.LEVEL, tuple(ranked), tuple(notes))


def _shared(first: Schema, second: Schema) -> list[str]:
    """Return the names of the columns of both schemas that can be compared."""
    return [
        column.name
        for column in first.columns
        if not column.type.is_temporal
        and column.name in second
        and second[column.name].type.is_categorical == column.type.is_categorical
        and not second[column.name].type.is_temporal
    ]


def _figures(
    samples: tuple[Sample, Sample],
    pair: tuple[RowVariable, RowVariable],
    margins: Mapping[tuple[str, str | None, str], FigureMargin],
) -> Iterable[ComparedFigure]:
    """Yield the figures of one variable; a level that one sample lacks is left out."""
    if pair[0].kind != pair[1].kind:
        raise ValueError(
            f"column {pair[0].name!r} has levels in one sample and numbers in the other"
        )
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
            yield _of_bases(name, level, kind, (first[level], second[level]), is_conditioned)
        else:
            yield _of_margin(margin, is_conditioned)


def _estimates(sample: Sample, variable: RowVariable) -> list[tuple[str | None, Estimate]]:
    base = Base.of(sample, Weighting(sample), variable.asked)
    return [(level, own) for level, (own,) in estimates.of(sample, [base], variable)]


def _of_bases(
    name: str,
    level: str | None,
    kind: str,
    pair: tuple[Estimate, Estimate],
    is_conditioned: bool,  # noqa: FBT001 - passed on
) -> ComparedFigure:
    change, ends = pair[1].value - pair[0].value, intervals.of_change(*pair)
    surprise = None if ends is None else round(intervals.surprise(change, ends), DIGITS)
    return ComparedFigure(
        column=name,
        level=level,
        figure=kind,
        first=_interval(pair[0].value, intervals.of(pair[0])),
        second=_interval(pair[1].value, intervals.of(pair[1])),
        change=_interval(change, ends),
        is_changed=surprise is not None and surprise > 1,
        surprise=surprise,
        interval=BASES,
        is_conditioned=is_conditioned,
    )


def _of_margin(margin: FigureMargin, is_conditioned: bool) -> ComparedFigure:  # noqa: FBT001
    first, second, change = (
        _interval(float(each.figure or 0.0), (float(each.low or 0.0), float(each.high or 0.0)))
        for each in (margin.study, margin.scenario, margin.change)
    )
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


def _interval(figure: float, ends: tuple[float, float] | None) -> Interval:
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
    is_share = each.figure == "share"
    change = each.change
    span = "-"
    if change.low is not None and change.high is not None:
        span = f"{_moved(change.low, is_share)} to {_moved(change.high, is_share)}"
    return [
        name,
        _text(each.first.figure, is_share),
        _text(each.second.figure, is_share),
        "-" if change.figure is None else _moved(change.figure, is_share),
        span,
        "-" if each.surprise is None else f"{each.surprise:.1f}",
        "asked for" if each.is_conditioned else "changed" if each.is_changed else "",
    ]


def _text(number: float | None, is_share: bool) -> str:  # noqa: FBT001
    if number is None:
        return "-"
    return f"{number:.1%}" if is_share else f"{number:,.2f}"


def _moved(number: float, is_share: bool) -> str:  # noqa: FBT001
    """Return a change as a text: of shares in percentage points."""
    return f"{100 * number:+.1f} pts" if is_share else f"{number:+,.2f}"
