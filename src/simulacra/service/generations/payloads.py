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
        artifact_file: the file to write.
        output_format: parquet, csv or arrow.
        row_count: rows that are wanted.
        rng_seed: the same request with the same seed gives the same rows.
        categorical: column to level to share of the rows, a fraction.
        numeric: column to its ``min`` and ``max``.
    """

    model_file: Path
    artifact_file: Path
    output_format: str
    row_count: int
    rng_seed: int
    categorical: dict[str, Any]
    numeric: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class SamplingResult:
    """What became of a scenario.

    Attributes:
        status: ``partial`` if there are fewer rows than were wanted.
        rows_generated: rows in the file.
        report: targets, achieved shares, support and warnings, as JSON.
    """

    status: Annotated[str, Field(pattern="^(ready|partial)$")]
    rows_generated: Annotated[int, Field(strict=True, ge=1)]
    report: dict[str, Any]


GENERATE = functions.ChildFunction(
    "simulacra.service.generations.sampling:generate", SamplingRequest, SamplingResult
)
