"""What a tenant may take up, on real PostgreSQL."""

import asyncio
import dataclasses
import io

import pytest

from simulacra.service import errors, tenancy
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.datasets.schemas import UploadFields
from simulacra.service.datasets.service import Datasets
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.endpoints.generations import generations_of
from simulacra.service.generations.schemas import GenerationRequest
from simulacra.service.identity.principal import Principal
from simulacra.service.runtime import Runtime
from simulacra.service.tenants import administration, capacity
from tests.coroutines import RunAsync
from tests.service.jobs import work

CSV = b"a,b\n" + b"1,2\n" * 50


def with_capacity(runtime: Runtime, **figures: int) -> Datasets:
    """The datasets of an installation whose tenants may take up no more."""
    limits = dataclasses.replace(runtime.policy.capacity, **figures)
    return dataclasses.replace(datasets_of(runtime), capacity=limits)


async def upload(datasets: Datasets, caller: Principal) -> str:
    dataset, _ = await datasets.create(
        caller, io.BytesIO(CSV), UploadFields.model_validate({}), None
    )
    return dataset.id


def test_of_trainings_at_once_no_more_are_accepted_than_may_wait(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        datasets = with_capacity(runtime, trainings=3)
        caller, other = await work.tenant(runtime), await work.tenant(runtime)
        made = await asyncio.gather(
            *(upload(datasets, caller) for _ in range(10)), return_exceptions=True
        )
        failures = [it for it in made if isinstance(it, BaseException)]
        assert len(failures) == 7
        assert {type(it) for it in failures} == {errors.TooManyAtOnceError}
        with pytest.raises(errors.TooManyAtOnceError, match="3 trainings"):
            await datasets.admit(caller)
        await upload(datasets, other)

    run_async(check())


def test_stored_bytes_are_bounded_until_something_is_deleted(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        datasets = with_capacity(runtime, stored_bytes=2 * len(CSV) + 1)
        caller = await work.tenant(runtime)
        first, _ = await upload(datasets, caller), await upload(datasets, caller)
        await datasets.admit(caller)  # a byte is left
        with pytest.raises(errors.StorageQuotaError, match=f"{2 * len(CSV):,} of"):
            await upload(datasets, caller)
        full = with_capacity(runtime, stored_bytes=2 * len(CSV))
        with pytest.raises(errors.StorageQuotaError, match="and no more fit"):
            await full.admit(caller)
        await datasets.delete(caller, first)
        await upload(datasets, caller)

    run_async(check())


def test_who_stores_too_much_generates_no_more(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        caller = await work.tenant(runtime)
        training = await work.training(runtime, caller.tenant_id)  # its seed file has one byte
        async with runtime.database.transaction(caller.tenant_id) as session:
            dataset = await session.get_one(tables.Dataset, training.dataset_id)
            dataset.status, dataset.published_schema = "ready", {"schema": []}
        full = dataclasses.replace(runtime.policy.capacity, stored_bytes=1)
        generations = dataclasses.replace(generations_of(runtime), capacity=full)
        with pytest.raises(errors.StorageQuotaError):
            asked = GenerationRequest.model_validate({"row_count": 5})
            await generations.create(caller, training.dataset_id, asked, None)

    run_async(check())


def test_an_operator_sets_what_a_tenant_may_take_up(runtime: Runtime, run_async: RunAsync) -> None:
    default = capacity.Capacity(stored_bytes=100, trainings=9, uploads=4, downloads=8)

    async def check() -> None:
        caller = await work.tenant(runtime)
        limits = administration.TenantLimits(
            None, 30, 9, None, max_stored_bytes=0, max_trainings=2, max_uploads=None
        )
        ann = entry.operator("ann")
        await administration.set_limits(runtime.database, caller.tenant_id, limits, ann)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            tenant = await session.get_one(tables.Tenant, caller.tenant_id)
        assert default.of(tenant) == capacity.Capacity(0, 2, 4, 8)
        with pytest.raises(errors.StorageQuotaError):
            await datasets_of(runtime).admit(caller)

    run_async(check())
