"""A tenant's own storage: set up, used, changed, taken back."""

import asyncio
import dataclasses
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from simulacra.service import errors, keys, objects, storage, tenancy
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.runtime import Runtime
from simulacra.service.stores import directory
from simulacra.service.stores.location import Credentials, Location
from simulacra.service.tenants import capacity, own_storage
from tests.coroutines import RunAsync
from tests.service.jobs import work
from tests.service.stores import cloud

ACTOR = entry.operator("cli:root")
KEY = storage.ObjectKey.generate()


@pytest.fixture(scope="module")
def their(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cloud.Cloud]:
    with cloud.running(tmp_path_factory.mktemp("cloud")) as it:
        yield it


@pytest.fixture
def wanted(their: cloud.Cloud, tmp_path: Path) -> own_storage.Wanted:
    their.allow(*cloud.EVERYTHING)
    file = tmp_path / "acme.key"
    keys.make_master_key(file)
    return own_storage.Wanted(
        Location(
            bucket=f"s3://{cloud.BUCKET}/acme",
            region=cloud.REGION,
            key=file.as_uri(),
            s3_endpoint=their.url,
        ),
        Credentials.model_validate(
            {
                "access_key_id": their.access_key_id,
                "secret_access_key": their.secret_access_key,
            }
        ),
        holds_studies=False,
    )


async def set_up(
    runtime: Runtime, tenant_id: str, wanted: own_storage.Wanted
) -> tables.CustomerStore:
    return await own_storage.set_up(runtime.database, runtime.stores, tenant_id, wanted, ACTOR)


async def targets(runtime: Runtime, tenant_id: str) -> tuple[str | None, str | None]:
    """Return the stores of what the tenant uploads and generates from now on."""
    async with runtime.database.transaction(tenant_id) as session:
        studies = await runtime.stores.for_studies(session, tenant_id)
        return studies.id, await runtime.stores.for_artifacts(session, tenant_id)


async def actions(runtime: Runtime, tenant_id: str) -> list[str]:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        entries = tables.AuditEntry
        query = select(entries.action).where(entries.tenant_id == tenant_id)
        return [it for it in await session.scalars(query.order_by(entries.number)) if "stor" in it]


def test_a_storage_that_works_is_used_from_now_on_and_by_its_tenant_alone(
    runtime: Runtime, run_async: RunAsync, wanted: own_storage.Wanted
) -> None:
    async def check() -> None:
        one, other = [(await work.tenant(runtime)).tenant_id for _ in range(2)]
        assert await targets(runtime, one) == (None, None)
        row = await set_up(runtime, one, wanted)
        assert await targets(runtime, one) == (None, row.id)
        assert await targets(runtime, other) == (None, None)
        row = await set_up(runtime, one, dataclasses.replace(wanted, holds_studies=True))
        assert await targets(runtime, one) == (row.id, row.id)
        await own_storage.check(runtime.database, runtime.stores, one)
        await own_storage.remove(runtime.database, one, ACTOR)
        assert await targets(runtime, one) == (None, None)
        assert await actions(runtime, one) == [
            *["tenant.storage_changed"] * 2,
            "tenant.storage_removed",
        ]
        for call in (
            own_storage.check(runtime.database, runtime.stores, one),
            own_storage.remove(runtime.database, one, ACTOR),
        ):
            with pytest.raises(errors.StorageError, match="no storage of its own"):
                await call

    run_async(check())


