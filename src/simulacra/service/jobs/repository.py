"""Job rows: made, read and awaited."""

import asyncio
import contextlib
import time

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, keys, tenancy
from simulacra.service.audit import origin
from simulacra.service.database import tables
from simulacra.service.database.statuses import JobStatus
from simulacra.service.jobs import admission

REDACTED = "The result of the job is gone, and with it the explanation of its error."
POLL_SECONDS = (0.03, 0.5)
"""First and longest pause between two looks at a job that somebody waits for."""


def new_id() -> str:
    """Return a fresh job id."""
    return keys.random_id("job_")


async def enqueue(session: AsyncSession, entrance: admission.Admission, job: tables.Job) -> None:
    """Add `job` to the caller's transaction, with its queue entry if it is its tenant's turn."""
    job.status, job.request_id = JobStatus.QUEUED, origin.REQUEST_ID.get()
    job.created_at = await clock.read(session)
    session.add(job)
    await session.flush()
    await entrance.admit(session, job.tenant_id, job.operation)


async def get(session: AsyncSession, job_id: str) -> tables.Job:
    """Return a job of the session's tenant.

    Raises:
        errors.JobNotFoundError: there is none of this id.
    """
    job = await session.get(tables.Job, job_id, populate_existing=True)
    if job is None:
        raise errors.JobNotFoundError(f"There is no job {job_id!r}.")
    return job


async def redact(session: AsyncSession, job_id: str) -> None:
    """Leave of a job's error its code: what it quotes of the data ends with what the job made."""
    job = await session.get(tables.Job, job_id, populate_existing=True, with_for_update=True)
    if job is not None and job.error is not None:
        remaining = {name: member for name, member in job.error.items() if name != "errors"}
        job.error = remaining | {"detail": REDACTED}


async def wait(
    database: tenancy.Database,
    draining: asyncio.Event,
    tenant_id: str,
    job_id: str,
    seconds: float,
) -> None:
    """Return when the job is final, after `seconds`, or when `draining` is set."""
    deadline = time.monotonic() + seconds
    pause, longest = POLL_SECONDS
    while time.monotonic() + pause < deadline:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(draining.wait(), pause)
            return
        async with database.transaction(tenant_id) as session:
            status = await session.scalar(select(tables.Job.status).where(tables.Job.id == job_id))
        if status is None or JobStatus(status).is_final:
            return
        pause = min(pause * 1.3, longest)
