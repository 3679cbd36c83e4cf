"""Reading jobs."""

from fastapi import APIRouter, Response

from simulacra.service import runtime
from simulacra.service.database import tables
from simulacra.service.http import guards, openapi, waiting
from simulacra.service.jobs import repository, schemas

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get(
    "/{job_id}",
    operation_id="getJob",
    summary="Read a job, or wait for it",
    response_model=schemas.JobDocument,
    response_model_exclude_none=True,
    responses=openapi.problems(401, 403, 404),
)
async def get_job(
    job_id: str,
    caller: guards.ReadJobs,
    running: runtime.Running,
    response: Response,
    wait_seconds: waiting.WaitSeconds = 0,
) -> schemas.JobDocument:
    """Return the job's status and progress; `wait_seconds` holds the answer until it is final."""
    job = await _read(running, caller.tenant_id, job_id)
    if wait_seconds and not schemas.JobStatus(job.status).is_final:
        await repository.wait(running, caller.tenant_id, job_id, wait_seconds)
        job = await _read(running, caller.tenant_id, job_id)
    document = schemas.document(job)
    if not document.status.is_final:
        response.headers["Retry-After"] = waiting.RETRY_AFTER_SECONDS
    return document


async def _read(running: runtime.Runtime, tenant_id: str, job_id: str) -> tables.Job:
    async with running.database.transaction(tenant_id) as session:
        return await repository.get(session, job_id)
