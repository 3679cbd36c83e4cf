"""Jobs at the terminal."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from simulacra.service import compose, errors, keys
from simulacra.service.database import tables
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from tests.service.jobs import work

Run = Callable[..., str]
T = TypeVar("T")
Do = Callable[[Callable[[Runtime], Coroutine[None, None, T]]], T]


@pytest.fixture
def do(empty_dsn: str, tmp_path: Path) -> Do[Any]:
    """Do something as a process of the service would."""
    keys.make_master_key(tmp_path / "keys" / "master.key")
    settings = Settings(data_dir=tmp_path, database_url=empty_dsn)  # type: ignore[arg-type]  # coerced

    async def close_after(action: Callable[[Runtime], Coroutine[None, None, T]]) -> T:
        runtime = compose.runtime_of(settings)
        try:
            return await action(runtime)
        finally:
            await runtime.close()

    return lambda action: asyncio.run(close_after(action))


@pytest.fixture
def jobs(do: Do[list[tables.Job]]) -> list[tables.Job]:
    """A training that failed, one that runs, and a generation that waits; of one tenant."""

    async def make(runtime: Runtime) -> list[tables.Job]:
        tenant_id = (await work.tenant(runtime)).tenant_id
        failing = await work.training(runtime, tenant_id)
        await (await work.begin(runtime, failing)).fail(errors.JobCancelledError("no header row"))
        running = await work.training(runtime, tenant_id)
        await work.begin(runtime, running)
        return [failing, running, await work.generation(runtime, tenant_id, running.dataset_id)]

    return do(make)


def test_jobs_are_listed_a_page_at_a_time_and_filtered(run: Run, jobs: list[tables.Job]) -> None:
    failed, running, waiting = (job.id for job in jobs)

    def listed(*words: str) -> list[str]:
        return [row["job_id"] for row in json.loads(run("jobs", "list", *words, "--json"))]

    assert listed() == [waiting, running, failed]
    assert listed("--limit", "2") == [waiting, running]
    assert listed("--limit", "2", "--before", running) == [failed]
    assert listed("--status", "failed") == [failed]
    assert listed("--operation", "createGeneration") == [waiting]
    assert listed("--tenant", jobs[0].tenant_id, "--status", "processing") == [running]
    assert "There is no tenant 'ten_x'." in run("jobs", "list", "--tenant", "ten_x", code=1)
    assert "There is no job 'job_x'." in run("jobs", "list", "--before", "job_x", code=1)
    assert "simio_job_cancelled" in run("jobs", "list", "--status", "failed")


def test_a_job_is_shown_with_its_attempts_times_and_error(run: Run, jobs: list[tables.Job]) -> None:
    shown = json.loads(run("jobs", "show", jobs[0].id, "--json"))
    assert (shown["attempts"], shown["error_code"]) == (1, "simio_job_cancelled")
    assert shown["error_detail"] == "no header row"
    assert shown["created_at"] <= shown["started_at"] <= shown["ended_at"]
    assert "no header row" in run("jobs", "show", jobs[0].id)
    (newest,) = json.loads(run("audit", "list", "--limit", "1", "--json"))
    assert (newest["action"], newest["subject_id"]) == ("job.viewed", jobs[0].id)


def test_a_stuck_job_begins_anew_and_its_attempt_does_not_count(
    run: Run, jobs: list[tables.Job], do: Do[int]
) -> None:
    running = jobs[1].id
    shown = json.loads(run("jobs", "retry", running, "--json"))
    assert (shown["status"], shown["attempts"], shown["attempts_excused"]) == ("queued", 1, 1)
    (retried,) = json.loads(run("audit", "list", "--action", "job.retried", "--json"))
    assert (retried["subject_id"], retried["tenant_id"]) == (running, jobs[1].tenant_id)

    async def entries(runtime: Runtime) -> int:
        async with runtime.queue.open_async():
            worker = await runtime.queue.job_manager.register_worker()
            first = await runtime.queue.job_manager.fetch_job(queues=None, worker_id=worker)
        assert first is not None
        assert first.task_kwargs["job_id"] == running  # before all that wait
        return await runtime.endings.admission.reconcile(runtime.database)

    assert do(entries) == 0


def test_a_job_that_has_ended_is_not_opened_again(run: Run, jobs: list[tables.Job]) -> None:
    failed, running, _ = (job.id for job in jobs)
    assert "repeat the request" in run("jobs", "retry", failed, code=1)
    run("jobs", "cancel", running)
    assert "has ended: it is cancelled" in run("jobs", "retry", running, code=1)
    assert "has ended: it is cancelled" in run("jobs", "cancel", running, code=1)
    assert "There is no job 'job_x'." in run("jobs", "retry", "job_x", code=1)


def test_a_job_whose_turn_it_is_not_is_left_alone(
    run: Run, jobs: list[tables.Job], do: Do[str]
) -> None:
    async def crowd(runtime: Runtime) -> str:
        for _ in range(runtime.policy.jobs_per_tenant):
            last = await work.training(runtime, jobs[0].tenant_id)
        return last.id

    assert "waits for its turn" in run("jobs", "retry", do(crowd), code=1)


def test_a_cancelled_generation_gives_its_rows_back(run: Run, jobs: list[tables.Job]) -> None:
    waiting = jobs[2]
    shown = json.loads(run("jobs", "cancel", waiting.id, "--json"))
    assert shown["status"] == "cancelled"
    usage = json.loads(run("usage", "show", waiting.tenant_id, "--json"))
    assert usage["windows"][0]["rows_reserved"] == 0
    assert "Right" in run("usage", "verify")
    words = ("--action", "generation.failed", "--json")
    (ended,) = json.loads(run("audit", "list", *words))
    assert ended["actor"].startswith("operator cli:")
    assert ended["details"] == {"code": "simio_job_cancelled"}
