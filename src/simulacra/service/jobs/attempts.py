"""Attempts at a job: what a worker does between taking a job and ending it.

An attempt is fenced by its token (`transitions`): one that was superseded while it was slow changes
nothing, and is stopped within a second. What is the customer's fault ends the job; what is ours,
such as a store that does not answer, sends it back to the queue, for longer each time.
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import procrastinate
import sqlalchemy.exc
from opentelemetry import trace
from procrastinate import jobs as queue_jobs
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.engine.progress import Progress
from simulacra.service import clock, errors, keys, measures, objects, outages, storage, tenancy
from simulacra.service.database import tables
from simulacra.service.jobs import child, functions, kept, kinds, transitions
from simulacra.service.jobs.functions import Request, Result
from simulacra.service.stores.directory import Stores
from simulacra.service.stores.store import Store

TRANSIENT = (*outages.ANY, objects.UnannouncedError, child.KilledError)
"""Faults of the surroundings, for which no job is ended."""

PROGRESS_SECONDS = 0.25
WATCH_SECONDS = 1.0
PATIENCE_SECONDS = 30.0
"""How long the end of an attempt waits for a database that is away. Then its work is lost, and the
job is blamed for an attempt without an end."""

CUSTOMER_PATIENCE = dt.timedelta(hours=1)
"""How long a job waits for a customer's own store or key service that does not answer."""

logger = logging.getLogger(__name__)

Save = kinds.Save
SupersededError = transitions.SupersededError


class Backoff(procrastinate.BaseRetryStrategy):
    """When the queue offers a job again: after 1, 2, 4 ... 60 seconds, less up to a half."""

    longest = 60

    def get_retry_decision(
        self, *, exception: BaseException, job: queue_jobs.Job
    ) -> procrastinate.RetryDecision:
        """Return the pause; there is none for a job that its worker handed back to stop."""
        is_stopping = isinstance(exception, asyncio.CancelledError)
        pause = min(2 ** min(job.attempts, 10), self.longest) * random.uniform(0.5, 1)  # noqa: S311
        return procrastinate.RetryDecision(retry_in={"seconds": 0 if is_stopping else round(pause)})


RETRY = Backoff()
"""For the tasks; `carry_out` counts the attempts and ends them."""


@dataclasses.dataclass(frozen=True)
class Resources:
    """What attempts work with.

    Attributes:
        limits: what the child process of one attempt may use.
        max_attempts: how many attempts a job has.
        tracer: makes a span of each attempt.
        children: child processes that stay for the next question.
    """

    database: tenancy.Database
    stores: Stores
    keyring: keys.Keyring
    objects: objects.Register
    endings: transitions.Endings
    limits: child.Limits
    max_attempts: int
    tracer: trace.Tracer = dataclasses.field(default_factory=trace.NoOpTracer)
    children: kept.Children = dataclasses.field(default_factory=kept.Children)


