"""Events are recorded with what they tell of, or not at all."""

import asyncio
import datetime as dt
import json

import pytest

from simulacra.service import errors, tenancy
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.datasets import expiry
from simulacra.service.jobs import transitions
from simulacra.service.runtime import Runtime
from simulacra.service.webhooks import messages
from simulacra.service.webhooks.events import EXPIRY_NOTICE, EventType
from tests.coroutines import RunAsync
from tests.service.jobs import work
from tests.service.webhooks import steps

CELL = "A cell of the study, 4711"


async def _nothing(_: object) -> None: ...


class CrashError(Exception):
    """Stands for whatever ends a transaction."""


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled", "expired"])
def test_each_end_of_a_job_is_told_of_once(runtime: Runtime, run_async: RunAsync, end: str) -> None:
    async def check() -> None:
        caller = await work.tenant(runtime)
        webhook, _ = await steps.webhook(runtime, caller)
        training = await work.training(runtime, caller.tenant_id)
        job = await work.generation(runtime, caller.tenant_id, training.dataset_id)
        attempt = await work.begin(runtime, job)
        ending = transitions.End(entry.SYSTEM, errors.JobCancelledError("not wanted"))
        async with runtime.database.transaction(caller.tenant_id) as session:
            match end:
                case "completed":
                    await runtime.endings.complete(session, attempt.job, _nothing)
                case "failed":
                    fault = errors.JobFailedError("simio_generation_failed", CELL)
                    await runtime.endings.fail(session, attempt.job, fault)
                case "cancelled":
                    await runtime.endings.cancel(session, ending, tables.Job.id == job.id)
                case "expired":
                    await runtime.endings.expire(session, ending, tables.Job.id == job.id)
        async with runtime.database.transaction(caller.tenant_id) as session:
            await runtime.endings.cancel(session, ending, tables.Job.id == job.id)  # too late
            await transitions.retire(session, tables.Job.id == job.id)  # is no end
        (delivery,) = await steps.sent(runtime, caller.tenant_id)
        assert (delivery.webhook_id, delivery.event) == (webhook.id, f"job.{end}")
        assert delivery.tenant_id == caller.tenant_id
        body = json.loads(delivery.body)
        assert body.keys() == {"type", "timestamp", "data"}
        assert body["type"] == f"job.{end}"
        assert dt.datetime.fromisoformat(body["timestamp"]).tzinfo is not None
        api = runtime.policy.base_url
        links = {"job": f"{api}/v1/jobs/{job.id}"}
        if end == "completed":
            links["generation"] = f"{api}/v1/generations/{job.generation_id}"
        expected = {
            "job_id": job.id, "operation": "createGeneration", "status": end,
            "dataset_id": training.dataset_id, "generation_id": job.generation_id, "links": links,
        }  # fmt: skip
        if end == "failed":
            expected["code"] = "simio_generation_failed"
        assert body["data"] == expected
        messages.OF_EVENTS[delivery.event].model_validate(body, extra="forbid")
        assert CELL not in delivery.body

    run_async(check())


def test_an_end_that_is_taken_back_is_not_told_of(runtime: Runtime, run_async: RunAsync) -> None:
    """What crashes between the end of a job and its commit leaves neither."""

    async def check() -> None:
        caller = await work.tenant(runtime)
        await steps.webhook(runtime, caller)
        job = await work.training(runtime, caller.tenant_id)
        attempt = await work.begin(runtime, job)
        with pytest.raises(CrashError):
            async with runtime.database.transaction(caller.tenant_id) as session:
                await runtime.endings.complete(session, attempt.job, _nothing)
                raise CrashError
        assert await steps.sent(runtime, caller.tenant_id) == []
        assert await work.status(runtime, job) == "processing"
        await attempt.succeed(_nothing)
        with pytest.raises(transitions.SupersededError):  # as when the answer to a commit was lost
            await attempt.succeed(_nothing)
        assert [it.event for it in await steps.sent(runtime, caller.tenant_id)] == ["job.completed"]

    run_async(check())


def test_an_event_goes_to_the_webhooks_that_want_it(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        caller, other = await work.tenant(runtime), await work.tenant(runtime)
        wanting, _ = await steps.webhook(runtime, caller, events=[EventType.JOB_COMPLETED])
        url = "http://127.0.0.1:9999/"
        await steps.webhook(runtime, caller, f"{url}failed", [EventType.JOB_FAILED])
        disabled, _ = await steps.webhook(runtime, caller, f"{url}disabled")
        await steps.webhook(runtime, other)
        async with runtime.database.transaction(caller.tenant_id) as session:
            row = await session.get_one(tables.Webhook, disabled.id)
            row.disabled_at = row.created_at
        attempt = await work.begin(runtime, await work.training(runtime, caller.tenant_id))
        await attempt.succeed(_nothing)
        told = await steps.sent(runtime, caller.tenant_id)
        assert [it.webhook_id for it in told] == [wanting.id]
        assert await steps.sent(runtime, other.tenant_id) == []

    run_async(check())


def test_a_webhook_that_is_deleted_meanwhile_does_not_take_the_end_of_a_job_back(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller = await work.tenant(runtime)
        webhooks = steps.webhooks_of(runtime)
        for _ in range(10):
            webhook, _ = await steps.webhook(runtime, caller)
            attempt = await work.begin(runtime, await work.training(runtime, caller.tenant_id))
            await asyncio.gather(attempt.succeed(_nothing), webhooks.delete(caller, webhook.id))
            assert await work.status(runtime, attempt.job) == "completed"
        assert await steps.sent(runtime, caller.tenant_id) == []

    run_async(check())


async def _ready(runtime: Runtime, tenant_id: str, life: dt.timedelta) -> str:
    job = await work.training(runtime, tenant_id, life)
    async with runtime.database.transaction(tenant_id) as session:
        (await session.get_one(tables.Dataset, job.dataset_id)).status = "ready"
    return job.dataset_id


def test_a_dataset_is_said_to_expire_once_for_each_of_its_ends(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller = await work.tenant(runtime)
        await steps.webhook(runtime, caller, events=[EventType.DATASET_EXPIRING])
        day, hour = dt.timedelta(hours=24), dt.timedelta(hours=1)
        dataset_id = await _ready(runtime, caller.tenant_id, day)
        await work.training(runtime, caller.tenant_id, day)  # whose model is not there yet

        async def announced() -> int:
            rounds = (expiry.announce(runtime.database, runtime.outbox) for _ in range(3))
            await asyncio.gather(*rounds)
            return len(await steps.sent(runtime, caller.tenant_id))

        runtime.database.ahead = day - EXPIRY_NOTICE - hour / 2
        assert await announced() == 0
        runtime.database.ahead = day - EXPIRY_NOTICE + hour / 2
        assert await announced() == 1
        assert await announced() == 1
        (told,) = await steps.sent(runtime, caller.tenant_id)
        messages.OF_EVENTS[told.event].model_validate_json(told.body, extra="forbid")
        data = json.loads(told.body)["data"]
        assert data["dataset_id"] == dataset_id
        assert data["links"] == {"dataset": f"{runtime.policy.base_url}/v1/datasets/{dataset_id}"}
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            row = await session.get_one(tables.Dataset, dataset_id)
            assert dt.datetime.fromisoformat(data["expires_at"]) == row.expires_at
            row.expires_at += day
        assert await announced() == 1
        runtime.database.ahead += day
        assert await announced() == 2
        runtime.database.ahead += day
        assert await announced() == 2

    run_async(check())
