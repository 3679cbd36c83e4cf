"""The overview and the jobs: what failed, waits and was billed, and what is done about a job."""

import re

from simulacra.service import keys, tenancy
from simulacra.service.audit import trail
from simulacra.service.database import tables
from simulacra.service.database.statuses import JobStatus
from simulacra.service.runtime import Runtime
from simulacra.service.usage import ledger
from tests.coroutines import RunAsync
from tests.service.jobs import work
from tests.service.operators import browser

CODE, DETAIL = "simio_unreadable_seed_file", "The file is <b>encrypted</b>."


async def fail(runtime: Runtime, job: tables.Job) -> None:
    """End a job as a worker does that cannot read its file."""
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        row = await session.get_one(tables.Job, job.id)
        row.status, row.started_at, row.ended_at = JobStatus.FAILED, row.created_at, row.created_at
        row.error = {"code": CODE, "detail": DETAIL}


async def bill(runtime: Runtime, tenant_id: str, rows: int) -> None:
    """Bill a generation to a tenant."""
    generation_id = keys.random_id("gen_")
    async with runtime.database.transaction(tenant_id) as session:
        tenant = await session.get_one(tables.Tenant, tenant_id)
        await ledger.reserve(session, tenant, generation_id, rows)
        await ledger.settle(session, generation_id, rows)


def test_failures_queue_and_rows_are_on_the_first_page(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        await operator.sign_in()
        quiet = (await operator.http.get("/operator/")).text
        assert "No job is open." in quiet
        assert "Jobs that failed" not in quiet
        one, other = [await browser.create_tenant(runtime, it) for it in ("Harbour", "Kestrel")]
        await fail(runtime, await work.training(runtime, one))
        waiting = await work.training(runtime, other)
        await bill(runtime, one, 1_200)
        await bill(runtime, other, 34_000)
        shown = (await operator.http.get("/operator/")).text
        assert shown.index("Jobs that failed") < shown.index(CODE) < shown.index("Rows billed in")
        assert DETAIL not in shown
        billed = shown[shown.index("Rows billed in") :]
        assert billed.index("Kestrel") < billed.index("34,000") < billed.index("Harbour")
        assert "35,200 in 30 days, at most 35,200 a day, 35,200 today" in billed
        assert waiting.operation in billed

    run_async(check())


def test_jobs_are_filtered_and_paged_and_every_look_is_on_record(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        await operator.sign_in()
        tenant_id = await browser.create_tenant(runtime)
        failed, waiting = [await work.training(runtime, tenant_id) for _ in range(2)]
        await fail(runtime, failed)
        everything = (await operator.http.get("/operator/jobs")).text
        assert failed.id in everything
        assert waiting.id in everything
        only = f"status=failed&operation=createDataset&tenant_id={tenant_id}"
        shown = (await operator.http.get(f"/operator/jobs?{only}")).text
        assert failed.id in shown
        assert waiting.id not in shown
        assert (
            "No job fits."
            in (await operator.http.get("/operator/jobs?operation=createGeneration")).text
        )
        before = (await operator.http.get(f"/operator/jobs?before={waiting.id}")).text
        assert failed.id in before
        assert waiting.id not in before
        assert "Newest" in before
        page = (await operator.http.get(f"/operator/jobs/{failed.id}")).text
        assert CODE in page
        assert "The file is &lt;b&gt;encrypted" in page
        assert "Cancel" not in page
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            looks = [it async for it in trail.entries(session) if it.action == "job.viewed"]
        assert [it.subject_id for it in looks] == [None] * 4 + [failed.id]

    run_async(check())


def test_a_job_begins_anew_or_is_cancelled(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        token = (await operator.sign_in()).forms_token
        job = await work.training(runtime, await browser.create_tenant(runtime))
        for verb, word in (("retry", "begins anew"), ("cancel", "Nothing is billed")):
            answer = await operator.post(f"jobs/{job.id}/{verb}", token)
            assert answer.status_code == 303, answer.text
            shown = (await operator.http.get(answer.headers["location"])).text
            assert word in re.sub(r"<[^>]*>", "", shown)
        assert "state-cancelled" in shown
        again = await operator.post(f"jobs/{job.id}/cancel", token)
        assert "has ended" in again.text
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            actions = [it.action async for it in trail.entries(session) if it.actor_id == "ann"]
        assert actions == ["session.opened", "job.retried", "dataset.failed"]

    run_async(check())