@dataclasses.dataclass
class Attempt:
    """One try at one job."""

    resources: Resources
    kind: kinds.JobKind["Attempt"]
    job: tables.Job  # with the token of this attempt
    stored_paths: list[str] = dataclasses.field(default_factory=list)
    _news: Progress | None = None

    @property
    def is_beyond_maximum(self) -> bool:
        """Whether the attempts before, which ended without a word, used up what a job has."""
        blamed = self.job.attempt - self.job.excused_attempts
        return blamed > self.resources.max_attempts

    async def report(self, progress: Progress) -> None:
        """Note progress, for `watch` to record; a short job has ended before that."""
        self._news = progress

    async def record(self) -> None:
        """Write down progress that was noted since the last time.

        Raises:
            SupersededError: the job is not ours any more.
        """
        news, self._news = self._news, None
        async with self._transaction() as session:
            if news is None:
                mine = select(tables.Job.attempt_token).where(tables.Job.id == self.job.id)
                if await session.scalar(mine) != self.job.attempt_token:
                    raise SupersededError
                return
            self.job.progress = max(self.job.progress, news.fraction)  # never back
            values = {"stage": news.stage, "step": news.step, "steps": news.steps}
            await transitions.report(session, self.job, **values, progress=self.job.progress)

    async def run(
        self, function: functions.ChildFunction[Request, Result], request: Request, folder: Path
    ) -> Result:
        """Call `function` in a child process that is confined to `folder`; see `child.run`."""
        return await child.run(function, request, folder, self.resources.limits, self.report)

    async def ask(
        self,
        subject: str,
        function: functions.ChildFunction[Request, Result],
        prepare: kept.Prepare[Request],
    ) -> Result:
        """Call `function` in a child process that stays with a subject; see `kept.Children`."""
        limits = self.resources.limits
        return await self.resources.children.ask(subject, function, prepare, limits, self.report)

    async def store(
        self, owner_id: str, folder: str, source: Path, key: storage.ObjectKey, store: Store
    ) -> tuple[str, storage.Digest]:
        """Write a file to the store, at a path below `folder` that is of this attempt alone.

        Args:
            owner_id: the dataset or generation with which the object ends.
            folder: of the object.
            source: the file.
            key: of the object.
            store: that takes it.

        Raises:
            errors.StorageUnavailableError: the store does not take it.
            OSError: the file cannot be read, or there is no room to encrypt it.
        """
        path = f"{folder}/{keys.random_id()}"
        await self.resources.objects.announce(self.job.tenant_id, owner_id, store, path)
        digest = await asyncio.to_thread(store.objects.upload, path, source, key)
        self.stored_paths.append(path)
        return path, digest

    async def succeed(self, save: Save) -> None:
        """End the job and `save` what it made, in one transaction.

        It removes what was stored and is not kept, too, which spares a transaction of its own.
        """

        async def end() -> None:
            async with self._transaction() as session:
                await self.resources.endings.complete(session, self.job, save)
                await objects.doom_unkept(session, *self.stored_paths)
            self.stored_paths.clear()

        await _until_database_answers(end)

    async def fail(self, error: errors.ServiceError) -> None:
        """End the job and what it was to make as failed."""

        async def end() -> None:
            async with self._transaction() as session:
                await self.resources.endings.fail(session, self.job, error)

        await _until_database_answers(end)

    async def give_back(self, *, is_blamed: bool = False) -> None:
        """Let the job wait for its next attempt; one that is blamed for this one has one less."""

        async def end() -> None:
            async with self._transaction() as session:
                await transitions.give_back(session, self.job, is_blamed=is_blamed)

        with contextlib.suppress(SupersededError, *outages.DATABASE):
            await _until_database_answers(end)

    async def watch(self) -> None:
        """Record progress, and return when the job is not ours any more.

        An outage loses the record only.
        """
        looked_at = time.monotonic()
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            if self._news is None and time.monotonic() - looked_at < WATCH_SECONDS:
                continue
            looked_at = time.monotonic()
            with contextlib.suppress(*outages.DATABASE):
                try:
                    await self.record()
                except SupersededError:
                    return

    async def age(self) -> dt.timedelta:
        """Return how long ago the first attempt at the job began."""
        async with self._transaction() as session:
            now = await clock.read(session)
        return now - (self.job.started_at or now)

    async def discard(self) -> None:
        """Have the objects removed that this attempt wrote and did not keep."""
        if self.stored_paths:
            await self.resources.objects.discard(self.job.tenant_id, *self.stored_paths)

    def _transaction(self) -> contextlib.AbstractAsyncContextManager[AsyncSession]:
        return self.resources.database.transaction(self.job.tenant_id)


async def carry_out(resources: Resources, tenant_id: str, job_id: str) -> None:
    """Begin an attempt at a job, do the work of its kind, and record how it ended.

    Raises:
        Exception: one of `TRANSIENT`, for the queue, which will offer the job again.
    """
    attempt = await _begin(resources, tenant_id, job_id)
    if attempt is None:
        return
    with _measured(attempt) as outcome:
        await _carry_through(attempt, outcome)


async def _carry_through(attempt: Attempt, outcome: list[str]) -> None:
    """Do the work, note how the attempt ended, and record it."""
    try:
        outcome[:] = [await _conclude(attempt)]
    except SupersededError:
        outcome[:] = ["superseded"]
    except TRANSIENT as error:
        outcome[:] = [f"waits: {type(error).__name__}"]
        # A process that is killed again and again is one that needs too much.
        await attempt.give_back(is_blamed=isinstance(error, child.KilledError))
        raise
    except asyncio.CancelledError:  # the worker stops
        await asyncio.shield(attempt.give_back())
        raise
    finally:
        await asyncio.shield(attempt.discard())


