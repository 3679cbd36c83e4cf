"""Margins of error of a scenario, as they are published."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Self

from simulacra.engine import documents
from simulacra.engine.columns import frames
from simulacra.engine.columns.lazy import pa
from simulacra.engine.warning import ReportWarning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulacra.engine.columns.facts import Bound

ENDS = ("", "_low", "_high")
"""Of the names of columns in a table: of the figure, and of the ends of its interval."""
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

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `Margins.to_json` wrote of it."""
        names = ("study", "scenario", "change")
        estimates = {name: documents.read(Estimate, document[name]) for name in names}
        return documents.read(cls, {**document, **estimates})

    def __str__(self) -> str:
        """Return it in one line for people."""
        what = f"{self.column} = {self.level}" if self.level else f"{self.kind} of {self.column}"
        parts = (_text(self, each) for each in (self.study, self.scenario))
        return f"{what}: {' -> '.join(parts)}"


@dataclasses.dataclass(frozen=True, repr=False)
class Margins(documents.Shown, frames.Framed):
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

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote; members that are not known here are left out.

        Raises:
            LookupError, TypeError, ValueError: the document is damaged.
        """
        return cls(
            level=float(document["level"]),
            replicates=int(document["replicates"]),
            figures=tuple(map(FigureMargin.from_json, document["figures"])),
            warnings=tuple(documents.read(ReportWarning, it) for it in document["warnings"]),
        )

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

    def __repr__(self) -> str:
        """Return it in one line."""
        return (
            f"<Margins: {len(self.figures):,} figures, {len(self.changes)} changed beyond their "
            f"margin, {self.replicates} refits>"
        )

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


def _text(figure: FigureMargin, estimate: Estimate) -> str:
    if figure.level is not None:
        return f"{estimate.figure:.1%} ({estimate.low:.1%} to {estimate.high:.1%})"
    if isinstance(estimate.figure, str):
        return f"{estimate.figure} ({estimate.low} to {estimate.high})"
    return f"{estimate.figure:.4g} ({estimate.low:.4g} to {estimate.high:.4g})"
