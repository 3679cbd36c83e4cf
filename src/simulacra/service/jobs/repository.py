"""Job rows: made together with their queue entry, read, awaited and cancelled."""

import asyncio
import time

import psycopg
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import keys, runtime
from simulacra.service.database import tables
from simulacra.service.http import problems
from simulacra.service.jobs.schemas import JobStatus
from simulacra.service.usage import ledger

TASKS = {"createDataset": "datasets:train", "createGeneration": "generations:generate"}
POLL_SECONDS = (0.03, 0.5)
"""First and longest pause between two looks at a job that somebody waits for."""


def new_id() -> str:
    """Return a fresh job id."""
    return keys.random_id("job_")


async def enqueue(session: AsyncSession, running: runtime.Runtime, job: tables.Job) -> None:
    """Add `job` and its queue entry to the caller's transaction: both exist, or neither."""
    session.add(job)
    await session.flush()
    raw = await (await session.connection()).get_raw_connection()
    connection = raw.driver_connection
    assert isinstance(connection, psycopg.AsyncConnection)  # noqa: S101 - narrows for mypy
    deferrer = running.queue.configure_task(
        TASKS[job.operation], connection=connection, allow_unknown=True
    )
    await deferrer.defer_async(tenant_id=job.tenant_id, job_id=job.id)


async def get(session: AsyncSession, job_id: str) -> tables.Job:
    """Return a job of the session's tenant.

    Raises:
        problems.Problem: there is none of this id.
    """
    job = await session.get(tables.Job, job_id, populate_existing=True)
    if job is None:
        raise problems.Problem("simio_job_not_found", f"There is no job {job_id!r}.")
    return job


async def cancel_for_dataset(session: AsyncSession, dataset_id: str) -> None:
    """End the unfinished jobs of a dataset; their workers notice by the lost attempt token."""
    ended = await session.scalars(
        update(tables.Job)
        .where(
            tables.Job.dataset_id == dataset_id,
            tables.Job.status.in_([JobStatus.QUEUED, JobStatus.PROCESSING]),
        )
        .values(status=JobStatus.CANCELLED, attempt_token=None, ended_at=func.now())
        .returning(tables.Job)
    )
    # The oldest first: everybody locks windows in this order, so that nobody waits in a circle.
    for job in sorted(ended.all(), key=lambda job: job.created_at):
        if job.generation_id is not None:
            await ledger.release(session, job.generation_id)


async def wait(running: runtime.Runtime, tenant_id: str, job_id: str, seconds: float) -> None:
    """Return when the job is final, or after `seconds`."""
    deadline = time.monotonic() + seconds
    pause, longest = POLL_SECONDS
    while time.monotonic() + pause < deadline:
        await asyncio.sleep(pause)
        async with running.database.transaction(tenant_id) as session:
            status = await session.scalar(select(tables.Job.status).where(tables.Job.id == job_id))
        if status is None or JobStatus(status).is_final:
            return
        pause = min(pause * 1.3, longest)
