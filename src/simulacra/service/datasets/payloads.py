"""What the worker asks of the process that trains a model, and what it gets back."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from simulacra.engine import privacy_levels, words
from simulacra.service.jobs import functions

FORM = words.Words(
    types="column_types",
    keep="keep_columns",
    drop="drop_columns",
    missing="missing_values",
    dates="date_orders",
    weight="weight_column",
    again="upload the study again",
)
"""What the callers of the API call the engine's overrides: the fields of the form of an upload."""


def as_fields(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Return overrides by the names of the fields of the form, which the API's callers know."""
    named = dataclasses.asdict(FORM)
    return {named.get(name, name): value for name, value in overrides.items()}


Count = Annotated[int, Field(strict=True, ge=0)]


@dataclasses.dataclass(frozen=True)
class StudyOptions:
    """What an upload says about its study; the overrides of the engine.

    It is stored with the dataset as JSON, under these names.
    """

    types: dict[str, str | list[str]] = dataclasses.field(default_factory=dict)
    keep: list[str] = dataclasses.field(default_factory=list)
    drop: list[str] = dataclasses.field(default_factory=list)
    missing: list[str | float] | dict[str, list[str | float]] | None = None
    sets: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    separators: dict[str, str] = dataclasses.field(default_factory=dict)
    dates: dict[str, str] = dataclasses.field(default_factory=dict)
    decimal: str | None = None
    delimiter: str | None = None
    header_rows: int | None = None
    sheet: str | None = None
    privacy: str = privacy_levels.STANDARD
    weight: str | None = None


@dataclasses.dataclass(frozen=True)
class TrainingRequest:
    """Fit a study, and save the model.

    Attributes:
        study_file: the file to read.
        model_file: the file to write.
        options: how the study is to be read and cleaned.
    """

    study_file: Path
    model_file: Path
    options: StudyOptions


@dataclasses.dataclass(frozen=True)
class TrainingResult:
    """What is published of a model.

    Attributes:
        row_count: rows that the model was fitted to.
        column_count: columns of the schema.
        published_schema: the schema and the cleaning report, as JSON.
    """

    row_count: Count
    column_count: Count
    published_schema: dict[str, Any]


FIT = functions.ChildFunction(
    "simulacra.service.datasets.training:fit", TrainingRequest, TrainingResult
)


@dataclasses.dataclass(frozen=True)
class ValidationRequest:
    """Load a model, and validate its study.

    Attributes:
        model_file: the file to read.
        segment: whose respondents are predicted; None for all and some chosen segments.
        repeats: how often other respondents are hidden.
        seed: the same request with the same seed gives the same figures.
    """

    model_file: Path
    segment: dict[str, Any] | None
    repeats: int
    seed: int


@dataclasses.dataclass(frozen=True)
class ValidationResult:
    """How far predictions of hidden respondents are off, as JSON.

    Attributes:
        validation: with single figures, as many as are shown.
        summary: without; None if a segment was named.
    """

    validation: dict[str, Any]
    summary: dict[str, Any] | None


VALIDATE = functions.ChildFunction(
    "simulacra.service.datasets.validating:validate",
    ValidationRequest,
    ValidationResult,
    conditions_at="/segment",
)
"""The part of a validation that touches rows; runs in a child process."""
