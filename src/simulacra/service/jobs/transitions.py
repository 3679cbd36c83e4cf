"""The states of a job, and every move between them.

    queued <-> processing -> completed | failed
    queued | processing -> cancelled | expired
    whatever has ended long ago -> expired

No other module writes a status. A move asks for the states that it starts from, and the moves of
an attempt for its token too, so of two that race one finds nothing to move. With the last move of a
job goes, in the same transaction, what depends on it: rows that were reserved are given back, what
the job was to make ends, webhooks are to be told, and the tenant's next job gets its turn.

Locks are taken in one order, so that none of these transactions waits for another one that waits
for it: key, job, dataset or generation, window of usage, webhooks, the tenant's place in the
queue, trail.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, keys, objects
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Detail, Outcome
from simulacra.service.database import tables
from simulacra.service.database.statuses import OPEN, JobStatus
from simulacra.service.jobs import admission, announcements, kinds
from simulacra.service.webhooks.events import Outbox

SOURCES: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.PROCESSING}),
    JobStatus.PROCESSING: OPEN,  # from itself too: its worker was lost
    JobStatus.COMPLETED: frozenset({JobStatus.PROCESSING}),
    JobStatus.FAILED: frozenset({JobStatus.PROCESSING}),
    JobStatus.CANCELLED: OPEN,
    JobStatus.EXPIRED: frozenset(JobStatus) - {JobStatus.EXPIRED},
}
"""From which states each state may be reached."""

Save = kinds.Save

_jobs = tables.Job


class SupersededError(Exception):
    """The job was cancelled, or another worker has taken it over."""


@dataclasses.dataclass(frozen=True)
class End:
    """How what a job was to make ends with it, when the job is not completed.

    Attributes:
        actor: who ended it.
        error: why, for its reader; the code goes into the audit trail.
    """

    actor: entry.Actor
    error: errors.ServiceError


async def begin(session: AsyncSession, job_id: str) -> tables.Job | None:
    """Begin an attempt, under a fresh token; None if the job is final."""
    moved = await _move(
        session,
        JobStatus.PROCESSING,
        _jobs.id == job_id,
        stage="starting",
        progress=0.0,
        attempt=_jobs.attempt + 1,
        attempt_token=keys.random_id(),
        started_at=func.coalesce(_jobs.started_at, clock.now(session)),
    )
    return moved[0] if moved else None


async def report(session: AsyncSession, job: tables.Job, **progress: Any) -> None:  # noqa: ANN401
    """Record how far an attempt has come.

    Raises:
        SupersededError: the attempt has lost its job.
    """
    _only(await _move(session, JobStatus.PROCESSING, _is_held(job), **progress))


async def give_back(session: AsyncSession, job: tables.Job, *, is_blamed: bool) -> None:
    """End an attempt without an end of its job, which waits for the next one.

    Raises:
        SupersededError: the attempt has lost its job.
    """
    _only(
        await _move(
            session,
            JobStatus.QUEUED,
            _is_held(job),
            stage="queued",
            progress=0.0,
            attempt_token=None,
            excused_attempts=_jobs.excused_attempts + int(not is_blamed),
        )
    )


async def take_back(session: AsyncSession, job_id: str) -> None:
    """End the attempt that has a job, if one has it; its worker notices within a second.

    The attempt does not count, since neither the job nor its worker is known to be at fault.
    """
    await _move(
        session,
        JobStatus.QUEUED,
        _jobs.id == job_id,
        stage="queued",
        progress=0.0,
        attempt_token=None,
        excused_attempts=_jobs.excused_attempts + 1,
    )


@dataclasses.dataclass(frozen=True)
class Endings:
    """The moves that end jobs, with all that depends on them.

    Attributes:
        kinds: every job kind.
        admission: gives the next job of the tenant its turn.
        outbox: takes the events that tell of them.
        problem_document: returns an error as it is written down for its reader.
    """

    kinds: kinds.Kinds
    admission: admission.Admission
    outbox: Outbox
    problem_document: Callable[[errors.ServiceError], dict[str, Any]]

    async def complete(self, session: AsyncSession, job: tables.Job, save: Save) -> None:
        """End a job and `save` its result.

        Raises:
            SupersededError: the attempt has lost its job.
        """
        values = {"stage": "completed", "progress": 1.0}
        moved = _only(await _move(session, JobStatus.COMPLETED, _is_held(job), **values))
        await save(session)
        await self._tell(session, [moved])
        await self.admission.admit(session, moved.tenant_id, moved.operation)

    async def fail(
        self, session: AsyncSession, job: tables.Job, error: errors.ServiceError
    ) -> None:
        """End a job that cannot succeed, and what it was to make.

        Raises:
            SupersededError: the attempt has lost its job.
        """
        document = self._document(job, error)
        moved = _only(await _move(session, JobStatus.FAILED, _is_held(job), error=document))
        await self._close(session, moved, End(entry.SYSTEM, error))
        await self._tell(session, [moved])
        await self.admission.admit(session, moved.tenant_id, moved.operation)

    async def cancel(
        self, session: AsyncSession, end: End, *which: ColumnElement[bool]
    ) -> Sequence[tables.Job]:
        """End the open ones of some jobs of one tenant; their workers notice within a second."""
        return await self._end(session, JobStatus.CANCELLED, end, which)

    async def expire(
        self, session: AsyncSession, end: End, *which: ColumnElement[bool]
    ) -> Sequence[tables.Job]:
        """End the open ones of some jobs of one tenant, since their time is over."""
        return await self._end(session, JobStatus.EXPIRED, end, which)

    async def _end(
        self,
        session: AsyncSession,
        status: JobStatus,
        end: End,
        which: Sequence[ColumnElement[bool]],
    ) -> Sequence[tables.Job]:
        moved = await _move(session, status, _jobs.status.in_(OPEN), *which, stage=status)
        for job in sorted(moved, key=lambda job: job.created_at):  # so are their windows of usage
            await self._close(session, job, end)
        await self._tell(session, moved)
        for tenant_id, operation in sorted({(job.tenant_id, job.operation) for job in moved}):
            await self.admission.admit(session, tenant_id, operation)
        return moved

    async def _tell(self, session: AsyncSession, jobs: Sequence[tables.Job]) -> None:
        """Tell who waits for some jobs that they have ended, once the transaction commits."""
        await announcements.announce(session, jobs)
        makers = [job for job in jobs if self.kinds[job.operation].result is not None]
        await self.outbox.jobs_ended(session, makers)

    async def _close(self, session: AsyncSession, job: tables.Job, end: End) -> None:
        """End what a job was to make, which will not come."""
        kind = self.kinds[job.operation]
        result, result_id = kind.result, kind.result_id(job)
        if result is not None:
            ended = {"status": "failed", "error": self._document(job, end.error)}
            await session.execute(
                update(result)
                .where(result.id == result_id, result.status == "processing")
                .values(**ended, sealed_key=None)
            )
            await objects.doom(session, result_id)
        await kind.release(session, result_id)
        trail.record(
            session,
            end.actor,
            kind.failure,
            result_id,
            tenant_id=job.tenant_id,
            outcome=Outcome.FAILED,
            details={Detail.CODE: end.error.code},
        )

    def _document(self, job: tables.Job, error: errors.ServiceError) -> dict[str, Any]:
        request = {"request_id": job.request_id} if job.request_id else {}
        return self.problem_document(error) | request


async def retire(session: AsyncSession, *which: ColumnElement[bool]) -> None:
    """Reduce the records of jobs that have ended to their ids and times."""
    has_ended = _jobs.status.not_in(OPEN)
    forgotten = {"error": None, "idempotency_key": None, "asked": None, "answer": None}
    await _move(session, JobStatus.EXPIRED, has_ended, *which, stage="expired", **forgotten)


async def _move(
    session: AsyncSession,
    to: JobStatus,
    *which: ColumnElement[bool],
    **values: Any,  # noqa: ANN401 - columns
) -> Sequence[tables.Job]:
    if "stage" in values:
        values = {"step": None, "steps": None} | values
    if to not in OPEN:
        values |= {
            "attempt_token": None,
            "ended_at": func.coalesce(_jobs.ended_at, clock.now(session)),
        }
    moved = update(_jobs).where(_jobs.status.in_(SOURCES[to]), *which).values(status=to, **values)
    # The rows that come back are written over jobs that the session has, so that SQLAlchemy need
    # not find out which of them the condition meets.
    options = {"populate_existing": True, "synchronize_session": False}
    rows = await session.scalars(moved.returning(_jobs), execution_options=options)
    return rows.all()


def _is_held(job: tables.Job) -> ColumnElement[bool]:
    """Return the condition that the attempt which began with `job` still has it."""
    return (_jobs.id == job.id) & (_jobs.attempt_token == job.attempt_token)


def _only(moved: Sequence[tables.Job]) -> tables.Job:
    if not moved:
        raise SupersededError
    return moved[0]
