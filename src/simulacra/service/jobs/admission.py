"""Whose turn it is: which of the queued jobs have an entry in the queue.

Workers take entries first come, first served. So that one tenant's five hundred jobs do not keep
another's one waiting, a tenant has only a few entries at a time for each kind of work; its other
jobs wait in the `jobs` table, and each job that ends lets the next one in. That is at once the cap
on how many jobs of a tenant run together.
"""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    cast,
    column,
    delete,
    exists,
    func,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, tenancy
from simulacra.service.database import tables
from simulacra.service.database.statuses import OPEN, JobStatus
from simulacra.service.jobs import kinds

if TYPE_CHECKING:  # who counts jobs does not need the queue, which takes a while to load
    import procrastinate
    from procrastinate import jobs as queue_jobs

TAKEN = "doing"
"""Status of an entry that a worker has, as procrastinate has it."""
LOCK = 7_265_003
"""First key of the advisory locks under which a tenant's entries are counted."""
RECONCILING = 7_265_004
FIRST = 1000
"""Priority of an entry that an operator moved up; all others begin at 0."""

_jobs = tables.Job
_entries = table(
    "procrastinate_jobs",
    column("id", BigInteger),
    column("args", JSONB),
    column("status"),
    column("worker_id", BigInteger),
)


@dataclasses.dataclass(frozen=True)
class Admission:
    """Gives jobs their entries in the queue.

    Attributes:
        app: the queue.
        kinds: every job kind.
        jobs_per_tenant: entries that a tenant has at a time for each kind of work.
    """

    app: "procrastinate.App"
    kinds: kinds.Kinds
    jobs_per_tenant: int

    async def admit(self, session: AsyncSession, tenant_id: str, operation: str) -> None:
        """Give the next jobs of a tenant their queue entries, as many as it has room for."""
        await _lock(session, tenant_id, operation)
        is_of_tenant = and_(_jobs.tenant_id == tenant_id, _jobs.operation == operation)
        is_admitted = and_(is_of_tenant, _jobs.status.in_(OPEN), _jobs.admitted_at.is_not(None))
        admitted = await session.scalar(select(func.count()).select_from(_jobs).where(is_admitted))
        room = self.jobs_per_tenant - int(admitted or 0)
        if room <= 0:
            return
        waiting = select(_jobs).where(is_of_tenant, _is_waiting())
        oldest = waiting.order_by(_jobs.created_at, _jobs.id).limit(room)
        # Who has locked a job is ending it, and will wait for the lock that is held here.
        for job in (await session.scalars(oldest.with_for_update(skip_locked=True))).all():
            job.admitted_at = await clock.read(session)
            await self._defer(session, job)

    async def reconcile(self, database: tenancy.Database) -> int:
        """Give jobs an entry that should have one and have none; return how many.

        Whatever took their entries, without one nobody would come for them.
        """
        async with database.transaction(tenancy.SYSTEM) as session:
            if not await session.scalar(select(func.pg_try_advisory_xact_lock(RECONCILING))):
                return 0  # another worker does it at this moment
            lost = await _without_entry(session)
            for job in lost:
                await self._defer(session, job)
            waiting = select(_jobs.tenant_id, _jobs.operation).where(_is_waiting()).distinct()
            tenants = (await session.execute(waiting)).all()
        for tenant_id, operation in tenants:  # a transaction each, so that no lock is held for long
            async with database.transaction(tenancy.SYSTEM) as session:
                await self.admit(session, tenant_id, operation)
        return len(lost)

    async def replace(self, database: tenancy.Database, entry: "queue_jobs.Job") -> None:
        """Put a fresh entry in the place of one whose worker was lost, before all that wait.

        That worker may wake up and end its entry. By then another one must have the job by an entry
        of its own, or it would lose it.
        """
        is_lost = and_(
            _entries.c.id == entry.id,
            cast(_entries.c.status, Text) == TAKEN,
            _entries.c.worker_id.is_not_distinct_from(entry.worker_id),
        )
        lost = delete(_entries).where(is_lost).returning(_entries.c.args["job_id"].astext)
        async with database.transaction(tenancy.SYSTEM) as session:
            job_id = await session.scalar(lost)
            job = await session.get(tables.Job, job_id) if job_id is not None else None
            if job is not None and job.status in OPEN:
                await self._defer(session, job, priority=entry.priority + 1)

    async def move_up(self, session: AsyncSession, job: tables.Job) -> None:
        """Put a fresh entry in the place of an admitted job's, due now and before all that wait.

        An attempt must not have the job any more: the entry of its worker goes too, as in
        `replace`.
        """
        of_job = _entries.c.args["job_id"].astext == job.id
        await session.execute(delete(_entries).where(of_job))
        await self._defer(session, job, priority=FIRST)

    async def _defer(self, session: AsyncSession, job: tables.Job, *, priority: int = 0) -> None:
        """Write a job's queue entry in the session's transaction."""
        kind = self.kinds[job.operation]
        raw = await (await session.connection()).get_raw_connection()
        connection = raw.driver_connection
        assert isinstance(connection, psycopg.AsyncConnection)  # noqa: S101 - narrows for mypy
        deferrer = self.app.configure_task(
            kind.task,
            queue=kind.queue,
            priority=priority,
            connection=connection,
            allow_unknown=True,
        )
        await deferrer.defer_async(tenant_id=job.tenant_id, job_id=job.id)


async def count_open(session: AsyncSession, tenant_id: str, operation: str) -> int:
    """Return how many jobs of a tenant wait or run; none is added until the transaction ends."""
    await _lock(session, tenant_id, operation)
    is_open = and_(
        _jobs.tenant_id == tenant_id, _jobs.operation == operation, _jobs.status.in_(OPEN)
    )
    return await session.scalar(select(func.count()).select_from(_jobs).where(is_open)) or 0


async def _lock(session: AsyncSession, tenant_id: str, operation: str) -> None:
    queue_of_tenant = func.hashtext(f"{tenant_id}/{operation}")
    await session.execute(select(func.pg_advisory_xact_lock(LOCK, queue_of_tenant)))


def _is_waiting() -> ColumnElement[bool]:
    return and_(_jobs.status == JobStatus.QUEUED, _jobs.admitted_at.is_(None))


async def _without_entry(session: AsyncSession) -> Sequence[tables.Job]:
    has_entry = exists().where(_entries.c.args["job_id"].astext == _jobs.id)
    admitted = select(_jobs).where(_jobs.status.in_(OPEN), _jobs.admitted_at.is_not(None))
    return (await session.scalars(admitted.where(~has_entry))).all()
