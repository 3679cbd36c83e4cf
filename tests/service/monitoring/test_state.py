"""The state is read from what requests and workers have written."""

import datetime as dt
from pathlib import Path

from simulacra.service import tenancy
from simulacra.service.audit import entry
from simulacra.service.audit.entry import Reason
from simulacra.service.database import tables
from simulacra.service.monitoring import state
from simulacra.service.runtime import Runtime
from simulacra.service.tenants import administration
from simulacra.service.webhooks.sending import Outcome
from tests.coroutines import RunAsync
from tests.service.jobs import work
from tests.service.webhooks import steps

GENERATE, TRAIN = "createGeneration", "createDataset"


def job(tenant_id: str, number: int, operation: str, **fields: object) -> tables.Job:
    return tables.Job(
        id=f"job_{number}", tenant_id=tenant_id, operation=operation, dataset_id="ds_1", **fields
    )


def test_an_installation_that_nobody_has_used(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    async def check() -> None:
        seen = await state.read(runtime.database, state.folders_of(tmp_path))
        assert seen.backlogs == {}
        assert (seen.completed, seen.failed, seen.datasets, seen.rows) == (0, 0, 0, 0)
        assert (seen.waiting_signups, seen.refusals, seen.other_tenant) == ([], 0, 0)
        assert seen.certificate_expires is None
        assert set(seen.disks) == {"data", "scratch"}
        assert all(0 < disk.free <= disk.total for disk in seen.disks.values())
        assert 0 < seen.disks["data"].free_share < 1

    run_async(check())


def test_jobs_of_all_tenants_are_counted(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    async def check() -> None:
        now = dt.datetime.now(dt.UTC)
        earlier = now - dt.timedelta(minutes=20)
        yesterday = now - dt.timedelta(days=1)
        for index in range(2):
            made = await runtime.tenants.create(company="A", email=f"a{index}@b.example")
            async with runtime.database.transaction(made.tenant_id) as session:
                first = 10 * index
                session.add_all(
                    [
                        job(made.tenant_id, first, TRAIN, status="queued", created_at=earlier),
                        job(made.tenant_id, first + 1, TRAIN, status="queued"),
                        job(
                            made.tenant_id,
                            first + 2,
                            GENERATE,
                            status="processing",
                            created_at=yesterday,
                            started_at=earlier,
                        ),
                        job(made.tenant_id, first + 3, GENERATE, status="failed", ended_at=now),
                        job(
                            made.tenant_id, first + 4, TRAIN, status="completed", ended_at=yesterday
                        ),
                    ]
                )
        seen = await state.read(runtime.database, state.folders_of(tmp_path))
        training, generating = seen.backlogs[TRAIN], seen.backlogs[GENERATE]
        assert (training.waiting, training.running) == (4, 0)
        assert (generating.waiting, generating.running) == (0, 2)
        assert 1_200 <= training.longest_wait < 3_600
        assert 1_200 <= generating.longest_run < 3_600
        assert (seen.completed, seen.failed) == (0, 2)
        assert sorted(seen.open_jobs.values()) == [3, 3]

    run_async(check())


def test_requests_for_access_and_refusals_are_counted(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    async def check() -> None:
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            for number, status in enumerate(("pending", "declined", "pending")):
                session.add(
                    tables.Signup(
                        id=f"sig_{number}",
                        company_name="A",
                        contact_email=f"{number}@b.example",
                        email_key=f"{number}@b.example",
                        status=status,
                    )
                )
                await session.flush()
        for _ in range(3):
            await runtime.refusals.record(Reason.INVALID_TOKEN)
        await runtime.refusals.record(Reason.OTHER_TENANT)
        await runtime.refusals.close()
        seen = await state.read(runtime.database, state.folders_of(tmp_path))
        assert sorted(seen.waiting_signups) == ["sig_0", "sig_2"]
        assert (seen.refusals, seen.other_tenant) == (3, 1)

    run_async(check())


def test_deliveries_that_may_be_made_are_counted(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    """Those of a tenant that is suspended wait for nobody who could be told of it."""

    async def check() -> None:
        callers = [await work.tenant(runtime) for _ in range(2)]
        for caller in callers:
            webhook, _ = await steps.webhook(runtime, caller)
            await steps.webhooks_of(runtime).test(caller, webhook.id)
        suspended = callers[1].tenant_id
        await administration.suspend(runtime.database, suspended, entry.SYSTEM)
        runtime.database.ahead = dt.timedelta(minutes=20)
        seen = await state.read(runtime.database, state.folders_of(tmp_path))
        assert seen.deliveries == 1
        assert 1_200 <= seen.longest_delivery_wait < 3_600
        assert await steps.deliver(steps.answering(runtime, Outcome(204))) == 1
        seen = await state.read(runtime.database, state.folders_of(tmp_path))
        assert (seen.deliveries, seen.longest_delivery_wait) == (0, 0)

    run_async(check())
