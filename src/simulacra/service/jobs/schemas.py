"""Jobs as the API shows them."""

import datetime as dt
from typing import Annotated, Any

from pydantic import BaseModel, Field

from simulacra.service.database import tables
from simulacra.service.database.statuses import JobStatus
from simulacra.service.errors.documents import ProblemDocument
from simulacra.service.fields import As


class Progress(BaseModel):
    """How far a job has come."""

    stage: str = Field(
        examples=["fitting"],
        description="queued, starting, reading, cleaning, fitting, sampling, validating, writing "
        "or completed.",
    )
    fraction: float = Field(ge=0, le=1, description="Of the whole that is done.")
    step: int | None = Field(
        default=None,
        examples=[7],
        description="Steps of the stage that are done: columns fitted, or drawn.",
    )
    steps: int | None = Field(
        default=None, examples=[15], description="How many steps the stage has."
    )


class JobDocument(BaseModel):
    """A job; the ids of what it makes appear when it is completed."""

    job_id: str
    operation: str = Field(description="operationId of the request that started the job.")
    status: JobStatus
    progress: Progress
    dataset_id: str | None = None
    generation_id: str | None = None
    error: Annotated[dict[str, Any], As(ProblemDocument)] | None = Field(
        None, description="Problem document of a failed job."
    )
    created_at: dt.datetime
    started_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None


class JobList(BaseModel):
    """One page of jobs, the newest first."""

    jobs: list[JobDocument]
    next_after: str | None = Field(None, description="`after` of the next page.")


def _named(job: tables.Job) -> dict[str, Any] | None:
    """Return the error of a job with the ids of what it was to make, so that it can be found."""
    if job.error is None:
        return None
    of_job = {"dataset_id": job.dataset_id, "generation_id": job.generation_id}
    return {**job.error, **{name: own for name, own in of_job.items() if own is not None}}


def document(job: tables.Job) -> JobDocument:
    """Return the public form of a job."""
    status = JobStatus(job.status)
    is_completed = status is JobStatus.COMPLETED
    return JobDocument(
        job_id=job.id,
        operation=job.operation,
        status=status,
        progress=Progress(
            stage=job.stage,
            fraction=round(job.progress, 3),
            step=job.step,
            steps=job.steps,
        ),
        dataset_id=job.dataset_id if is_completed else None,
        generation_id=job.generation_id if is_completed else None,
        error=_named(job),
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
    )
