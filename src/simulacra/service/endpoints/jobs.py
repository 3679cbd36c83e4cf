"""Listing, reading and cancelling jobs."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from simulacra.service import errors
from simulacra.service.database import statuses
from simulacra.service.generations import schemas as generations
from simulacra.service.http import guards, openapi, paging, serving, waiting
from simulacra.service.jobs import schemas, service

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

LINKS = {
    "again": openapi.link("getJob", "Until then: poll it again.", job_id="job_id"),
    "cancel": openapi.link("cancelJob", "Stop it, if it is not wanted.", job_id="job_id"),
    "schema": openapi.link(
        "getDatasetSchema", "Once a training is completed: read it.", dataset_id="dataset_id"
    ),
    "generation": openapi.link(
        "getGeneration", "Once rows are there: read about them.", generation_id="generation_id"
    ),
    "generate": openapi.link(
        "createGeneration",
        "Once a preview is completed: ask for its rows.",
        dataset_id="dataset_id",
    ),
}
ENVELOPE = {"model": schemas.JobDocument, "links": LINKS, "description": "The job as it is now."}


@router.get(
    "",
    operation_id="listJobs",
    summary="List the jobs of the tenant",
    response_model_exclude_none=True,
    responses={
        200: {
            "description": "A page of jobs.",
            "links": {
                "next": openapi.link("listJobs", "Read the next page.", after="next_after"),
                "newest": openapi.link("getJob", "Follow the newest.", job_id="jobs/0/job_id"),
            },
        }
    },
)
async def list_jobs(
    caller: guards.ReadJobs,
    runtime: serving.Runtime,
    status: Annotated[
        statuses.JobStatus | None, Query(description="Those in one state only.")
    ] = None,
    kind: Annotated[
        str | None, Query(description="Those of one `operation` only, such as createDataset.")
    ] = None,
    after: paging.After = None,
    limit: paging.Limit = paging.DEFAULT_LIMIT,
) -> schemas.JobList:
    """Return the jobs that are on record, the newest first."""
    if kind is not None and kind not in runtime.job_kinds:
        detail = f"There is no such kind of job; there are {', '.join(runtime.job_kinds)}."
        raise errors.InvalidFieldsError([errors.Fault("kind", detail, is_parameter=True)])
    jobs, next_after = await service.page(runtime.database, caller, status, kind, after, limit)
    return schemas.JobList(jobs=[schemas.document(it) for it in jobs], next_after=next_after)


@router.get(
    "/{job_id}",
    operation_id="getJob",
    summary="Read a job, or wait for it",
    response_model=generations.JobWithAnswer,
    response_model_exclude_none=True,
    responses={
        200: ENVELOPE | {"model": generations.JobWithAnswer} | openapi.sends("Retry-After"),
        **openapi.problems("simio_job_not_found"),
    },
)
async def get_job(
    job_id: str,
    caller: guards.ReadJobs,
    runtime: serving.Runtime,
    response: Response,
    wait_seconds: waiting.WaitSeconds = 0,
) -> generations.JobWithAnswer:
    """Return the job's status and progress; `wait_seconds` holds the answer until it is final.

    The job of a preview, validation, table or comparison shows its answer, for an hour after its
    end.
    A job is kept for a day and longer after its end. Then it is `expired`: only its id and its
    times are left.
    """
    job = await service.read(runtime.database, caller, job_id)
    if wait_seconds and not statuses.JobStatus(job.status).is_final:
        await runtime.announcements.wait(runtime.database, caller.tenant_id, job_id, wait_seconds)
        job = await service.read(runtime.database, caller, job_id)
    document = generations.job_with_answer(job)
    if not document.status.is_final:
        response.headers["Retry-After"] = waiting.RETRY_AFTER_SECONDS
    return document


@router.post(
    "/{job_id}/cancel",
    operation_id="cancelJob",
    summary="Cancel a job",
    response_model=schemas.JobDocument,
    response_model_exclude_none=True,
    responses={200: ENVELOPE, **openapi.problems("simio_job_not_found")},
    openapi_extra=openapi.CONSEQUENTIAL,
)
async def cancel_job(
    job_id: str, caller: guards.WriteJobs, runtime: serving.Runtime
) -> schemas.JobDocument:
    """Stop a job that has not ended; nothing is billed for it. May be repeated.

    What it was to make ends as `failed`. A job that has ended stays as it is: look at `status`.
    """
    job = await service.cancel(runtime.database, runtime.endings, caller, job_id)
    return schemas.document(job)
