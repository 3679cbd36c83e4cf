"""Draining and queues, on a real queue: jobs that wait for a word of the test."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator

import pytest
import sqlalchemy as sa

from simulacra.service import compose, worker
from simulacra.service.database import tables
from simulacra.service.jobs import attempts, kinds, queues, repository
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from tests.coroutines import RunAsync

PATIENCE = 30.0  # seconds; only a failing test waits for so long


class Stage:
    """What the jobs of a test go through; each begins and then waits to be let go."""

    def __init__(self) -> None:
        self.begun: asyncio.Queue[str] = asyncio.Queue()
        self.let_go = asyncio.Event()

    async def work(self, attempt: attempts.Attempt) -> attempts.Save:
        self.begun.put_nowait(attempt.job.id)
        await self.let_go.wait()
        return _nothing


async def _nothing(_session: object) -> None: ...


@contextlib.asynccontextmanager
async def working(
    settings: Settings, stage: Stage, names: tuple[str, ...] = queues.ALL, drain: float = PATIENCE
) -> AsyncIterator["asyncio.Task[None]"]:
    """A worker of its own, with everything but the sweeper."""
    job_kinds = [dataclasses.replace(kind, work=stage.work) for kind in compose.JOB_KINDS]
    runtime = dataclasses.replace(
        compose.runtime_of(settings), job_kinds=kinds.by_operation(*job_kinds)
    )
    worker.add_tasks(runtime.queue, runtime.job_kinds)
    async with runtime.queue.open_async():
        task = asyncio.create_task(worker.work(runtime, names, 1, drain))
        try:
            yield task
        finally:
            await asyncio.wait([task], timeout=0)
            task.cancel()
            await asyncio.wait([task])
            await runtime.close()


async def enqueue(runtime: Runtime, *operations: str) -> list[tables.Job]:
    made = await runtime.tenants.create(company="A", email="a@b.example")
    jobs = []
    for n, operation in enumerate(operations):
        job = tables.Job(
            id=f"job_{n}", tenant_id=made.tenant_id, operation=operation, status="queued",
            dataset_id="ds_1",
        )  # fmt: skip
        async with runtime.database.transaction(made.tenant_id) as session:
            await repository.enqueue(session, runtime.endings.admission, job)
        jobs.append(job)
    return jobs


async def read(runtime: Runtime, job: tables.Job) -> tables.Job:
    async with runtime.database.transaction(job.tenant_id) as session:
        return await repository.get(session, job.id)


async def look_up(runtime: Runtime, query: str) -> object:
    return await runtime.database.look_up(sa.select(sa.literal_column(query)))


async def until(condition: Callable[[], Coroutine[None, None, bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - the database sends no event
            await asyncio.sleep(0.02)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture(autouse=True)
def _spared() -> Iterator[None]:
    """A SIGTERM that no worker takes must not end the tests."""
    earlier = signal.signal(signal.SIGTERM, lambda *_: None)
    yield
    signal.signal(signal.SIGTERM, earlier)


def test_a_draining_worker_completes_its_job_and_takes_no_other(
    settings: Settings, runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        first, second = await enqueue(runtime, "createDataset", "createDataset")
        stage = Stage()
        async with working(settings, stage) as task:
            assert await stage.begun.get() == first.id
            stop()
            stage.let_go.set()
            await asyncio.wait_for(task, PATIENCE)
        assert (await read(runtime, first)).status == "completed"
        assert (await read(runtime, second)).status == "queued"
        assert stage.begun.empty()

    run_async(check())


def test_what_a_draining_worker_cannot_end_is_done_by_another_without_a_sweep(
    settings: Settings, runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        (job,) = await enqueue(runtime, "createDataset")
        stuck, free = Stage(), Stage()
        free.let_go.set()
        async with working(settings, stuck, drain=0.1) as task:
            await stuck.begun.get()
            stop()
            await asyncio.wait_for(task, PATIENCE)
            back = await read(runtime, job)
            assert (back.status, back.attempt_token) == ("queued", None)
            assert back.attempt == back.excused_attempts  # that a worker stops is no failed try
            due = "(SELECT scheduled_at <= now() AND status = 'todo' FROM procrastinate_jobs)"
            assert await look_up(runtime, due)
        async with working(settings, free):

            async def is_done() -> bool:
                return (await read(runtime, job)).status == "completed"

            await until(is_done)
        assert (await read(runtime, job)).attempt == 2

    run_async(check())


def test_a_draining_worker_is_not_taken_for_dead(
    settings: Settings,
    runtime: Runtime,
    run_async: RunAsync,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker, "HEARTBEAT_SECONDS", 0.05)

    async def beat() -> dt.datetime:
        found = await look_up(runtime, "(SELECT max(last_heartbeat) FROM procrastinate_workers)")
        assert isinstance(found, dt.datetime)
        return found

    async def check() -> None:
        await enqueue(runtime, "createDataset")
        stage = Stage()
        async with working(settings, stage) as task:
            await stage.begun.get()
            stop()
            await asyncio.sleep(0.2)  # whatever beat before the signal has reached the database
            first = await beat()

            async def beats_on() -> bool:
                return await beat() > first

            await until(beats_on)
            assert not task.done()
            stage.let_go.set()
            await asyncio.wait_for(task, PATIENCE)
        assert await look_up(runtime, "(SELECT count(*) FROM procrastinate_workers)") == 0

    run_async(check())


@pytest.mark.parametrize(
    ("name", "taken"), [(queues.DATASETS, "job_0"), (queues.GENERATIONS, "job_1")]
)
def test_a_worker_takes_jobs_of_its_queues_alone(
    settings: Settings, runtime: Runtime, run_async: RunAsync, name: str, taken: str
) -> None:
    async def check() -> None:
        await enqueue(runtime, "createDataset", "createGeneration", "createDataset")
        stage = Stage()
        stage.let_go.set()
        entries = sa.text("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = :name")
        async with working(settings, stage, (name,)):

            async def is_empty() -> bool:
                async with runtime.database.transaction("*") as session:
                    return bool(await session.scalar(entries, {"name": name}) == 0)

            await until(is_empty)
        begun = {stage.begun.get_nowait() for _ in range(stage.begun.qsize())}
        assert taken in begun
        assert begun <= ({"job_0", "job_2"} if name == queues.DATASETS else {"job_1"})
        assert await look_up(runtime, "(SELECT count(*) FROM procrastinate_jobs)") != 0

    run_async(check())


def test_an_interactive_job_need_not_wait_for_a_long_one(
    settings: Settings, runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        long, other, preview = await enqueue(
            runtime, "createGeneration", "createGeneration", "previewScenario"
        )
        stage = Stage()
        async with working(settings, stage) as task:  # of one job at a time
            async with asyncio.timeout(PATIENCE):
                assert {await stage.begun.get(), await stage.begun.get()} == {long.id, preview.id}
            assert (await read(runtime, other)).status == "queued"
            stop()
            stage.let_go.set()
            await asyncio.wait_for(task, PATIENCE)  # each place ends what it has
        assert (await read(runtime, long)).status == "completed"
        assert (await read(runtime, preview)).status == "completed"
        assert (await read(runtime, other)).status == "queued"

    run_async(check())


def test_two_interactive_jobs_take_turns_with_long_ones_or_wait(
    settings: Settings, runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        await enqueue(runtime, "createGeneration", "previewScenario", "previewScenario")
        stage = Stage()
        async with working(settings, stage):
            begun = {await stage.begun.get(), await stage.begun.get()}
            assert begun == {"job_0", "job_1"}
            await asyncio.sleep(2 * worker.FETCH_SECONDS)  # in which a free place would take one
            assert stage.begun.empty()
            stage.let_go.set()
            assert await asyncio.wait_for(stage.begun.get(), PATIENCE) == "job_2"

    run_async(check())


@pytest.mark.parametrize(
    ("names", "lanes"),
    [
        (queues.ALL, [(None, 3), ([queues.INTERACTIVE], 1)]),
        ((queues.INTERACTIVE,), [([queues.INTERACTIVE], 3)]),
        ((queues.GENERATIONS,), [([queues.GENERATIONS], 3)]),
        (
            (queues.INTERACTIVE, queues.GENERATIONS),
            [([queues.GENERATIONS, queues.INTERACTIVE], 3), ([queues.INTERACTIVE], 1)],
        ),
    ],
)
def test_only_a_worker_for_other_queues_too_keeps_a_place(
    names: tuple[str, ...], lanes: list[object]
) -> None:
    assert worker._lanes(names, 3) == lanes