def test_credentials_are_sealed_and_bound_to_their_row(
    runtime: Runtime, run_async: RunAsync, wanted: own_storage.Wanted
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        row = await set_up(runtime, tenant_id, wanted)
        assert wanted.credentials is not None
        secret = wanted.credentials.secret_access_key.get_secret_value()
        assert row.sealed_credentials is not None
        assert secret.encode() not in row.sealed_credentials
        assert secret not in str(row.location)
        other = tables.CustomerStore(
            id="sto_other", location=row.location, sealed_credentials=row.sealed_credentials
        )
        with pytest.raises(keys.OtherKeyError):
            await runtime.stores.open(other)

    run_async(check())


def _without_right(wanted: own_storage.Wanted, their: cloud.Cloud) -> own_storage.Wanted:
    their.allow("s3:GetObject")
    return wanted


def _elsewhere(wanted: own_storage.Wanted, _: cloud.Cloud) -> own_storage.Wanted:
    location = wanted.location.model_copy(update={"bucket": "s3://nobodys"})
    return dataclasses.replace(wanted, location=location)


def _without_key(wanted: own_storage.Wanted, _: cloud.Cloud) -> own_storage.Wanted:
    location = wanted.location.model_copy(update={"key": "file:///nowhere/key"})
    return dataclasses.replace(wanted, location=location)


@pytest.mark.parametrize("spoil", [_without_right, _elsewhere, _without_key])
def test_what_does_not_work_changes_nothing(
    runtime: Runtime,
    run_async: RunAsync,
    wanted: own_storage.Wanted,
    their: cloud.Cloud,
    spoil: Callable[[own_storage.Wanted, cloud.Cloud], own_storage.Wanted],
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        spoilt = spoil(wanted, their)
        with pytest.raises(errors.StorageError, match="does not work"):
            await set_up(runtime, tenant_id, spoilt)
        assert await targets(runtime, tenant_id) == (None, None)
        assert await actions(runtime, tenant_id) == []

    run_async(check())


def test_what_lies_in_one_storage_stays_there_when_another_takes_its_place(
    runtime: Runtime, run_async: RunAsync, wanted: own_storage.Wanted
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        first = await set_up(runtime, tenant_id, wanted)
        await _keep(runtime, tenant_id, first.id, "gen_1/rows")
        location = wanted.location.model_copy(update={"bucket": f"s3://{cloud.BUCKET}/new"})
        second = await set_up(runtime, tenant_id, dataclasses.replace(wanted, location=location))
        assert second.id != first.id
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            found = await own_storage.listed(session, tenant_id)
        assert [(it.row.id, it.objects) for it in found] == [(second.id, 0), (first.id, 1)]
        async with runtime.database.transaction(tenant_id) as session:
            store = await runtime.stores.of(session, first.id)
        assert b"".join(store.objects.chunks("gen_1/rows", KEY, 0, 4)) == b"rows"

    run_async(check())


def test_new_credentials_hold_for_what_lies_there_and_in_every_process(
    runtime: Runtime, run_async: RunAsync, wanted: own_storage.Wanted, their: cloud.Cloud
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        row = await set_up(runtime, tenant_id, wanted)
        await _keep(runtime, tenant_id, row.id, "gen_1/rows")
        elsewhere = directory.Stores.of_installation(runtime.storage, runtime.keyring)
        async with runtime.database.transaction(tenant_id) as session:
            before = await elsewhere.of(session, row.id)
            assert await elsewhere.of(session, row.id) is before
        their.replace_access_key()
        with pytest.raises(errors.CustomerStorageError):
            b"".join(before.objects.chunks("gen_1/rows", KEY, 0, 4))
        renewed = Credentials.model_validate(
            {
                "access_key_id": their.access_key_id,
                "secret_access_key": their.secret_access_key,
            }
        )
        changed = await set_up(runtime, tenant_id, dataclasses.replace(wanted, credentials=renewed))
        assert changed.id == row.id
        async with runtime.database.transaction(tenant_id) as session:
            after = await elsewhere.of(session, row.id)
        assert b"".join(after.objects.chunks("gen_1/rows", KEY, 0, 4)) == b"rows"

    run_async(check())


def test_of_two_operators_at_once_the_later_one_is_told(
    runtime: Runtime,
    run_async: RunAsync,
    wanted: own_storage.Wanted,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attempt = own_storage._try

    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id

        async def beaten(*arguments: Any) -> None:  # noqa: ANN401 - as the function
            monkeypatch.setattr(own_storage, "_try", attempt)
            await set_up(runtime, tenant_id, wanted)
            await attempt(*arguments)

        monkeypatch.setattr(own_storage, "_try", beaten)
        with pytest.raises(errors.StorageError, match="somebody else"):
            await set_up(runtime, tenant_id, wanted)

    run_async(check())


def test_a_bucket_that_refuses_holds_up_nobody_else_and_is_emptied_later(
    runtime: Runtime,
    run_async: RunAsync,
    wanted: own_storage.Wanted,
    their: cloud.Cloud,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(objects, "BATCH", 2)

    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        row = await set_up(runtime, tenant_id, wanted)
        for number in range(5):
            await _keep(runtime, tenant_id, row.id, f"gen_9/{number}")
        await _keep(runtime, tenant_id, None, "ds_1/seed")
        async with runtime.database.transaction(tenant_id) as session:
            await objects.doom(session, "gen_9", "ds_1")
        their.allow("s3:GetObject")
        for removed in (1, 0):
            assert await runtime.objects.sweep() == removed
            assert not (tmp_path / "objects/ds_1/seed").exists()
        their.allow(*cloud.EVERYTHING)
        assert len(their.objects()) >= 5
        assert await runtime.objects.sweep() == 5
        assert [it for it in their.objects() if it.startswith("acme/gen_9/")] == []

    run_async(check())


def test_what_lies_in_a_tenants_own_bucket_takes_none_of_our_room(
    runtime: Runtime, run_async: RunAsync, wanted: own_storage.Wanted
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        row = await set_up(runtime, tenant_id, wanted)
        job = await work.training(runtime, tenant_id)
        for expected, store_id in ((1, None), (0, row.id)):
            async with runtime.database.transaction(tenant_id) as session:
                (await session.get_one(tables.Dataset, job.dataset_id)).store_id = store_id
            async with runtime.database.transaction(tenant_id) as session:
                assert await capacity.stored_bytes(session, tenant_id) == expected

    run_async(check())


async def _keep(runtime: Runtime, tenant_id: str, store_id: str | None, path: str) -> None:
    """Write an object that is kept."""
    async with runtime.database.transaction(tenant_id) as session:
        store = await runtime.stores.of(session, store_id)
    owner_id = path.partition("/")[0]
    await runtime.objects.announce(tenant_id, owner_id, store, path)
    await asyncio.to_thread(store.objects.write, path, io.BytesIO(b"rows"), KEY)
    async with runtime.database.transaction(tenant_id) as session:
        await objects.keep(session, path)
