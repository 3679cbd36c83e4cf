"""Turns: one tenant's many jobs and another's one, on the real queue."""

from collections.abc import Callable, Coroutine

import work
from sqlalchemy import text

from simulacra.service import runtime
from simulacra.service.database import tables
from simulacra.service.jobs import admission

Play = Callable[[Coroutine[None, None, None]], None]


async def _entries(running: runtime.Runtime) -> list[str]:
    """The jobs in the queue, in the order in which workers take them."""
    waiting = text("SELECT args ->> 'job_id' FROM procrastinate_jobs ORDER BY id")
    async with running.database.transaction("*") as session:
        return list((await session.scalars(waiting)).all())


async def _take(running: runtime.Runtime) -> str:
    """Take the first entry as a worker does, and return its job."""
    first = text(
        "DELETE FROM procrastinate_jobs WHERE id = (SELECT min(id) FROM procrastinate_jobs) "
        "RETURNING args ->> 'job_id'"
    )
    async with running.database.transaction("*") as session:
        return str(await session.scalar(first))


async def _nothing(_: object) -> None: ...


async def _end(running: runtime.Runtime, job: tables.Job) -> None:
    await (await work.begin(running, job)).succeed(_nothing)


def test_a_tenant_with_many_jobs_does_not_keep_another_waiting(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        cap = running.policy.jobs_per_tenant
        busy, quick = await work.tenant(running), await work.tenant(running)
        many = [await work.training(running, busy.tenant_id) for _ in range(cap + 20)]
        one = await work.training(running, quick.tenant_id)
        assert await _entries(running) == [job.id for job in many[:cap]] + [one.id]

        by_id = {job.id: job for job in [*many, one]}
        order = []
        while await _entries(running):
            job = by_id[await _take(running)]
            order.append(job)
            await _end(running, job)
        assert order.index(one) == cap
        assert [job for job in order if job is not one] == many  # first come, first served

    play(check())


def test_trainings_do_not_take_the_turns_of_generations(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(running)).tenant_id
        trainings = [await work.training(running, tenant_id) for _ in range(20)]
        made = await work.generation(running, tenant_id, trainings[0].dataset_id)
        assert made.id in await _entries(running)

    play(check())


def test_a_job_that_lost_its_entry_gets_another_and_only_one(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        job = await work.training(running, (await work.tenant(running)).tenant_id)
        await work.begin(running, job)
        assert await admission.reconcile(running) == 0
        assert await _take(running) == job.id
        assert await admission.reconcile(running) == 1
        assert await admission.reconcile(running) == 0
        assert await _entries(running) == [job.id]
        await _end(running, job)
        await _take(running)
        assert await admission.reconcile(running) == 0  # it has ended: nothing is missing

    play(check())


def test_a_raised_cap_lets_waiting_jobs_in(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(running)).tenant_id
        jobs = [await work.training(running, tenant_id) for _ in range(8)]
        assert len(await _entries(running)) == running.policy.jobs_per_tenant
        object.__setattr__(running.policy, "jobs_per_tenant", 8)
        await admission.reconcile(running)
        assert await _entries(running) == [job.id for job in jobs]

    play(check())
