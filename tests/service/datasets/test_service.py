"""Datasets that end while others use them, on real PostgreSQL."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable

import pytest

from simulacra.service import clock, keys
from simulacra.service.database import tables
from simulacra.service.datasets import expiry
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.identity.principal import Principal
from simulacra.service.runtime import Runtime
from simulacra.service.usage import ledger
from tests.coroutines import RunAsync
from tests.service.jobs import work

End = Callable[[Runtime, Principal, str], Awaitable[None]]


async def _delete(runtime: Runtime, caller: Principal, dataset_id: str) -> None:
    await datasets_of(runtime).delete(caller, dataset_id)


async def _expire(runtime: Runtime, _: Principal, __: str) -> None:
    runtime.database.ahead += dt.timedelta(hours=25)
    await expiry.sweep(runtime.database, runtime.endings)


@pytest.mark.parametrize("end", [_delete, _expire])
def test_the_end_of_a_dataset_does_not_wait_for_rows_that_are_being_asked_for(
    runtime: Runtime, run_async: RunAsync, end: End
) -> None:
    """They hold the dataset and will want the window; the end holds the window: a deadlock."""

    async def check() -> None:
        caller = await work.tenant(runtime)
        training = await work.training(runtime, caller.tenant_id)
        under_way = await work.generation(runtime, caller.tenant_id, training.dataset_id)
        asked = tables.Generation(
            id=keys.random_id("gen_"),
            tenant_id=caller.tenant_id,
            dataset_id=training.dataset_id,
            job_id=keys.random_id("job_"),
            status="processing",
            row_count=5,
            output_format="csv",
            seed=1,
            conditions={},
        )
        async with runtime.database.transaction(caller.tenant_id) as session:
            asked.expires_at = await clock.read(session) + dt.timedelta(days=3)
            session.add(asked)
            await session.flush()
            async with asyncio.timeout(30):
                await end(runtime, caller, training.dataset_id)
            tenant = await session.get_one(tables.Tenant, caller.tenant_id)
            await ledger.reserve(session, tenant, asked.id, 5)
        assert await work.status(runtime, under_way) in ("cancelled", "expired")

    run_async(check())
