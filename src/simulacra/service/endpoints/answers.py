"""Jobs that only answer, such as previews: what the request that began one is answered with."""

from fastapi import Response

from simulacra.service import errors
from simulacra.service.database import statuses, tables
from simulacra.service.generations import schemas
from simulacra.service.http import serving, waiting
from simulacra.service.identity.principal import Principal
from simulacra.service.jobs import repository as jobs


async def wait_for(
    runtime: serving.Runtime,
    caller: Principal,
    job: tables.Job,
    response: Response,
    seconds: int,
    *,
    is_replayed: bool = False,
) -> schemas.JobWithAnswer:
    """Return a job as it is when it ends, or when so many seconds are over.

    Args:
        runtime: the parts of the process.
        caller: whose job it is.
        job: as it began.
        response: gets the status and the headers.
        seconds: to wait; 0 to answer at once.
        is_replayed: whether the job is the answer to an earlier request.

    Raises:
        problems.Problem: it failed.
        errors.JobCancelledError: somebody cancelled it.
        errors.DatasetNotFoundError: its dataset expired before.
        errors.GenerationNotFoundError: or its generation did.
    """
    is_of_rows = "generation_id" in (job.asked or {})
    if seconds:
        await runtime.announcements.wait(runtime.database, caller.tenant_id, job.id, seconds)
        job = await jobs.read(runtime.database, caller.tenant_id, job.id)
        _refuse_end(job, is_of_rows=is_of_rows)
    is_done = statuses.JobStatus(job.status).is_final
    waiting.announce(response, job.id, is_done=is_done, is_replayed=is_replayed)
    return schemas.job_with_answer(job)


def _refuse_end(job: tables.Job, *, is_of_rows: bool) -> None:
    """Answer with the problem of a job that ended without its answer."""
    waiting.refuse_failure(job.error, job_id=job.id)
    if job.status == statuses.JobStatus.CANCELLED:
        raise errors.JobCancelledError(f"The job {job.id} was cancelled before it had an answer.")
    if job.status == statuses.JobStatus.EXPIRED:
        gone = errors.GenerationNotFoundError if is_of_rows else errors.DatasetNotFoundError
        raise gone("What was asked about expired before the answer was there.")
