"""The preview of a generation: what rows would come, and who would stand behind them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Self

from simulacra.engine import documents
from simulacra.engine.report import tables
from simulacra.engine.report.distributions import Distribution, Part
from simulacra.engine.report.report import Support
from simulacra.engine.warning import ReportWarning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from simulacra.engine.columns.facts import Bound


@dataclasses.dataclass(frozen=True)
class LevelPreview:
    """One level of a column with shares.

    Attributes:
        level: its name.
        target: the share asked for; None for a level that no condition names.
        expected: the share that it would have of the rows that can be had; None if there are none.
        seed_rows: respondents who have it and meet all conditions on other columns.
    """

    level: str
    target: float | None
    expected: float | None
    seed_rows: int


@dataclasses.dataclass(frozen=True)
class SharePreview:
    """Shares: of levels or values, of bands, of combinations, or of an option.

    Attributes:
        column: a column, several, or a multiple-response set.
        support: behind these shares.
        levels: what the shares are of.
        kind: ``share``, ``band``, ``joint`` or ``option``.
        among: the rows whose shares these are, in words; None if all.
    """

    column: str
    support: Support
    levels: tuple[LevelPreview, ...]
    kind: str
    among: str | None = None


@dataclasses.dataclass(frozen=True)
class MeanPreview:
    """A mean.

    Attributes:
        column: its name.
        support: behind it.
        target: asked for; like the others a number, or a date in ISO 8601.
        expected: of the rows that can be had; None if there are none.
        study: of the respondents; None if none of them is meant.
        among: the rows whose mean it is, in words; None if all.
    """

    column: str
    support: Support
    target: Bound
    expected: Bound | None
    study: Bound | None
    among: str | None = None
    kind: str = "mean"


@dataclasses.dataclass(frozen=True)
class RangePreview:
    """A range, which all rows would lie in, and its support."""

    column: str
    support: Support
    min: Bound
    max: Bound
    kind: str = "range"


ConditionPreview = SharePreview | MeanPreview | RangePreview


@dataclasses.dataclass(frozen=True)
class Limit:
    """The condition that limits a scenario.

    It is the one without which most more rows could be had or, where several would give as many,
    most more effective respondents.

    Attributes:
        position: of the condition in the preview's `conditions`, from 0.
        column: what it is about, as there.
        kind: likewise.
        among: likewise.
        rows_without: rows that could be had without it.
        effective_sample_size_without: effective respondents behind the rows without it.
    """

    position: int
    column: str
    kind: str
    among: str | None
    rows_without: int
    effective_sample_size_without: float


@dataclasses.dataclass(frozen=True, repr=False)
class Preview(documents.Shown):
    """What a generation would give, without its rows.

    Rows, support and these warnings are those of the generation's report, for the same model,
    conditions, row count and seed. How many rows are copies only a generation can tell.

    Attributes:
        seed: that the preview was made with, and a generation with the same figures is.
        rows_requested: that were asked for.
        rows_available: of these, how many can be had.
        status: ``ready``: all rows can be had, ``partial``: some, ``infeasible``: none.
        support: behind all conditions together.
        conditions: what is foreseen for each, in the order of the report.
        limiting: the condition that limits the scenario; None if there are no conditions, or if
            leaving any single one out would give nothing more.
        warnings: thin support, and quotas that would not be met.
        nearest: where only some rows can be had: the conditions with the shares nearest to those
            asked for under which all can be had, in the form that they were given in; None if all
            rows can be had, or none, or if no such shares were found.
        reason: why no row can be had; None if some can.
        expected_seconds: roughly what the generation takes on this machine, without waiting.
        distributions: of the questions that were asked about: in the study, and as they are to be
            expected of the rows. Of a column without a condition this is an estimate, from the
            respondents weighted to the scenario; none if no row can be had.
        labels: of what the conditions are about, by `column`, where they say more than that.
    """

    seed: int
    rows_requested: int
    rows_available: int
    status: str
    support: Support
    conditions: tuple[ConditionPreview, ...]
    limiting: Limit | None
    warnings: tuple[ReportWarning, ...]
    nearest: dict[str, Any] | None
    reason: str | None
    expected_seconds: float
    distributions: tuple[Distribution, ...] = ()
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)

    def to_json(self) -> dict[str, Any]:
        """Return the preview as the service publishes it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the preview that `to_json` wrote; members that are not known here are left out.

        Raises:
            LookupError, TypeError: the document is damaged.
        """
        limiting = document["limiting"]
        parts = {
            "support": documents.read(Support, document["support"]),
            "conditions": tuple(map(_condition, document["conditions"])),
            "limiting": None if limiting is None else documents.read(Limit, limiting),
            "warnings": tuple(documents.read(ReportWarning, it) for it in document["warnings"]),
            "distributions": tuple(
                Distribution.from_json(it) for it in document.get("distributions") or ()
            ),
        }
        return documents.read(cls, {**document, **parts})

    def __repr__(self) -> str:
        """Return it in one line."""
        return (
            f"<Preview: {self.rows_available:,} of {self.rows_requested:,} rows ({self.status}), "
            f"{len(self.conditions)} conditions, {len(self.warnings)} warnings>"
        )

    def __str__(self) -> str:
        """Return a table for people."""
        available = f"{self.rows_available:,} of {self.rows_requested:,} rows ({self.status})"
        behind = f"{self.support.effective_sample_size:.0f} effective respondents"
        seconds = f"{self.expected_seconds:g} s to generate"
        lines = [f"{available}, seed {self.seed}; {behind}; about {seconds}"]
        if self.conditions:
            lines.extend(
                tables.lines(HEAD, [line for it in self.conditions for line in _lines(it)])
            )
        if self.limiting is not None:
            lines.append(_limit(self.limiting))
        if self.reason is not None:
            lines.append(f"infeasible: {self.reason}")
        lines.extend(f"{warning.code}: {warning.detail}" for warning in self.warnings)
        if self.nearest is not None:
            lines.append(f"All rows can be had with: {self.nearest}")
        for shown in self.distributions:
            told = [_told(shown.column, part) for part in shown.parts]
            lines.extend(["", *tables.lines((shown.label, "study", "expected", "change"), told)])
        return "\n".join(lines)


CONDITIONS: dict[str, type[ConditionPreview]] = {"range": RangePreview, "mean": MeanPreview}
"""By kind; all others are shares."""


def _condition(document: Mapping[str, Any]) -> ConditionPreview:
    parts: dict[str, Any] = {"support": documents.read(Support, document["support"])}
    if "levels" in document:
        parts["levels"] = tuple(documents.read(LevelPreview, it) for it in document["levels"])
    kind = CONDITIONS.get(document["kind"], SharePreview)
    return documents.read(kind, {**document, **parts})


HEAD: tables.Line = ("condition", "target", "expected", "respondents")


def _lines(condition: ConditionPreview) -> Sequence[tables.Line]:
    behind = str(condition.support.seed_rows)
    if isinstance(condition, RangePreview):
        span = f"{condition.min} to {condition.max}"
        return [(condition.column, span, span, behind)]
    if isinstance(condition, MeanPreview):
        name = f"mean of {condition.column}{_among(condition.among)}"
        expected = "none" if condition.expected is None else str(condition.expected)
        return [(name, str(condition.target), expected, behind)]
    return [
        (
            f"{condition.column} = {level.level}{_among(condition.among)}",
            "(rest)" if level.target is None else f"{level.target:.2%}",
            "none" if level.expected is None else f"{level.expected:.2%}",
            str(level.seed_rows),
        )
        for level in condition.levels
    ]


def _told(column: str, part: Part) -> tables.Line:
    study, rows = ("" if share is None else f"{share:.1%}" for share in (part.study, part.rows))
    change = "" if part.change is None else f"{100 * part.change:+.1f}"
    return (f"{column} = {part.name}", study, rows, change)


def _limit(limit: Limit) -> str:
    name = f"the {limit.kind} of {limit.column!r}{_among(limit.among)}"
    return (
        f"What limits it most is {name}: without it {limit.rows_without:,} rows could be had, with "
        f"{limit.effective_sample_size_without:.0f} effective respondents."
    )


def _among(among: str | None) -> str:
    return "" if among is None else f", among {among}"
