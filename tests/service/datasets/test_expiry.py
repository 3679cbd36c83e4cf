"""The end of datasets, on real PostgreSQL, beside those who still ask for their rows."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy import text

from simulacra.service import errors
from simulacra.service.database import tables
from simulacra.service.datasets import expiry
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.generations import expiry as generations
from simulacra.service.jobs import repository
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.jobs import work


@pytest.mark.parametrize("status", ["deleted", "expired"])
def test_a_dataset_ends_beside_a_request_for_its_rows(
    runtime: Runtime, run_async: RunAsync, status: str
) -> None:
    """The request has the dataset's key, and may be waiting for a window that is held here."""

    async def check() -> None:
        caller = await work.tenant(runtime)
        job = await work.training(runtime, caller.tenant_id, life=dt.timedelta(hours=1))
        as_foreign_keys_do = text("SELECT FROM datasets WHERE id = :id FOR KEY SHARE")
        async with runtime.database.transaction(caller.tenant_id) as session:
            await session.execute(as_foreign_keys_do, {"id": job.dataset_id})
            async with asyncio.timeout(30):
                if status == "deleted":
                    await datasets_of(runtime).delete(caller, job.dataset_id)
                else:
                    runtime.database.ahead = dt.timedelta(hours=2)
                    await expiry.sweep(runtime.database, runtime.endings)
        async with runtime.database.transaction(caller.tenant_id) as session:
            dataset = await session.get_one(tables.Dataset, job.dataset_id)
        assert (dataset.status, dataset.sealed_key) == (status, None)

    run_async(check())


def test_what_a_failure_told_of_the_data_ends_with_the_data(
    runtime: Runtime, run_async: RunAsync
) -> None:
    told = errors.Fault("/column_types", "Its columns begin with 'Income'.", "simio_invalid_field")

    async def fail(job: tables.Job) -> None:
        quoting = errors.StudyInvalidError("Column 'Income'.", faults=[told])
        await (await work.begin(runtime, job)).fail(quoting)

    async def check() -> None:
        caller = await work.tenant(runtime)
        training = await work.training(runtime, caller.tenant_id)
        await fail(training)
        made = await work.generation(runtime, caller.tenant_id, training.dataset_id)
        await fail(made)
        await datasets_of(runtime).delete(caller, training.dataset_id)
        runtime.database.ahead = dt.timedelta(hours=24, minutes=1)
        await generations.sweep(runtime.database, runtime.endings)
        async with runtime.database.transaction(caller.tenant_id) as session:
            for job in (training, made):
                error = (await repository.get(session, job.id)).error or {}
                assert error["code"] == "simio_upload_invalid"
                assert "Income" not in repr(error)

    run_async(check())
