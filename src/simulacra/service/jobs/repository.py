"""Job rows: made and read."""

from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, keys, tenancy
from simulacra.service.audit import origin
from simulacra.service.database import tables
from simulacra.service.database.prepared import Prepared
from simulacra.service.database.statuses import JobStatus
from simulacra.service.jobs import admission

REDACTED = "The result of the job is gone, and with it the explanation of its error."
_COLUMNS = tuple(column.key for column in tables.Job.__table__.columns)
_BY_ID = Prepared.of_tenant(
    tables.Job,
    select(*tables.Job.__table__.columns).where(tables.Job.id == bindparam("job", None, Text)),
)


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


async def read(database: tenancy.Database, tenant_id: str, job_id: str) -> tables.Job:
    """Return a job of a tenant as it is now, in one round trip: for those who ask again and again.

    Raises:
        errors.JobNotFoundError: there is none of this id.
    """
    row = await database.read(tenant_id, _BY_ID, {"job": job_id})
    if row is None:
        raise errors.JobNotFoundError(f"There is no job {job_id!r}.")
    return tables.Job(**dict(zip(_COLUMNS, row, strict=True)))


async def answer(session: AsyncSession, job_id: str, document: dict[str, Any]) -> None:
    """Keep what came of a job in its row, for the one who waits for it."""
    await session.execute(update(tables.Job).where(tables.Job.id == job_id).values(answer=document))


async def forget_answers(session: AsyncSession, *which: ColumnElement[bool]) -> None:
    """Remove from the rows of some jobs what was asked and answered there."""
    is_there = tables.Job.asked.is_not(None) | tables.Job.answer.is_not(None)
    gone = update(tables.Job).where(is_there, *which).values(asked=None, answer=None)
    await session.execute(gone.execution_options(synchronize_session=False))


async def redact(session: AsyncSession, *which: ColumnElement[bool]) -> None:
    """Leave of the errors of some jobs their codes: what they quote ends with the data."""
    error = tables.Job.error
    remaining = error.delete_path(["errors"]).concat({"detail": REDACTED})
    # A column of a job without an error may hold the null of JSON, which has no members.
    has_members = func.jsonb_typeof(error) == "object"
    redacted = update(tables.Job).where(has_members, *which).values(error=remaining)
    await session.execute(redacted.execution_options(synchronize_session=False))
