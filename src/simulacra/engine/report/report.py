"""The report of a generation: target, achieved and support of each condition; warnings."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Self

from simulacra.engine import documents
from simulacra.engine.quality.quality import Quality
from simulacra.engine.report import tables
from simulacra.engine.validation.validation import Validation
from simulacra.engine.warning import ReportWarning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulacra.engine.columns.facts import Bound
    from simulacra.engine.columns.lazy import pa
    from simulacra.engine.margins.margins import Margins

THIN_SUPPORT = 30
"""Below so many effective respondents, a share read off the rows has a standard error of about
0.09 and more: too coarse to act on."""


@dataclasses.dataclass(frozen=True)
class Support:
    """How many respondents stand behind rows.

    Attributes:
        effective_sample_size: of the respondents, weighted to the scenario (Kish 1965).
        seed_rows: how many of them have any weight.
    """

    effective_sample_size: float
    seed_rows: int


@dataclasses.dataclass(frozen=True)
class Origin:
    """What rows are made of.

    Attributes:
        distinct_rows: how many of them differ from all others.
        donors: respondents from whom at least one value was taken.
        quality: of the model; None if it was not measured.
        warnings: many copies.
    """

    distinct_rows: int
    donors: int
    quality: Quality | None
    warnings: tuple[ReportWarning, ...] = ()


@dataclasses.dataclass(frozen=True)
class LevelOutcome:
    """One level of a column with shares.

    Attributes:
        level: its name.
        target: the share asked for; None for a level that no condition names.
        achieved: its share of the synthetic rows.
        rows: synthetic rows that have it.
        seed_rows: respondents who have it and meet all conditions on other columns.
    """

    level: str
    target: float | None
    achieved: float
    rows: int
    seed_rows: int


@dataclasses.dataclass(frozen=True)
class ShareOutcome:
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
    levels: tuple[LevelOutcome, ...]
    kind: str = "share"
    among: str | None = None


@dataclasses.dataclass(frozen=True)
class MeanOutcome:
    """A mean: asked for, of the rows, and of the study.

    Attributes:
        column: its name.
        support: behind it.
        target: asked for; like the others a number, or a date in ISO 8601.
        achieved: of the rows; None if none of them is meant.
        study: of the respondents; None if none of them is meant.
        among: the rows whose mean it is, in words; None if all.
    """

    column: str
    support: Support
    target: Bound
    achieved: Bound | None
    study: Bound | None
    among: str | None = None
    kind: str = "mean"


@dataclasses.dataclass(frozen=True)
class RangeOutcome:
    """A range; `achieved` is the share of rows inside, the bounds are what the rows span."""

    column: str
    support: Support
    min: Bound
    max: Bound
    achieved: float
    achieved_min: Bound
    achieved_max: Bound
    kind: str = "range"


Outcome = ShareOutcome | RangeOutcome | MeanOutcome


@dataclasses.dataclass(frozen=True, repr=False)
class Report(documents.Shown):
    """The report of one generation.

    Attributes:
        seed: that the rows were drawn with.
        rows_requested, rows_generated: fewer are generated when quotas cannot be met.
        status: ``ready`` or ``partial``.
        support: behind all conditions together.
        conditions: one outcome each.
        warnings: thin support, quotas that were dropped, and many copies.
        distinct_rows: how many rows differ from all others; fewer than there are, if some are
            copies of each other.
        donors: respondents from whom at least one value was taken.
        quality: of the model, without conditions; None if it was not measured.
        margins: of error of the figures of columns without conditions; None if not asked for.
        validation: of the model's study; None unless it was asked for.
        labels: of what the conditions are about, by `column`, where they say more than that.
    """

    seed: int
    rows_requested: int
    rows_generated: int
    status: str
    support: Support
    conditions: tuple[Outcome, ...]
    warnings: tuple[ReportWarning, ...]
    distinct_rows: int
    donors: int
    quality: Quality | None
    margins: Margins | None = None
    validation: Validation | None = None
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)

    @property
    def table(self) -> pa.Table | None:
        """The figures of the study and the scenario with their margins; None without margins."""
        return None if self.margins is None else self.margins.table

    def to_json(self) -> dict[str, Any]:
        """Return the report as the service publishes it; of the validation, a summary."""
        quality = None if self.quality is None else self.quality.to_json()
        document = dataclasses.asdict(dataclasses.replace(self, margins=None, validation=None))
        document["quality"] = quality
        if self.margins is not None:
            document["margins"] = self.margins.to_json()
        if self.validation is not None:
            document["validation"] = self.validation.summary()
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any], margins: Margins | None = None) -> Self:
        """Return the report that `to_json` wrote.

        Args:
            document: it has no figures of the validation. What it does not have a member for here
                is left out, so that documents of a later version can be read.
            margins: of error; the published document has a summary of them alone.

        Raises:
            LookupError, TypeError, ValueError: the document is damaged.
        """
        quality, validation = document["quality"], document.get("validation")
        return cls(
            seed=int(document["seed"]),
            rows_requested=int(document["rows_requested"]),
            rows_generated=int(document["rows_generated"]),
            status=str(document["status"]),
            support=documents.read(Support, document["support"]),
            conditions=tuple(map(_outcome, document["conditions"])),
            warnings=tuple(documents.read(ReportWarning, it) for it in document["warnings"]),
            distinct_rows=int(document["distinct_rows"]),
            donors=int(document["donors"]),
            quality=None if quality is None else Quality.from_json(quality),
            margins=margins,
            validation=None if validation is None else Validation.from_json(validation),
            labels=document.get("labels", {}),
        )

    @property
    def all_warnings(self) -> tuple[ReportWarning, ...]:
        """Its own warnings, those of the margins of error, and those of the model."""
        of_model = () if self.quality is None else self.quality.warnings
        of_margins = () if self.margins is None else self.margins.warnings
        return (*self.warnings, *of_margins, *of_model)

    def __repr__(self) -> str:
        """Return it in one line."""
        return (
            f"<Report: {self.rows_generated:,} of {self.rows_requested:,} rows ({self.status}), "
            f"{len(self.conditions)} conditions, {len(self.all_warnings)} warnings>"
        )

    def __str__(self) -> str:
        """Return a table for people."""
        delivered = f"{self.rows_generated:,} of {self.rows_requested:,} rows ({self.status})"
        behind = f"{self.support.effective_sample_size:.0f} effective respondents"
        lines = [
            f"{delivered}, seed {self.seed}; {behind}",
            f"{self.distinct_rows:,} distinct rows, of values of {self.donors:,} respondents",
        ]
        if self.conditions:
            lines.extend(
                tables.lines(HEAD, [line for it in self.conditions for line in _lines(it)])
            )
        if self.margins is not None:
            lines.append(str(self.margins))
        lines.extend(f"{warning.code}: {warning.detail}" for warning in self.all_warnings)
        if self.validation is not None:
            lines += ["", "Validation of the study", "", str(self.validation)]
        return "\n".join(lines)


OUTCOMES: dict[str, type[Outcome]] = {"range": RangeOutcome, "mean": MeanOutcome}
"""By kind; all others are shares."""


def _outcome(document: Mapping[str, Any]) -> Outcome:
    parts: dict[str, Any] = {"support": documents.read(Support, document["support"])}
    if "levels" in document:
        parts["levels"] = tuple(documents.read(LevelOutcome, it) for it in document["levels"])
    kind = OUTCOMES.get(document["kind"], ShareOutcome)
    return documents.read(kind, {**document, **parts})


HEAD: tables.Line = ("condition", "target", "achieved", "respondents")


def _lines(outcome: Outcome) -> list[tables.Line]:
    behind = str(outcome.support.seed_rows)
    if isinstance(outcome, RangeOutcome):
        target = f"{outcome.min} to {outcome.max}"
        achieved = f"{outcome.achieved_min} to {outcome.achieved_max}"
        return [(outcome.column, target, achieved, behind)]
    where = "" if outcome.among is None else f", among {outcome.among}"
    if isinstance(outcome, MeanOutcome):
        name = f"mean of {outcome.column}{where}"
        return [(name, str(outcome.target), str(outcome.achieved), behind)]
    return [
        (
            f"{outcome.column} = {level.level}{where}",
            "(rest)" if level.target is None else f"{level.target:.2%}",
            f"{level.achieved:.2%}",
            str(level.seed_rows),
        )
        for level in outcome.levels
    ]
