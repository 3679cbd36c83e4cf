"""What can be done with jobs from outside, and what becomes of their records."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import defer

from simulacra.service import clock, errors, tenancy
from simulacra.service.database import paging, tables
from simulacra.service.database.statuses import JobStatus
from simulacra.service.idempotency import bindings
from simulacra.service.identity.principal import Principal
from simulacra.service.jobs import repository, transitions

ANSWER = dt.timedelta(hours=1)
"""How long after its end a job shows what it answered, such as a preview."""
TOMBSTONE = dt.timedelta(days=7)
"""How long a job whose record was retired still answers with its id and times."""


async def read(database: tenancy.Database, caller: Principal, job_id: str) -> tables.Job:
    """Return a job."""
    return await repository.read(database, caller.tenant_id, job_id)


async def page(
    database: tenancy.Database,
    caller: Principal,
    status: JobStatus | None,
    operation: str | None,
    after: str | None,
    limit: int,
) -> tuple[Sequence[tables.Job], str | None]:
    """Return up to `limit` of the caller's jobs behind the one named `after`, and the next `after`.

    Raises:
        errors.InvalidFieldsError: the tenant has no job `after`.
    """
    query = select(tables.Job).options(defer(tables.Job.answer, raiseload=True))
    if status is not None:
        query = query.where(tables.Job.status == status)
    if operation is not None:
        query = query.where(tables.Job.operation == operation)
    async with database.transaction(caller.tenant_id) as session:
        return await paging.page(session, tables.Job, query, after, limit)


async def cancel(
    database: tenancy.Database, endings: transitions.Endings, caller: Principal, job_id: str
) -> tables.Job:
    """End a job and what it was to make, unless it has ended; return it as it is now.

    Raises:
        errors.JobNotFoundError: there is no such job.
        errors.ForbiddenError: the token may not start a job of its kind.
    """
    async with database.transaction(caller.tenant_id) as session:
        job = await repository.get(session, job_id)
        scope = endings.kinds[job.operation].scope
        if scope not in caller.scopes:
            raise errors.ForbiddenError(f"The token lacks the scope {scope!r}.")
        reason = errors.JobCancelledError(f"Its job {job_id} was cancelled.")
        end = transitions.End(caller.actor, reason)
        await endings.cancel(session, end, tables.Job.id == job_id)
        return await repository.get(session, job_id)


async def forget_answers(database: tenancy.Database) -> None:
    """Remove what was answered in the rows of jobs that ended some time ago."""
    async with database.transaction(tenancy.SYSTEM) as session:
        is_old = tables.Job.ended_at <= clock.now(session) - ANSWER
        await repository.forget_answers(session, is_old)


async def retire(database: tenancy.Database, history: dt.timedelta) -> None:
    """Reduce the records of jobs that ended long ago, and remove those that nothing needs.

    Args:
        database: of the installation.
        history: how long the record of a job is kept whole.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        ended, now = tables.Job.ended_at, clock.now(session)
        await transitions.retire(session, ended <= now - history)
        is_needed = bindings.is_kept(tables.Job.id)
        await session.execute(
            delete(tables.Job).where(ended <= now - history - TOMBSTONE, ~is_needed)
        )
