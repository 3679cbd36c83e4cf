"""Fencing, on real PostgreSQL: who lost a job's token changes nothing."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.engine.progress import Progress
from simulacra.service import errors
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.datasets import tasks
from simulacra.service.jobs import attempts, child, kinds, repository, schemas, transitions
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.jobs import work

Work = Callable[[attempts.Attempt], Awaitable[attempts.Save]]


async def _job(runtime: Runtime) -> tables.Job:
    return await work.training(runtime, (await work.tenant(runtime)).tenant_id)


async def _read(runtime: Runtime, job: tables.Job) -> tables.Job:
    async with runtime.database.transaction(job.tenant_id) as session:
        return await repository.get(session, job.id)


def doing(runtime: Runtime, work: Work) -> attempts.Resources:
    """What attempts work with in a service whose trainings do other work."""
    other = dataclasses.replace(tasks.TRAINING, work=work)
    return dataclasses.replace(runtime, job_kinds=kinds.by_operation(other)).resources


async def _nothing(_session: AsyncSession) -> None: ...


def test_a_job_and_its_queue_entry_are_made_together_or_not_at_all(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def entries() -> int:
        async with runtime.database.transaction("*") as session:
            return int(
                await session.scalar(sa.text("SELECT count(*) FROM procrastinate_jobs")) or 0
            )

    async def check() -> None:
        job = await _job(runtime)
        assert await entries() == 1
        with pytest.raises(ZeroDivisionError):
            async with runtime.database.transaction(job.tenant_id) as session:
                other = tables.Job(
                    id="job_2", tenant_id=job.tenant_id, operation="createDataset",
                    status="queued", dataset_id=job.dataset_id,
                )  # fmt: skip
                await repository.enqueue(session, runtime.endings.admission, other)
                raise ZeroDivisionError
        assert await entries() == 1
        with pytest.raises(errors.ServiceError):
            await _read(runtime, other)

    run_async(check())


def test_a_worker_that_lost_its_job_changes_nothing(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        job = await _job(runtime)
        slow = await attempts._begin(runtime.resources, job.tenant_id, job.id)
        quick = await attempts._begin(runtime.resources, job.tenant_id, job.id)
        assert slow is not None
        assert quick is not None
        assert quick.job.attempt == 2
        await slow.report(Progress("fitting", 0.5))
        for write in (
            slow.record(),
            slow.record(),  # now that there is nothing to write
            slow.succeed(_nothing),
            slow.fail(errors.ServiceError("late")),
        ):
            with pytest.raises(attempts.SupersededError):
                await write
        assert (await _read(runtime, job)).status == "processing"
        await quick.succeed(_nothing)
        assert (await _read(runtime, job)).status == "completed"
        assert await attempts._begin(runtime.resources, job.tenant_id, job.id) is None

    run_async(check())


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (errors.JobFailedError("simio_upload_invalid", "too few rows"), "simio_upload_invalid"),
        (child.ChildFaultError("ValueError"), "simio_training_failed"),
    ],
)
def test_a_failure_is_told_by_job_and_dataset(
    runtime: Runtime, run_async: RunAsync, raised: Exception, code: str
) -> None:
    async def work(_attempt: attempts.Attempt) -> attempts.Save:
        raise raised

    async def check() -> None:
        job = await _job(runtime)
        await attempts.carry_out(doing(runtime, work), job.tenant_id, job.id)
        ended = await _read(runtime, job)
        assert (ended.status, (ended.error or {})["code"]) == ("failed", code)
        async with runtime.database.transaction(job.tenant_id) as session:
            dataset = await session.get_one(tables.Dataset, job.dataset_id)
        assert (dataset.status, dataset.error) == ("failed", ended.error)

    run_async(check())


def test_a_job_whose_workers_keep_dying_is_given_up(runtime: Runtime, run_async: RunAsync) -> None:
    async def work(_attempt: attempts.Attempt) -> attempts.Save:
        raise ConnectionError("the worker is about to die")

    async def check() -> None:
        job = await _job(runtime)
        for _ in range(runtime.policy.job_attempts):
            with pytest.raises(ConnectionError):
                await attempts.carry_out(doing(runtime, work), job.tenant_id, job.id)
            assert (await _read(runtime, job)).status == "processing"
        await attempts.carry_out(doing(runtime, work), job.tenant_id, job.id)
        ended = await _read(runtime, job)
        assert (ended.status, (ended.error or {})["code"]) == ("failed", "simio_training_failed")

    run_async(check())


def test_no_job_is_blamed_for_an_outage_that_meets_its_end_too(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_back, outages = transitions.give_back, iter(range(2))

    async def meet_an_outage(*arguments: Any, **options: Any) -> None:  # noqa: ANN401
        if next(outages, None) is not None:
            raise sa.exc.OperationalError("UPDATE", {}, Exception())
        await give_back(*arguments, **options)

    async def work(_attempt: attempts.Attempt) -> attempts.Save:
        raise errors.StorageUnavailableError("the store does not answer")

    async def check() -> None:
        job = await _job(runtime)
        with pytest.raises(errors.StorageUnavailableError):
            await attempts.carry_out(doing(runtime, work), job.tenant_id, job.id)
        waiting = await _read(runtime, job)
        assert (waiting.status, waiting.attempt, waiting.excused_attempts) == ("queued", 1, 1)

    monkeypatch.setattr(transitions, "give_back", meet_an_outage)
    run_async(check())


def test_a_result_that_cannot_be_stored_fails_at_once(
    runtime: Runtime, run_async: RunAsync
) -> None:
    """Trying again would not help, and no worker was lost."""

    async def save(session: AsyncSession) -> None:
        names = {"schema": [{"name": "a NUL: \0"}]}
        await session.execute(sa.update(tables.Dataset).values(published_schema=names))

    async def work(_attempt: attempts.Attempt) -> attempts.Save:
        return save

    async def check() -> None:
        job = await _job(runtime)
        await attempts.carry_out(doing(runtime, work), job.tenant_id, job.id)
        ended = await _read(runtime, job)
        assert (ended.status, (ended.error or {})["code"]) == ("failed", "simio_training_failed")

    run_async(check())


def test_progress_is_shown_and_never_goes_back_before_the_next_attempt(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def shown(job: tables.Job) -> schemas.Progress:
        return schemas.document(await _read(runtime, job)).progress

    async def check() -> None:
        job = await _job(runtime)
        attempt = await attempts._begin(runtime.resources, job.tenant_id, job.id)
        assert attempt is not None
        await attempt.report(Progress("fitting", 0.41, 7, 15))
        await attempt.record()
        seen = await shown(job)
        assert (seen.fraction, seen.step, seen.steps) == (0.41, 7, 15)
        await attempt.report(Progress("fitting", 0.47, 8, 15))  # and that is not recorded yet
        assert (await shown(job)).step == 7
        await attempt.report(Progress("writing", 0.3))
        await attempt.record()
        assert await shown(job) == schemas.Progress(stage="writing", fraction=0.41)
        async with runtime.database.transaction(job.tenant_id) as session:
            await transitions.give_back(session, attempt.job, is_blamed=True)
        assert await shown(job) == schemas.Progress(stage="queued", fraction=0)
        attempt = await attempts._begin(runtime.resources, job.tenant_id, job.id)
        assert attempt is not None
        assert await shown(job) == schemas.Progress(stage="starting", fraction=0)
        await attempt.report(Progress("fitting", 0.41, 7, 15))
        await attempt.record()
        await attempt.succeed(_nothing)
        assert await shown(job) == schemas.Progress(stage="completed", fraction=1)

    run_async(check())


def test_progress_is_recorded_while_the_job_is_watched(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        job = await _job(runtime)
        attempt = await attempts._begin(runtime.resources, job.tenant_id, job.id)
        assert attempt is not None
        watching = asyncio.create_task(attempt.watch())
        for step in (7, 8):
            await attempt.report(Progress("fitting", 0.41, step, 15))
            async with asyncio.timeout(60):
                while (await _read(runtime, job)).step != step:  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.05)
        await attempt.succeed(_nothing)
        async with asyncio.timeout(60):
            await watching  # since the job has no token any more

    run_async(check())


def test_a_cancelled_job_stops_its_worker(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        job = await _job(runtime)
        attempt = await attempts._begin(runtime.resources, job.tenant_id, job.id)
        assert attempt is not None
        async with runtime.database.transaction(job.tenant_id) as session:
            reason = errors.JobCancelledError("not wanted")
            end = transitions.End(entry.SYSTEM, reason)
            await runtime.endings.cancel(session, end, tables.Job.id == job.id)
        await attempt.report(Progress("fitting", 0.5))
        with pytest.raises(attempts.SupersededError):
            await attempt.record()
        assert (await _read(runtime, job)).status == "cancelled"

    run_async(check())
