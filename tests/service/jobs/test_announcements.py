"""Who waits for a job is woken by its end, whichever process ends it."""

import asyncio
import time

import pytest
import sqlalchemy as sa

from simulacra.service import tenancy
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.errors import JobCancelledError
from simulacra.service.jobs import announcements, transitions
from simulacra.service.runtime import Runtime
from tests.acceptance import harness
from tests.coroutines import RunAsync

LONG = harness.SECONDS


async def _job(runtime: Runtime) -> tables.Job:
    made = await runtime.tenants.create(company="A", email="a@b.example")
    async with runtime.database.transaction(made.tenant_id) as session:
        session.add(
            job := tables.Job(
                id="job_1",
                tenant_id=made.tenant_id,
                operation="createDataset",
                status="queued",
                dataset_id="ds_1",
            )
        )
    return job


async def _cancel(runtime: Runtime, job: tables.Job) -> None:
    async with runtime.database.transaction(job.tenant_id) as session:
        end = transitions.End(entry.SYSTEM, JobCancelledError("It was cancelled."))
        await runtime.endings.cancel(session, end, tables.Job.id == job.id)


async def _listens(runtime: Runtime) -> None:
    """Return once the process listens."""
    listening = sa.select(sa.func.count()).select_from(sa.text("pg_stat_activity"))
    listening = listening.where(sa.text("query LIKE 'LISTEN%simulacra_job_ended%'"))
    async with asyncio.timeout(LONG):
        while not await runtime.database.look_up(listening):  # noqa: ASYNC110 - the database sends no event
            await asyncio.sleep(0.02)


def test_an_end_wakes_all_who_wait_for_it(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "LOOK_SECONDS", LONG)  # so that looking cannot help

    async def check() -> None:
        job = await _job(runtime)
        waits = [
            asyncio.create_task(
                runtime.announcements.wait(runtime.database, job.tenant_id, job.id, LONG)
            )
            for _ in range(3)
        ]
        await _listens(runtime)
        await asyncio.sleep(0.1)
        assert not any(wait.done() for wait in waits)
        await _cancel(runtime, job)
        began = time.monotonic()
        await asyncio.gather(*waits)
        assert time.monotonic() - began < LONG / 2
        assert not runtime.announcements._waiting

    run_async(check())


def test_what_ended_before_it_was_waited_for_is_not_waited_for(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        job = await _job(runtime)
        await _cancel(runtime, job)
        waiting = runtime.announcements.wait(runtime.database, job.tenant_id, job.id, LONG)
        await asyncio.wait_for(waiting, LONG / 2)
        gone = runtime.announcements.wait(runtime.database, job.tenant_id, "job_2", LONG)
        await asyncio.wait_for(gone, LONG / 2)

    run_async(check())


def test_without_announcements_a_look_finds_the_end(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "LOOK_SECONDS", 0.05)

    async def check() -> None:
        job = await _job(runtime)
        deaf = announcements.Announcements("postgresql://127.0.0.1:1/nowhere", runtime.draining)
        waiting = asyncio.create_task(deaf.wait(runtime.database, job.tenant_id, job.id, LONG))
        await asyncio.sleep(0.1)
        await _cancel(runtime, job)
        await asyncio.wait_for(waiting, LONG / 2)
        await deaf.close()

    run_async(check())


def test_a_connection_that_is_lost_is_made_again(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "LOOK_SECONDS", LONG)
    monkeypatch.setattr(announcements, "RETRY_SECONDS", 0.05)

    async def check() -> None:
        job = await _job(runtime)
        waiting = asyncio.create_task(
            runtime.announcements.wait(runtime.database, job.tenant_id, job.id, LONG)
        )
        await _listens(runtime)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            await session.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE query LIKE 'LISTEN%simulacra_job_ended%' AND pid <> pg_backend_pid()"
                )
            )
        await _listens(runtime)
        await _cancel(runtime, job)
        await asyncio.wait_for(waiting, LONG / 2)

    run_async(check())


def test_a_draining_process_holds_nobody(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        job = await _job(runtime)
        waiting = asyncio.create_task(
            runtime.announcements.wait(runtime.database, job.tenant_id, job.id, LONG)
        )
        await asyncio.sleep(0.1)
        runtime.draining.set()
        await asyncio.wait_for(waiting, LONG / 2)

    run_async(check())
