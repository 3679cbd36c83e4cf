"""Margins of error of a scenario, as they are published."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.facts import Bound
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.margins import intervals
from simulacra.engine.margins.figures import SHARE
from simulacra.engine.margins.intervals import LEVEL, Estimates, Intervals
from simulacra.engine.margins.replicates import Halves
from simulacra.engine.margins.respondents import Respondents
from simulacra.engine.margins.statistics import Statistics
from simulacra.engine.warning import ReportWarning

DIGITS = 6
ENDS = ("", "_low", "_high")
"""Of the names of columns in a table: of the figure, and of the ends of its interval."""
MANY_FAILED = 0.25
"""Part of the replicates without a single row of the scenario, from which on there is a warning."""
FEW = 10
"""Effective respondents below which the margins themselves are unsure, since so few respondents
cannot show how different others of their kind would have been."""
MIN_REPLICATES = 5
"""With a row of the scenario, so that their spread means something."""
BLURRED = 0.7
"""Part of what sets respondents apart below which there is a warning."""
MOST_TOLD = 10
"""Figures that a report for people lists."""
MOST_SUMMED_UP = 20
"""Figures that a summary lists."""


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A figure and its interval at the level of the margins."""

    figure: Bound | None
    low: Bound | None
    high: Bound | None


@dataclasses.dataclass(frozen=True)
class FigureMargin:
    """One figure of a column without conditions.

    Attributes:
        column: its name.
        kind: ``share`` of a level, ``mean``, ``lower_quartile``, ``median`` or ``upper_quartile``;
            all among rows that have a value.
        level: of a share; else None.
        study: of the respondents.
        scenario: of the synthetic rows.
        change: from the study to the scenario; of dates and times in days and seconds.
        is_changed: whether the interval of the change leaves 0 out.
        surprise: the middle of the interval of the change, in half widths of it, without its
            sign; beyond 1, 0 lies outside.
    """

    column: str
    kind: str
    level: str | None
    study: Estimate
    scenario: Estimate
    change: Estimate
    is_changed: bool
    surprise: float

    def __str__(self) -> str:
        """Return it in one line for people."""
        what = f"{self.column} = {self.level}" if self.level else f"{self.kind} of {self.column}"
        parts = (_text(self, each) for each in (self.study, self.scenario))
        return f"{what}: {' -> '.join(parts)}"


@dataclasses.dataclass(frozen=True)
class Margins:
    """How far the figures of synthetic rows may be from the truth.

    Attributes:
        level: of the intervals, such as 0.95.
        replicates: models that were refitted to resampled respondents.
        figures: of the columns without conditions, in the order of the schema.
        warnings: where the margins themselves are unsure.
    """

    level: float
    replicates: int
    figures: tuple[FigureMargin, ...]
    warnings: tuple[ReportWarning, ...] = ()

    @property
    def changes(self) -> list[FigureMargin]:
        """The figures that have changed beyond their margin, the most surprising first."""
        found = [figure for figure in self.figures if figure.is_changed]
        return sorted(found, key=lambda figure: -figure.surprise)

    @property
    def table(self) -> pa.Table:
        """All figures, a row each; those of dates and times are texts, in columns of their own."""
        rows = []
        for figure in self.figures:
            row: dict[str, Any] = {"column": figure.column, "figure": figure.kind}
            row["level"] = figure.level
            for name in ("study", "scenario", "change"):
                estimate: Estimate = getattr(figure, name)
                is_moment = isinstance(estimate.figure, str)
                for end, bound in zip(ENDS, dataclasses.astuple(estimate), strict=True):
                    row[f"{name}{end}"] = None if is_moment else bound
                    row[f"{name}{end}_moment"] = bound if is_moment else None
            rows.append({**row, "is_changed": figure.is_changed})
        table = pa.Table.from_pylist(rows)
        empty = [name for name in table.column_names if table[name].null_count == len(rows)]
        return table.drop_columns([name for name in empty if name.endswith("_moment")])

    def to_json(self) -> dict[str, Any]:
        """Return the margins as the service publishes them."""
        return {
            "level": self.level,
            "replicates": self.replicates,
            "figures": [dataclasses.asdict(figure) for figure in self.figures],
            "warnings": [dataclasses.asdict(warning) for warning in self.warnings],
        }

    def summary(self) -> dict[str, Any]:
        """Return what they say in short, as the service publishes it with the report."""
        changes = self.changes
        return {
            "level": self.level,
            "replicates": self.replicates,
            "figure_count": len(self.figures),
            "changed_count": len(changes),
            "changes": [dataclasses.asdict(figure) for figure in changes[:MOST_SUMMED_UP]],
            "warnings": [dataclasses.asdict(warning) for warning in self.warnings],
        }

    def __str__(self) -> str:
        """Return what has changed, for people."""
        changes = self.changes
        refits = f"({self.level:.0%}, {self.replicates} refits)"
        told = f"{len(changes)} of {len(self.figures)} figures have changed beyond their margin"
        lines = [f"{told} {refits}"]
        lines += [f"  {figure}" for figure in changes[:MOST_TOLD]]
        if len(changes) > MOST_TOLD:
            lines.append(f"  and {len(changes) - MOST_TOLD} more")
        return "\n".join(lines)


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


def _text(figure: FigureMargin, estimate: Estimate) -> str:
    if figure.level is not None:
        return f"{estimate.figure:.1%} ({estimate.low:.1%} to {estimate.high:.1%})"
    if isinstance(estimate.figure, str):
        return f"{estimate.figure} ({estimate.low} to {estimate.high})"
    return f"{estimate.figure:.4g} ({estimate.low:.4g} to {estimate.high:.4g})"