async def _begin(resources: Resources, tenant_id: str, job_id: str) -> Attempt | None:
    """Take the job, unless it is final."""
    async with resources.database.transaction(tenant_id) as session:
        job = await transitions.begin(session, job_id)
    if job is None:
        return None
    return Attempt(resources, resources.endings.kinds[job.operation], job)


@contextlib.contextmanager
def _measured(attempt: Attempt) -> Iterator[list[str]]:
    """Measure an attempt, and log its beginning and its end; the body notes the outcome."""
    job, outcome, began = attempt.job, ["stopped"], time.monotonic()
    ids = {"job_id": job.id, "tenant_id": job.tenant_id, "operation": job.operation}
    named = f"job {job.id} of {job.tenant_id}, {job.operation}"
    logger.info("%s: attempt %d begins", named, job.attempt, extra=ids | {"attempt": job.attempt})
    measures.RUNNING_ATTEMPTS.inc()
    span = attempt.resources.tracer.start_span(f"job {job.operation}")
    try:
        yield outcome
    finally:
        told: dict[str, str | int] = {**ids, "job_attempt": job.attempt, "job_outcome": outcome[0]}
        span.set_attributes({name.replace("_", "."): value for name, value in told.items()})
        span.end()
        seconds = time.monotonic() - began
        measures.RUNNING_ATTEMPTS.dec()
        kind = outcome[0].partition(":")[0]
        measures.ATTEMPT_SECONDS.labels(job.operation, kind).observe(seconds)
        figures = {"attempt": job.attempt, "outcome": outcome[0], "seconds": round(seconds, 3)}
        logger.info("%s: %s after %.2f s", named, outcome[0], seconds, extra=ids | figures)


async def _conclude(attempt: Attempt) -> str:
    """Do the work and end the job, whichever way; return which."""
    job_id = attempt.job.id
    if attempt.is_beyond_maximum:
        await attempt.fail(_too_many_attempts(attempt))
        return "failed"
    try:
        save = await _unless_superseded(attempt)
        await attempt.succeed(save)
    except errors.JobFailedError as error:
        await attempt.fail(error)
    except errors.CustomerStorageError as error:
        if not await _is_hopeless(attempt, error):
            raise
        await attempt.fail(errors.JobFailedError(error.code, error.detail))
    except child.ChildFaultError as error:
        logger.error("job %s: %s", job_id, error)  # noqa: TRY400 - a trace of this side says nothing
        await attempt.fail(_unforeseen_fault(attempt))
    except sqlalchemy.exc.DataError:
        logger.error("job %s: the database cannot hold its result", job_id)  # noqa: TRY400 - as above
        await attempt.fail(_unforeseen_fault(attempt))
    else:
        return "completed"
    return "failed"


async def _unless_superseded(attempt: Attempt) -> Save:
    """Do the work, and stop at once when the job is cancelled or taken over.

    Raises:
        SupersededError: it was.
    """
    working = asyncio.ensure_future(attempt.kind.work(attempt))
    watching = asyncio.create_task(attempt.watch())
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise SupersededError
        return await working
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def _until_database_answers(end: Callable[[], Awaitable[None]]) -> None:
    """Try to end an attempt until the database answers.

    A commit may have happened though its answer was lost; then the next try finds that the attempt
    has the job no more, and what it made is kept.
    """
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, 0.2
    while True:
        try:
            await end()
        except outages.DATABASE:
            if time.monotonic() + pause > deadline:
                raise
            await asyncio.sleep(pause)
            pause *= 1.5
        else:
            return


async def _is_hopeless(attempt: Attempt, error: errors.CustomerStorageError) -> bool:
    """Tell whether a job is to fail for what a customer's own store or key service says.

    What refuses us will refuse us again; what does not answer may be back in a minute, but nobody
    should be left waiting for the rest of a day, with rows of the subscription reserved.
    """
    if error.is_refusal:
        return True
    return await attempt.age() > CUSTOMER_PATIENCE


def _too_many_attempts(attempt: Attempt) -> errors.JobFailedError:
    tries = attempt.resources.max_attempts
    return errors.JobFailedError(
        attempt.kind.failure_code,
        f"The job was begun {tries} times without an end; it is given up.",
    )


def _unforeseen_fault(attempt: Attempt) -> errors.JobFailedError:
    detail = "The engine met a fault that it did not foresee."
    return errors.JobFailedError(attempt.kind.failure_code, detail)
