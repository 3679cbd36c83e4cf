"""Attempts at a job, fenced: whoever lost the job's token cannot write its result.

A worker begins an attempt by writing a fresh token into the job's row. Each later write asks for
that token, so after a retry has begun, or the job was cancelled, the writes of a worker that was
merely slow find no row and change nothing.
"""

import contextlib
import dataclasses
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import sqlalchemy.exc
from procrastinate import RetryStrategy
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import keys, runtime
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail, Outcome
from simulacra.service.database import tables
from simulacra.service.http import problems
from simulacra.service.jobs import child
from simulacra.service.jobs.schemas import JobStatus
from simulacra.service.usage import ledger

RETRY = RetryStrategy(wait=1, exponential_wait=2)
"""The queue retries whatever is raised; `begin` counts the attempts and ends them."""

PROGRESS_SECONDS = 0.25

logger = logging.getLogger(__name__)

Save = Callable[[AsyncSession], Awaitable[None]]
Work = Callable[["Attempt"], Awaitable[Save]]


class SupersededError(Exception):
    """The job was cancelled, or another worker has taken it over."""


@dataclasses.dataclass
class Attempt:
    """One try at one job."""

    running: runtime.Runtime
    job: tables.Job
    token: str
    _reported: float = 0.0

    @property
    def limits(self) -> child.Limits:
        """What the child process of this attempt may use."""
        policy = self.running.policy
        return child.Limits(policy.job_memory_bytes, policy.job_seconds)

    async def report(self, stage: str, fraction: float) -> None:
        """Record progress, at most a few times a second.

        Raises:
            SupersededError: the job is not ours any more.
        """
        now = time.monotonic()
        if stage == self.job.stage and now - self._reported < PROGRESS_SECONDS:
            return
        self._reported, self.job.stage = now, stage
        async with self._fenced(stage=stage, progress=fraction):
            pass

    async def succeed(self, save: Save) -> None:
        """End the job and `save` what it made, in one transaction."""
        values = {"status": JobStatus.COMPLETED, "stage": "completed", "progress": 1.0}
        async with self._fenced(**values, ended_at=func.now()) as session:
            await save(session)

    async def fail(self, problem: problems.Problem) -> None:
        """End the job and what it was to make as failed."""
        error = problem.document(self.running.policy.base_url)
        values = {"status": JobStatus.FAILED, "error": error, "ended_at": func.now()}
        owner = tables.Generation if self.job.generation_id else tables.Dataset
        owner_id = self.job.generation_id or self.job.dataset_id
        async with self._fenced(**values) as session:
            await session.execute(
                update(owner).where(owner.id == owner_id).values(status="failed", error=error)
            )
            if self.job.generation_id:
                await ledger.release(session, self.job.generation_id)
            self._record_failure(session, owner_id, problem.entry.code)

    def _record_failure(self, session: AsyncSession, owner_id: str, code: str) -> None:
        is_generation = self.job.generation_id is not None
        trail.record(
            session,
            entry.SYSTEM,
            Action.GENERATION_FAILED if is_generation else Action.DATASET_FAILED,
            owner_id,
            tenant_id=self.job.tenant_id,
            outcome=Outcome.FAILED,
            details={Detail.CODE: code},
        )

    @contextlib.asynccontextmanager
    async def _fenced(self, **values: Any) -> AsyncIterator[AsyncSession]:  # noqa: ANN401 - columns
        async with self.running.database.transaction(self.job.tenant_id) as session:
            found = await session.scalar(
                update(tables.Job)
                .where(tables.Job.id == self.job.id, tables.Job.attempt_token == self.token)
                .values(**values)
                .returning(tables.Job.id)
            )
            if found is None:
                raise SupersededError(self.job.id)
            yield session


async def carry_out(running: runtime.Runtime, tenant_id: str, job_id: str, work: Work) -> None:
    """Begin an attempt at a job, do its `work`, and record how it ended."""
    attempt = await _begin(running, tenant_id, job_id)
    if attempt is None:
        return
    try:
        if attempt.job.attempt > running.policy.job_attempts:
            await attempt.fail(_given_up(attempt))
            return
        save = await work(attempt)
        await attempt.succeed(save)
    except child.JobFailedError as error:
        await attempt.fail(problems.Problem(error.code, error.detail))
    except child.ChildFaultError as error:
        logger.error("job %s: %s", job_id, error)  # noqa: TRY400 - a trace of this side says nothing
        await attempt.fail(_unforeseen(attempt.job))
    except sqlalchemy.exc.DataError:
        logger.error("job %s: the database cannot hold its result", job_id)  # noqa: TRY400 - as above
        await attempt.fail(_unforeseen(attempt.job))
    except SupersededError:
        logger.info("job %s was cancelled or taken over", job_id)


async def _begin(running: runtime.Runtime, tenant_id: str, job_id: str) -> Attempt | None:
    """Take the job, unless it is final."""
    token = keys.random_id()
    async with running.database.transaction(tenant_id) as session:
        job = await session.scalar(
            update(tables.Job)
            .where(
                tables.Job.id == job_id,
                tables.Job.status.in_([JobStatus.QUEUED, JobStatus.PROCESSING]),
            )
            .values(
                status=JobStatus.PROCESSING,
                stage="starting",
                attempt=tables.Job.attempt + 1,
                attempt_token=token,
                started_at=func.coalesce(tables.Job.started_at, func.now()),
            )
            .returning(tables.Job)
        )
    return Attempt(running, job, token) if job is not None else None


def _failure_code(job: tables.Job) -> str:
    return "simio_generation_failed" if job.generation_id else "simio_training_failed"


def _given_up(attempt: Attempt) -> problems.Problem:
    tries = attempt.running.policy.job_attempts
    return problems.Problem(
        _failure_code(attempt.job),
        f"The job was begun {tries} times without an end; it is given up.",
    )


def _unforeseen(job: tables.Job) -> problems.Problem:
    return problems.Problem(_failure_code(job), "The engine met a fault that it did not foresee.")
