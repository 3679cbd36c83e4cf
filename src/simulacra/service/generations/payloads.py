"""What the worker asks of the process that generates rows, and what it gets back."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from simulacra.service.jobs import functions


@dataclasses.dataclass(frozen=True)
class SamplingRequest:
    """Load a model, generate rows under a scenario, and write them.

    Attributes:
        model_file: the file to read.
        fitted_file: what an earlier generation fitted for a scenario on the same columns, to read.
        refits_file: what an earlier one refitted for margins of error, to read.
        artifact_file: the file to write.
        new_fitted_file: the file to write what this one had to fit itself.
        new_refits_file: the file to write all refits, if this one had to make some itself.
        output_format: one of `writing.registry.FORMATS`.
        row_count: rows that are wanted.
        rng_seed: the same request with the same seed gives the same rows.
        conditions: by kind, as the engine takes them.
        margins: how careful margins of error are to be; None for none.
        support_weight: whether the rows have a column more, by which other tools count them.
        output_layout: schema or file.
        output_values: labels or codes.
        validation: the summary of the study's, which the disclosure card is to tell of.
    """

    model_file: Path
    fitted_file: Path | None
    refits_file: Path | None
    artifact_file: Path
    new_fitted_file: Path
    new_refits_file: Path
    output_format: str
    row_count: int
    rng_seed: int
    conditions: dict[str, Any]
    margins: str | None = None
    support_weight: bool = False
    output_layout: str = "schema"
    output_values: str = "labels"
    validation: dict[str, Any] | None = None


@dataclasses.dataclass(frozen=True)
class SamplingResult:
    """What became of a scenario.

    Attributes:
        status: ``partial`` if there are fewer rows than were wanted.
        rows_generated: rows in the file.
        report: targets, achieved shares, support and warnings, as JSON; of margins, a summary.
        margins: all of them, if they were asked for.
        has_fitted: whether there is something in the file for what was fitted.
        new_refits: how many models are in the file for refits; 0 if it was not written.
        figures: what the full report has besides the report; None if there was no room for it.
    """

    status: Annotated[str, Field(pattern="^(ready|partial)$")]
    rows_generated: Annotated[int, Field(strict=True, ge=1)]
    report: dict[str, Any]
    has_fitted: Annotated[bool, Field(strict=True)]
    new_refits: Annotated[int, Field(strict=True, ge=0)] = 0
    margins: dict[str, Any] | None = None
    figures: dict[str, Any] | None = None


GENERATE = functions.ChildFunction(
    "simulacra.service.generations.sampling:generate", SamplingRequest, SamplingResult
)


@dataclasses.dataclass(frozen=True)
class PreviewRequest:
    """Load a model, and tell what a generation would give.

    Attributes:
        model_file: the file to read.
        fitted_file: what an earlier generation fitted for a scenario on the same columns, to read.
        row_count: rows that are wanted.
        rng_seed: the figures are those of a generation with the same seed.
        conditions: by kind, as the engine takes them.
        margins: how careful its margins of error are to be; None for none.
        kept_refits: how many models for them need not be refitted.
        columns: whose distributions it has.
    """

    model_file: Path
    fitted_file: Path | None
    row_count: int
    rng_seed: int
    conditions: dict[str, Any]
    margins: str | None = None
    kept_refits: int = 0
    columns: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class PreviewResult:
    """What a generation would give, as JSON."""

    preview: dict[str, Any]


PREVIEW = functions.ChildFunction(
    "simulacra.service.generations.sampling:preview", PreviewRequest, PreviewResult
)
"""The part of a preview that touches rows; runs in a child process."""


@dataclasses.dataclass(frozen=True)
class MadeRows:
    """Rows that a generation made, and what they were made with.

    Attributes:
        file: the artifact, to read.
        output_format: one of `writing.registry.FORMATS`.
        output_layout: schema or file.
        output_values: labels or codes.
        support_weight: whether they have a column more than the schema.
        fitted_file: what was fitted for a scenario on the same columns, to read.
        row_count: rows that were wanted.
        rng_seed: that they were drawn with.
        conditions: by kind, as the engine takes them.
    """

    file: Path
    output_format: str
    output_layout: str
    output_values: str
    support_weight: bool
    fitted_file: Path | None
    row_count: int
    rng_seed: int
    conditions: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class CrosstabRequest:
    """Load a model, and tabulate its study or rows that were made of it.

    Attributes:
        model_file: the file to read.
        made: the rows; None for the study.
        rows: columns and multiple-response sets that rows of the table show.
        banner: those whose levels are its columns.
        weight: a column that rows count by.
    """

    model_file: Path
    made: MadeRows | None
    rows: list[str]
    banner: list[str]
    weight: str | None


@dataclasses.dataclass(frozen=True)
class CrosstabResult:
    """A cross table, as JSON."""

    crosstab: dict[str, Any]


CROSSTAB = functions.ChildFunction(
    "simulacra.service.generations.tabulating:tabulate", CrosstabRequest, CrosstabResult
)
"""The part of a cross table that touches rows; runs in a child process."""


@dataclasses.dataclass(frozen=True)
class ComparisonRequest:
    """Load a model, and compare rows that were made of it.

    Attributes:
        model_file: the file to read.
        first: the rows that come first; None for the study.
        second: the rows that they are compared with.
        columns: columns and multiple-response sets to compare; None for all columns.
        margins: of error of the second rows, as they were published; None if there are none.
    """

    model_file: Path
    first: MadeRows | None
    second: MadeRows
    columns: list[str] | None
    margins: dict[str, Any] | None


@dataclasses.dataclass(frozen=True)
class ComparisonResult:
    """A comparison, as JSON."""

    comparison: dict[str, Any]


COMPARE = functions.ChildFunction(
    "simulacra.service.generations.tabulating:compare", ComparisonRequest, ComparisonResult
)
"""The part of a comparison that touches rows; runs in a child process."""


@dataclasses.dataclass(frozen=True)
class CopyRequest:
    """Load a model, and write rows that were made of it in another format.

    Attributes:
        model_file: the file to read.
        made: the rows.
        report: theirs, as it was published.
        margins: of error, as they were published; None if there are none.
        artifact_file: the file to write.
        output_format: one of `writing.registry.FORMATS`.
        output_layout: schema or file.
        output_values: labels or codes.
    """

    model_file: Path
    made: MadeRows
    report: dict[str, Any]
    margins: dict[str, Any] | None
    artifact_file: Path
    output_format: str
    output_layout: str
    output_values: str


@dataclasses.dataclass(frozen=True)
class CopyResult:
    """Whether the rows of the file are those that were made; there is no file otherwise."""

    is_same: Annotated[bool, Field(strict=True)]


COPY = functions.ChildFunction(
    "simulacra.service.generations.copying:copy", CopyRequest, CopyResult
)
"""The part of a copy that touches rows; runs in a child process."""
