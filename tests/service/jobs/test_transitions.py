"""The moves of a job: which there are, who wins a race, and what goes with a job's end."""

import asyncio

import hypothesis
import pytest
from hypothesis import strategies as st

from simulacra.service import errors
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.database.statuses import JobStatus
from simulacra.service.jobs import attempts, repository, transitions
from simulacra.service.runtime import Runtime
from simulacra.service.usage import windows
from tests.coroutines import RunAsync
from tests.service.jobs import work

MOVES = ("begin", "report", "give_back", "complete", "fail", "cancel", "expire", "retire")
REASON = errors.JobCancelledError("not wanted")


async def _nothing(_: object) -> None: ...


async def _move(
    runtime: Runtime, job: tables.Job, attempt: attempts.Attempt | None, move: str
) -> attempts.Attempt | None:
    """Try one move and return the attempt that has the job now, as its worker believes."""
    held = attempt.job if attempt is not None else job
    end = transitions.End(entry.SYSTEM, REASON)
    async with runtime.database.transaction(job.tenant_id) as session:
        match move:
            case "begin":
                begun = await transitions.begin(session, job.id)
                if begun is None:
                    return attempt
                kind = runtime.job_kinds[begun.operation]
                return attempts.Attempt(runtime.resources, kind, begun)
            case "report":
                await transitions.report(session, held, stage="fitting", progress=0.5)
            case "give_back":
                await transitions.give_back(session, held, is_blamed=False)
            case "complete":
                await runtime.endings.complete(session, held, _nothing)
            case "fail":
                await runtime.endings.fail(session, held, REASON)
            case "cancel":
                await runtime.endings.cancel(session, end, tables.Job.id == job.id)
            case "expire":
                await runtime.endings.expire(session, end, tables.Job.id == job.id)
            case "retire":
                await transitions.retire(session, tables.Job.id == job.id)
    return attempt


@hypothesis.given(st.lists(st.sampled_from(MOVES), min_size=1, max_size=8))
@hypothesis.settings(
    max_examples=40, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
)
def test_whatever_is_tried_a_job_moves_as_the_table_says_and_ends_once(
    runtime: Runtime, run_async: RunAsync, moves: list[str]
) -> None:
    async def check() -> None:
        job = await work.training(runtime, (await work.tenant(runtime)).tenant_id)
        attempt, before, ends = None, JobStatus.QUEUED, 0
        for move in moves:
            try:
                attempt = await _move(runtime, job, attempt, move)
            except transitions.SupersededError:
                assert JobStatus(await work.status(runtime, job)) is before
                continue
            after = JobStatus(await work.status(runtime, job))
            assert after is before or before in transitions.SOURCES[after]
            ends += after.is_final and not before.is_final
            before = after
        assert ends == before.is_final

    run_async(check())


@pytest.mark.parametrize("last", ["fail", "cancel", "expire"])
def test_what_is_not_completed_gives_its_rows_back_and_fails_what_it_was_to_make(
    runtime: Runtime, run_async: RunAsync, last: str
) -> None:
    async def check() -> None:
        caller = await work.tenant(runtime)
        training = await work.training(runtime, caller.tenant_id)
        job = await work.generation(runtime, caller.tenant_id, training.dataset_id, rows=70)
        attempt = await work.begin(runtime, job)
        await _move(runtime, job, attempt, last)
        async with runtime.database.transaction(caller.tenant_id) as session:
            tenant = await session.get_one(tables.Tenant, caller.tenant_id)
            window = await windows.current(session, tenant)
            assert (window.rows_reserved, window.rows_used) == (0, 0)
            made = await session.get_one(tables.Generation, job.generation_id)
            assert made.status == "failed"
            assert (made.error or {})["code"] == "simio_job_cancelled"
            ended = await repository.get(session, job.id)
            assert (ended.attempt_token, ended.ended_at is not None) == (None, True)

    run_async(check())


def test_of_an_end_and_a_cancel_at_once_one_wins(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        caller = await work.tenant(runtime)
        for _ in range(10):
            job = await work.training(runtime, caller.tenant_id)
            attempt = await work.begin(runtime, job)
            end, _ = await asyncio.gather(
                attempt.succeed(_nothing), _move(runtime, job, None, "cancel"),
                return_exceptions=True,
            )  # fmt: skip
            is_cancelled = isinstance(end, transitions.SupersededError)
            assert end is None or is_cancelled
            assert await work.status(runtime, job) == ("cancelled" if is_cancelled else "completed")

    run_async(check())


def test_a_failed_job_names_the_request_that_asked_for_it(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        job = await work.training(runtime, (await work.tenant(runtime)).tenant_id)
        async with runtime.database.transaction(job.tenant_id) as session:
            row = await repository.get(session, job.id)
            row.request_id = "req_of_the_upload"
        attempt = await work.begin(runtime, job)
        await attempt.fail(REASON)
        async with runtime.database.transaction(job.tenant_id) as session:
            ended = await repository.get(session, job.id)
        assert (ended.error or {})["request_id"] == "req_of_the_upload"

    run_async(check())
