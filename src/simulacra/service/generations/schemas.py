"""Generations as the API takes and shows them."""

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field, WithJsonSchema

from simulacra.engine import limits
from simulacra.service.database import tables
from simulacra.service.database.statuses import GenerationStatus
from simulacra.service.fields import MAX_WAIT_SECONDS, Body, WholeNumber


class OutputFormat(StrEnum):
    """Formats of an artifact."""

    PARQUET = "parquet"
    CSV = "csv"
    ARROW = "arrow"


# The engine checks conditions against the schema and words every fault; here they only have a form.
ShareMaps = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
            },
        }
    ),
]
Ranges = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["min", "max"],
                "properties": {
                    "min": {"type": ["number", "string"]},
                    "max": {"type": ["number", "string"]},
                },
            },
        }
    ),
]


class Conditions(Body):
    """A scenario: what the delivered rows shall look like."""

    categorical: ShareMaps = Field(
        default_factory=dict,
        description="Column to level to share of the rows, a fraction. Levels left out share what "
        "remains in the model's proportions.",
        examples=[{"segment": {"Premium": 0.55, "Value": 0.1}}],
    )
    numeric: Ranges = Field(
        default_factory=dict,
        description="Column to `min` and `max`, both required; dates as ISO 8601 strings.",
        examples=[{"age": {"min": 25, "max": 44}}],
    )


class GenerationRequest(Body):
    """What rows to make."""

    row_count: Annotated[WholeNumber, Field(ge=1)] = Field(
        description="Rows wanted; tight scenarios may give fewer, never more.", examples=[5000]
    )
    output_format: OutputFormat = OutputFormat.PARQUET
    seed: Annotated[WholeNumber, Field(ge=0, le=limits.MAX_SEED)] | None = Field(
        None, description="Same dataset, conditions, row count and seed: same rows."
    )
    wait_seconds: Annotated[WholeNumber, Field(ge=0, le=MAX_WAIT_SECONDS)] = 0
    conditions: Conditions = Field(default_factory=Conditions)


class GenerationDocument(BaseModel):
    """A generation; `artifact_url` appears when there are rows."""

    generation_id: str
    dataset_id: str
    status: GenerationStatus
    job_id: str
    row_count: int = Field(description="Rows asked for.")
    rows_generated: int | None = Field(None, description="Rows in the artifact; these are billed.")
    output_format: OutputFormat
    seed: int
    conditions: dict[str, Any]
    report: dict[str, Any] | None = Field(
        None,
        description="Per condition: target, achieved and support; distinct rows and donors; the "
        "quality of the model; and warnings.",
    )
    artifact_url: str | None = Field(
        None, description="Relative link, valid some minutes; the bearer token is still needed."
    )
    size_bytes: int | None = None
    sha256: str | None = None
    created_at: dt.datetime
    ready_at: dt.datetime | None = None
    expires_at: dt.datetime
    error: dict[str, Any] | None = Field(None, description="Problem document of a failure.")


class GenerationList(BaseModel):
    """One page of generations, the newest first."""

    generations: list[GenerationDocument]
    next_after: str | None = Field(None, description="`after` of the next page.")


def document(generation: tables.Generation, artifact_url: str | None) -> GenerationDocument:
    """Return the public form of a generation."""
    return GenerationDocument(
        generation_id=generation.id,
        dataset_id=generation.dataset_id,
        status=GenerationStatus(generation.status),
        job_id=generation.job_id,
        row_count=generation.row_count,
        rows_generated=generation.rows_generated,
        output_format=OutputFormat(generation.output_format),
        seed=generation.seed,
        conditions=generation.conditions,
        report=generation.report,
        artifact_url=artifact_url,
        size_bytes=generation.size_bytes,
        sha256=generation.sha256,
        created_at=generation.created_at,
        ready_at=generation.ready_at,
        expires_at=generation.expires_at,
        error=generation.error,
    )
