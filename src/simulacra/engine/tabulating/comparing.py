"""How the figures of two samples are compared."""

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np

from simulacra.engine.columns.boolean import BOOLEAN, LEVELS
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.margins.margins import FigureMargin, Margins
from simulacra.engine.tabulating import estimates, intervals, naming, variables, withholding
from simulacra.engine.tabulating.comparison import (
    BASES,
    REFITS,
    ComparedFigure,
    Comparison,
    Interval,
)
from simulacra.engine.tabulating.estimates import Base, Estimate
from simulacra.engine.tabulating.intervals import Ends
from simulacra.engine.tabulating.naming import Names
from simulacra.engine.tabulating.sample import Sample, Weighting
from simulacra.engine.tabulating.variables import RowVariable

DIGITS = 6
CHOICES = 2
"""Levels of an option: chosen, and not chosen."""


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
    samples = first, second
    weightings = Weighting(first), Weighting(second)
    both = (variables.rows_of(sample.schema, names) for sample in samples)
    known = {(it.column, it.level, it.kind): it for it in (margins.figures if margins else ())}
    found: list[ComparedFigure] = []
    for one, other in zip(*both, strict=True):
        pair = one, other
        bases = (
            Base.of(first, weightings[0], one.asked),
            Base.of(second, weightings[1], other.asked),
        )
        if not (is_published and _is_of_few(samples, bases)):
            found += _figures(samples, pair, bases, known)
    ranked = sorted(found, key=lambda each: (each.is_conditioned, -(each.surprise or 0.0)))
    labels = [_label(each) for each in (first, second)]
    if labels[0] == labels[1]:
        labels = [f"first {labels[0]}", f"second {labels[1]}"]
    return Comparison(
        (labels[0], labels[1]),
        intervals.LEVEL,
        len(ranked),
        tuple(ranked),
        tuple(_notes((first, second), ranked)),
        second.schema.labels(dict.fromkeys(each.column for each in ranked)),
    )


def _figures(
    samples: tuple[Sample, Sample],
    pair: tuple[RowVariable, RowVariable],
    bases: tuple[Base, Base],
    margins: Mapping[tuple[str, str | None, str], FigureMargin],
) -> Iterable[ComparedFigure]:
    """Yield the figures of one variable; a level that one sample lacks is left out."""
    first, second = (
        {level: own for level, (own,) in estimates.of(sample, [base], variable)}
        for sample, base, variable in zip(samples, bases, pair, strict=True)
    )
    name, kind = pair[0].name, pair[0].kind
    is_conditioned = any(name in sample.conditioned for sample in samples)
    said_by_others = _complement(samples[0].schema, name)
    if said_by_others is not None:
        first = {level: own for level, own in first.items() if level != said_by_others}
    own = {} if name in samples[0].schema else _margins_of_options(samples, name, bases, margins)
    for level in [level for level in first if level in second]:
        margin = own.get(level) or margins.get((name, level, kind))
        if margin is None:
            yield _of_bases(pair, level, (first[level], second[level]), is_conditioned)
        else:
            margin = dataclasses.replace(margin, column=name, level=level)
            yield _of_margin(margin, is_conditioned)


def _complement(schema: Schema, name: str) -> str | None:
    """Return the level whose share is what the other one leaves: false, or not chosen."""
    if name not in schema:
        return None
    column = schema[name]
    if column.type is BOOLEAN:
        return LEVELS[0]
    sets = {one.name: one for one in schema.sets}
    one = sets.get(column.multiple_response or "")
    if one is None or one.kind != "dichotomy" or len(column.levels) != CHOICES:
        return None
    counted = column.levels[-1] if one.counted is None else one.counted
    return next((level for level in column.levels if level != counted), None)


def _margins_of_options(
    samples: tuple[Sample, Sample],
    name: str,
    bases: tuple[Base, Base],
    margins: Mapping[tuple[str, str | None, str], FigureMargin],
) -> dict[str | None, FigureMargin]:
    """Return the margins of the options of a multiple-response set.

    They are those of the columns that tell of them, where all who were asked have a value there:
    the figure is the same one then.
    """
    found: dict[str | None, FigureMargin] = {}
    if not margins:
        return found
    schema = samples[0].schema
    for option in naming.options_of(schema, name):
        (column, level), *others = option.places
        if others or not schema[column].type.is_categorical:
            continue
        margin = margins.get((column, schema[column].levels[level], naming.SHARE))
        position = schema.names.index(column)
        is_same = all(
            np.count_nonzero(~np.isnan(sample.rows[position])) == base.count
            for sample, base in zip(samples, bases, strict=True)
        )
        if margin is not None and is_same:
            found[option.name] = margin
    return found


def _is_of_few(samples: tuple[Sample, Sample], bases: tuple[Base, Base]) -> bool:
    """Tell whether the figures of a variable are those of few respondents."""
    return any(
        min(base.count, base.effective) < withholding.LEAST
        for sample, base in zip(samples, bases, strict=True)
        if sample.behind is None
    )


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
    by_chance = (1 - intervals.LEVEL) * len(free)
    if by_chance >= 1:
        notes.append(f"If none had changed, about {by_chance:.0f} would be beyond it by chance.")
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
