"""Turns: one tenant's many jobs and another's one, on the real queue."""

import asyncio

import procrastinate
import pytest
from procrastinate import jobs as queue_jobs
from sqlalchemy import text

from simulacra.service.database import tables
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.jobs import work


async def _entries(runtime: Runtime) -> list[str]:
    """The jobs in the queue, in the order in which workers take them."""
    waiting = text("SELECT args ->> 'job_id' FROM procrastinate_jobs ORDER BY id")
    async with runtime.database.transaction("*") as session:
        return list((await session.scalars(waiting)).all())


async def _take(runtime: Runtime) -> str:
    """Take the first entry as a worker does, and return its job."""
    first = text(
        "DELETE FROM procrastinate_jobs WHERE id = (SELECT min(id) FROM procrastinate_jobs) "
        "RETURNING args ->> 'job_id'"
    )
    async with runtime.database.transaction("*") as session:
        return str(await session.scalar(first))


async def _nothing(_: object) -> None: ...


async def _end(runtime: Runtime, job: tables.Job) -> None:
    await (await work.begin(runtime, job)).succeed(_nothing)


def test_a_tenant_with_many_jobs_does_not_keep_another_waiting(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        cap = runtime.policy.jobs_per_tenant
        busy, quick = await work.tenant(runtime), await work.tenant(runtime)
        many = [await work.training(runtime, busy.tenant_id) for _ in range(cap + 20)]
        one = await work.training(runtime, quick.tenant_id)
        assert await _entries(runtime) == [job.id for job in many[:cap]] + [one.id]

        by_id = {job.id: job for job in [*many, one]}
        order = []
        while await _entries(runtime):
            job = by_id[await _take(runtime)]
            order.append(job)
            await _end(runtime, job)
        assert order.index(one) == cap
        assert [job for job in order if job is not one] == many  # first come, first served

    run_async(check())


def test_trainings_do_not_take_the_turns_of_generations(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        trainings = [await work.training(runtime, tenant_id) for _ in range(20)]
        made = await work.generation(runtime, tenant_id, trainings[0].dataset_id)
        assert made.id in await _entries(runtime)

    run_async(check())


def test_a_job_that_lost_its_entry_gets_another_and_only_one(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        job = await work.training(runtime, (await work.tenant(runtime)).tenant_id)
        await work.begin(runtime, job)
        assert await runtime.endings.admission.reconcile(runtime.database) == 0
        assert await _take(runtime) == job.id
        assert await runtime.endings.admission.reconcile(runtime.database) == 1
        assert await runtime.endings.admission.reconcile(runtime.database) == 0
        assert await _entries(runtime) == [job.id]
        await _end(runtime, job)
        await _take(runtime)
        assert (
            await runtime.endings.admission.reconcile(runtime.database) == 0
        )  # it has ended: nothing is missing

    run_async(check())


def test_a_job_that_ends_does_not_wait_for_one_that_is_being_cancelled(
    runtime: Runtime, run_async: RunAsync
) -> None:
    """Who cancels has the job's row and comes for the tenant's place, which is held here."""

    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        cap = runtime.policy.jobs_per_tenant
        jobs = [await work.training(runtime, tenant_id) for _ in range(cap + 2)]
        next_one, after_it = jobs[cap:]
        async with runtime.database.transaction(tenant_id) as session:
            await session.get(tables.Job, next_one.id, with_for_update=True)
            async with asyncio.timeout(30):
                await _end(runtime, jobs[0])
        assert await _entries(runtime) == [*(job.id for job in jobs[:cap]), after_it.id]
        await _end(runtime, jobs[1])  # it was not cancelled after all
        assert (await _entries(runtime))[-1] == next_one.id

    run_async(check())


def test_a_worker_that_wakes_up_does_not_end_the_entry_of_the_one_that_has_its_job(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        jobs = [await work.training(runtime, tenant_id) for _ in range(2)]
        manager = runtime.queue.job_manager
        async with runtime.queue.open_async():
            slow = await manager.fetch_job(queues=None, worker_id=await manager.register_worker())
            assert slow is not None
            await runtime.endings.admission.replace(runtime.database, slow)
            await runtime.endings.admission.replace(
                runtime.database, slow
            )  # by another sweeper, who is late
            quick = await manager.fetch_job(queues=None, worker_id=await manager.register_worker())
            assert quick is not None
            assert quick.task_kwargs["job_id"] == slow.task_kwargs["job_id"] == jobs[0].id
            await runtime.endings.admission.replace(runtime.database, slow)
            with pytest.raises(procrastinate.exceptions.ConnectorException):
                await manager.finish_job(slow, queue_jobs.Status.SUCCEEDED, delete_job=True)
            with pytest.raises(procrastinate.exceptions.ConnectorException):
                await manager.retry_job(slow)
            assert sorted(await _entries(runtime)) == sorted(job.id for job in jobs)
            await _end(runtime, jobs[0])
            await manager.finish_job(quick, queue_jobs.Status.SUCCEEDED, delete_job=True)
        assert await _entries(runtime) == [jobs[1].id]

    run_async(check())


def test_a_raised_cap_lets_waiting_jobs_in(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        jobs = [await work.training(runtime, tenant_id) for _ in range(8)]
        assert len(await _entries(runtime)) == runtime.policy.jobs_per_tenant
        object.__setattr__(runtime.policy, "jobs_per_tenant", 8)
        await runtime.endings.admission.reconcile(runtime.database)
        assert await _entries(runtime) == [job.id for job in jobs]

    run_async(check())
