"""The report of a generation: target, achieved and support of each condition; warnings."""

import dataclasses
from typing import Any

from simulacra.engine.columns.facts import Bound
from simulacra.engine.quality.quality import Quality
from simulacra.engine.warning import ReportWarning


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
    """A share map."""

    column: str
    support: Support
    levels: tuple[LevelOutcome, ...]
    kind: str = "share"


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


@dataclasses.dataclass(frozen=True)
class Report:
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
    """

    seed: int
    rows_requested: int
    rows_generated: int
    status: str
    support: Support
    conditions: tuple[ShareOutcome | RangeOutcome, ...]
    warnings: tuple[ReportWarning, ...]
    distinct_rows: int
    donors: int
    quality: Quality | None

    def to_json(self) -> dict[str, Any]:
        """Return the report as the service publishes it."""
        quality = None if self.quality is None else self.quality.to_json()
        return {**dataclasses.asdict(self), "quality": quality}

    def __str__(self) -> str:
        """Return a table for people."""
        delivered = f"{self.rows_generated:,} of {self.rows_requested:,} rows ({self.status})"
        behind = f"{self.support.effective_sample_size:.0f} effective respondents"
        lines = [
            f"{delivered}, seed {self.seed}; {behind}",
            f"{self.distinct_rows:,} distinct rows, of values of {self.donors:,} respondents",
        ]
        if self.conditions:
            lines.append(f"{'condition':<32} {'target':>14} {'achieved':>14} {'respondents':>12}")
        for outcome in self.conditions:
            lines.extend(_lines(outcome))
        of_model = () if self.quality is None else self.quality.warnings
        warnings = (*self.warnings, *of_model)
        lines.extend(f"{warning.code}: {warning.detail}" for warning in warnings)
        return "\n".join(lines)


def _lines(outcome: ShareOutcome | RangeOutcome) -> list[str]:
    if isinstance(outcome, RangeOutcome):
        target = f"{outcome.min} to {outcome.max}"
        achieved = f"{outcome.achieved_min} to {outcome.achieved_max}"
        return [f"{outcome.column:<32} {target:>14} {achieved:>14} {outcome.support.seed_rows:>12}"]
    return [
        f"{f'{outcome.column} = {level.level}':<32} "
        f"{'(rest)' if level.target is None else f'{level.target:.2%}':>14} "
        f"{level.achieved:>14.2%} {level.seed_rows:>12}"
        for level in outcome.levels
    ]
