"""Objects: none stays without an owner, none is removed that has one."""

import asyncio
import contextlib
import datetime as dt
import io
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulacra.service import errors, objects, storage
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.jobs import work

KEY = storage.ObjectKey.generate()


def _stored(folder: Path) -> set[str]:
    root = folder / "objects"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


async def _write(runtime: Runtime, tenant_id: str, path: str) -> None:
    await runtime.objects.announce(tenant_id, path.partition("/")[0], runtime.stores.own, path)
    runtime.storage.write(path, io.BytesIO(b"rows"), KEY)


@given(st.lists(st.sampled_from(["announced", "discarded", "kept", "rolled back", "doomed"])))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_a_sweep_the_store_holds_what_is_kept_and_nothing_else(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path, fates: list[str]
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        kept = set()
        for number, fate in enumerate(fates):
            path = f"{tenant_id}-{number}/rows"
            await _write(runtime, tenant_id, path)
            if fate == "discarded":
                await runtime.objects.discard(tenant_id, path)
            elif fate != "announced":
                with (
                    pytest.raises(ZeroDivisionError)
                    if fate == "rolled back"
                    else contextlib.nullcontext()
                ):
                    async with runtime.database.transaction(tenant_id) as session:
                        await objects.keep(session, path)
                        if fate == "rolled back":
                            raise ZeroDivisionError
                await runtime.objects.discard(tenant_id, path)  # a late one, of no effect
                kept |= {path} if fate == "kept" else set()
            if fate == "doomed":
                async with runtime.database.transaction(tenant_id) as session:
                    await objects.doom(session, path.partition("/")[0])
        runtime.database.ahead = dt.timedelta(days=1)
        await runtime.objects.sweep()
        runtime.database.ahead = dt.timedelta()
        mine = {path for path in _stored(tmp_path) if path.startswith(tenant_id)}
        assert mine == kept
        assert await runtime.objects.sweep() == 0

    run_async(check())


def test_what_is_being_written_is_not_swept_but_what_took_too_long_cannot_be_kept(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        await _write(runtime, tenant_id, "ds_1/seed")
        assert await runtime.objects.sweep() == 0
        runtime.database.ahead = dt.timedelta(days=1)
        assert await runtime.objects.sweep() == 1
        assert _stored(tmp_path) == set()
        with pytest.raises(objects.UnannouncedError):
            async with runtime.database.transaction(tenant_id) as session:
                await objects.keep(session, "ds_1/seed")

    run_async(check())


def test_what_is_still_being_written_when_its_owner_ends_is_removed_once_it_is_there(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    """A thread writes on though whoever waited for it was cancelled."""
    has_begun, may_write, has_written = (threading.Event() for _ in range(3))

    def write() -> storage.Digest:
        has_begun.set()
        may_write.wait()
        digest = runtime.storage.write("ds_1/seed", io.BytesIO(b"rows"), KEY)
        has_written.set()
        return digest

    async def upload(tenant_id: str) -> None:
        async with runtime.objects.written(
            tenant_id, "ds_1", runtime.stores.own, "ds_1/seed", write
        ):
            raise AssertionError("it was cancelled before")

    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        uploading = asyncio.create_task(upload(tenant_id))
        await asyncio.to_thread(has_begun.wait)
        uploading.cancel()
        await asyncio.wait([uploading])
        async with runtime.database.transaction(tenant_id) as session:
            await objects.doom(session, "ds_1")
        await runtime.objects.sweep()
        may_write.set()
        await asyncio.to_thread(has_written.wait)
        assert _stored(tmp_path) == {"ds_1/seed"}
        runtime.database.ahead = dt.timedelta(days=1)
        assert await runtime.objects.sweep() == 1
        assert _stored(tmp_path) == set()

    run_async(check())


def test_an_object_that_cannot_be_removed_does_not_keep_the_others(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = runtime.storage.delete

    def refuse(path: str) -> None:
        if path == "ds_1/held":
            raise errors.StorageUnavailableError("the store does not answer")
        remove(path)

    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        for path in ("ds_1/held", "ds_1/a", "ds_1/b"):
            await _write(runtime, tenant_id, path)
            await runtime.objects.discard(tenant_id, path)
        with monkeypatch.context() as patched:
            patched.setattr(runtime.storage, "delete", refuse)
            for _ in range(2):
                with pytest.raises(errors.StorageUnavailableError):
                    await runtime.objects.sweep()
            assert _stored(tmp_path) == {"ds_1/held"}
        assert await runtime.objects.sweep() == 1
        assert _stored(tmp_path) == set()

    run_async(check())


def test_the_objects_of_one_owner_can_be_removed_at_once(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        for path in ("ds_1/seed", "ds_1/models/a", "ds_2/seed"):
            await _write(runtime, tenant_id, path)
            async with runtime.database.transaction(tenant_id) as session:
                await objects.keep(session, path)
        async with runtime.database.transaction(tenant_id) as session:
            await objects.doom(session, "ds_1", "ds_2")
        await runtime.objects.remove("ds_1")
        assert _stored(tmp_path) == {"ds_2/seed"}

    run_async(check())
