"""Measuring the margins of error of a scenario, from what its replicates say."""

from collections.abc import Mapping, Sequence

import numpy as np

from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.margins import intervals
from simulacra.engine.margins.figures import SHARE
from simulacra.engine.margins.intervals import LEVEL, Estimates, Intervals
from simulacra.engine.margins.margins import Estimate, FigureMargin, Margins
from simulacra.engine.margins.replicates import Halves
from simulacra.engine.margins.respondents import Respondents
from simulacra.engine.margins.statistics import Statistics
from simulacra.engine.warning import ReportWarning

DIGITS = 6
MANY_FAILED = 0.25
"""Part of the replicates without a single row of the scenario, from which on there is a warning."""
FEW = 10
"""Effective respondents below which the margins themselves are unsure, since so few respondents
cannot show how different others of their kind would have been."""
MIN_REPLICATES = 5
"""With a row of the scenario, so that their spread means something."""
BLURRED = 0.7
"""Part of what sets respondents apart below which there is a warning."""


def of(
    schema: Schema,
    statistics: Statistics,
    study: Respondents,
    made: Mapping[int, Floats],
    halves: Sequence[Halves],
    *,
    asked: int,
    effective: float,
) -> Margins:
    """Return margins as they are published.

    Args:
        schema: of the study.
        statistics: of the columns that have figures.
        study: its respondents.
        made: float64, shape (rows,), by position of a column: the rows.
        halves: the statistics of each replicate that had a row of the scenario.
        asked: replicates that were asked.
        effective: the effective sample size behind the rows.
    """
    if len(halves) < MIN_REPLICATES:
        detail = (
            f"There are no margins: {asked - len(halves)} of {asked} refits to resampled "
            "respondents have no row of this scenario, so chance decides who stands behind it."
        )
        return Margins(LEVEL, len(halves), (), (ReportWarning("margins_unsure", detail),))
    found = intervals.estimate(statistics, study, made, halves, effective=effective)
    figures = [
        _figure(schema.columns[figure.position], figure.kind, figure.level, found, index)
        for index, figure in enumerate(statistics.layout.figures)
        if not np.isnan([found.study.figure[index], found.change.low[index]]).any()
    ]
    unsure = _unsure(found, asked, effective)
    return Margins(LEVEL, found.replicates, tuple(figures), tuple(unsure))


def _unsure(found: Estimates, asked: int, effective: float) -> Sequence[ReportWarning]:
    return [*_may_be_narrow(found, asked, effective), *_blurred(found)]


def _blurred(found: Estimates) -> Sequence[ReportWarning]:
    if found.kept >= BLURRED:
        return []
    detail = (
        f"The rows have about {found.kept:.0%} of what sets the respondents apart who stand behind "
        "this scenario: too few of them for the model to be sure of. The margins allow for it."
    )
    return [ReportWarning("profile_weakened", detail)]


def _may_be_narrow(found: Estimates, asked: int, effective: float) -> Sequence[ReportWarning]:
    failed = asked - found.replicates
    if effective >= FEW and failed <= MANY_FAILED * asked:
        return []
    reason = f"only about {effective:.0f} respondents effectively stand behind these rows"
    if failed > MANY_FAILED * asked:
        reason = f"{failed} of {asked} refits have no row of this scenario"
    detail = f"The margins may be too narrow: {reason}."
    return [ReportWarning("margins_unsure", detail)]


def _figure(column: Column, kind: str, level: int, found: Estimates, index: int) -> FigureMargin:
    change = found.change
    low, high = float(change.low[index]), float(change.high[index])
    surprise = abs(high + low) / (high - low) if high > low else 0.0
    return FigureMargin(
        column=column.name,
        kind=kind,
        level=column.levels[level] if kind == SHARE else None,
        study=_estimate(column, found.study, index),
        scenario=_estimate(column, found.scenario, index),
        change=_plain(change, index, column.step if column.type.is_temporal else 1.0),
        is_changed=surprise > 1,
        surprise=round(surprise, DIGITS),
    )


def _estimate(column: Column, intervals: Intervals, index: int) -> Estimate:
    if not column.type.is_temporal:
        return _plain(intervals, index)
    low, high = column.bounds
    numbers = (intervals.figure[index], intervals.low[index], intervals.high[index])
    return Estimate(*(column.type.to_bound(float(np.clip(it, low, high))) for it in numbers))


def _plain(intervals: Intervals, index: int, unit: float = 1.0) -> Estimate:
    numbers = (intervals.figure[index], intervals.low[index], intervals.high[index])
    return Estimate(*(round(float(number) / unit, DIGITS) for number in numbers))
