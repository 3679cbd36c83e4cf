"""What operators see of jobs and do with them; every look and every change is on record.

A job that has ended is never opened again. With its end, in the same transaction, the rows that it
had reserved were given back, the key of its seed file or artifact was destroyed, and its customer
may have been told. What a new try needs is a new request, which reserves and bills for itself.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, tenancy
from simulacra.service.audit import trail
from simulacra.service.audit.entry import Action, Actor
from simulacra.service.database import paging, tables
from simulacra.service.database.statuses import OPEN, JobStatus
from simulacra.service.jobs import transitions


@dataclasses.dataclass(frozen=True)
class Filter:
    """Which jobs; None lets all pass. The names are those of the columns."""

    tenant_id: str | None = None
    status: JobStatus | None = None
    operation: str | None = None


async def newest(
    session: AsyncSession, which: Filter, limit: int, before: str | None = None
) -> tuple[Sequence[tables.Job], str | None]:
    """Return up to `limit` jobs older than the one named `before`, and the next page's `before`.

    Raises:
        errors.JobError: there is no job `before`.
    """
    if before is not None:
        await get(session, before)
    query = select(tables.Job)
    for name, value in dataclasses.asdict(which).items():
        if value is not None:
            query = query.where(getattr(tables.Job, name) == value)
    return await paging.page(session, tables.Job, query, before, limit)


async def failures(
    session: AsyncSession, since: dt.timedelta, limit: int
) -> tuple[Sequence[tables.Job], int]:
    """Return up to `limit` jobs that failed lately, the last first, and how many there are."""
    job = tables.Job
    is_late = (job.status == JobStatus.FAILED, job.ended_at > clock.now(session) - since)
    latest = select(job).where(*is_late).order_by(job.ended_at.desc(), job.id).limit(limit)
    number = await session.scalar(select(func.count(job.id)).where(*is_late))
    return (await session.scalars(latest)).all(), number or 0


async def get(session: AsyncSession, job_id: str, *, lock: bool = False) -> tables.Job:
    """Return a job of any tenant; the session is of the scope `tenancy.SYSTEM`.

    Raises:
        errors.JobError: there is none of this id.
    """
    job = await session.get(
        tables.Job, job_id, populate_existing=True, with_for_update=lock or None
    )
    if job is None:
        raise errors.JobError(f"There is no job {job_id!r}.")
    return job


def note_view(
    session: AsyncSession, actor: Actor, tenant_id: str | None, job_id: str | None = None
) -> None:
    """Put on record that an operator looks at a job, or at a list of them."""
    trail.record(session, actor, Action.JOB_VIEWED, job_id, tenant_id=tenant_id)


async def retry(
    database: tenancy.Database, endings: transitions.Endings, job_id: str, actor: Actor
) -> None:
    """Have an open job begin anew at once: one that pauses after an outage, or one that is stuck.

    Raises:
        errors.JobError: there is none of this id, it has ended, or it is not its turn.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        job = await get(session, job_id, lock=True)
        _check_is_open(job)
        if job.admitted_at is None:
            raise errors.JobError(
                f"Job {job_id} waits for its turn behind other jobs of its tenant, and gets it "
                "when one of them ends; nothing is wrong with it."
            )
        await transitions.take_back(session, job_id)
        await endings.admission.move_up(session, job)
        trail.record(session, actor, Action.JOB_RETRIED, job_id, tenant_id=job.tenant_id)


async def cancel(
    database: tenancy.Database, endings: transitions.Endings, job_id: str, actor: Actor
) -> None:
    """End an open job, as its customer could; nothing is billed for it.

    Raises:
        errors.JobError: there is none of this id, or it has ended.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        reason = errors.JobCancelledError(f"Its job {job_id} was cancelled by the operator.")
        end = transitions.End(actor, reason)
        if not await endings.cancel(session, end, tables.Job.id == job_id):
            _check_is_open(await get(session, job_id))


def _check_is_open(job: tables.Job) -> None:
    status = JobStatus(job.status)
    if status in OPEN:
        return
    if status is JobStatus.FAILED:
        raise errors.JobError(
            f"Job {job.id} has failed, and that is final: the rows that it reserved were given "
            "back, and the key of what it worked on is destroyed. The customer has to repeat the "
            "request, with a new Idempotency-Key."
        )
    raise errors.JobError(f"Job {job.id} has ended: it is {status}.")
