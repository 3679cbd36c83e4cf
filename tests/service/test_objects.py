"""Objects: none stays without an owner, none is removed that has one."""

import contextlib
import datetime as dt
import io
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest
import work
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulacra.service import objects, runtime, storage

Play = Callable[[Coroutine[None, None, None]], None]

KEY = storage.ObjectKey.generate()


def _stored(folder: Path) -> set[str]:
    root = folder / "objects"
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


async def _write(running: runtime.Runtime, tenant_id: str, path: str) -> None:
    await objects.announce(running, tenant_id, path.partition("/")[0], path)
    running.storage.write(path, io.BytesIO(b"rows"), KEY)


@given(st.lists(st.sampled_from(["announced", "discarded", "kept", "rolled back", "doomed"])))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_a_sweep_the_store_holds_what_is_kept_and_nothing_else(
    running: runtime.Runtime, play: Play, tmp_path: Path, fates: list[str]
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(running)).tenant_id
        kept = set()
        for number, fate in enumerate(fates):
            path = f"{tenant_id}-{number}/rows"
            await _write(running, tenant_id, path)
            if fate == "discarded":
                await objects.discard(running, tenant_id, path)
            elif fate != "announced":
                with (
                    pytest.raises(ZeroDivisionError)
                    if fate == "rolled back"
                    else contextlib.nullcontext()
                ):
                    async with running.database.transaction(tenant_id) as session:
                        await objects.keep(session, path)
                        if fate == "rolled back":
                            raise ZeroDivisionError
                await objects.discard(running, tenant_id, path)  # a late one, of no effect
                kept |= {path} if fate == "kept" else set()
            if fate == "doomed":
                async with running.database.transaction(tenant_id) as session:
                    await objects.doom(session, path.partition("/")[0])
        running.database.ahead = dt.timedelta(days=1)
        await objects.sweep(running)
        running.database.ahead = dt.timedelta()
        mine = {path for path in _stored(tmp_path) if path.startswith(tenant_id)}
        assert mine == kept
        assert await objects.sweep(running) == 0

    play(check())


def test_what_is_being_written_is_not_swept_but_what_took_too_long_cannot_be_kept(
    running: runtime.Runtime, play: Play, tmp_path: Path
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(running)).tenant_id
        await _write(running, tenant_id, "ds_1/seed")
        assert await objects.sweep(running) == 0
        running.database.ahead = dt.timedelta(days=1)
        assert await objects.sweep(running) == 1
        assert _stored(tmp_path) == set()
        with pytest.raises(objects.UnannouncedError):
            async with running.database.transaction(tenant_id) as session:
                await objects.keep(session, "ds_1/seed")

    play(check())


def test_the_objects_of_one_owner_can_be_removed_at_once(
    running: runtime.Runtime, play: Play, tmp_path: Path
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(running)).tenant_id
        for path in ("ds_1/seed", "ds_1/models/a", "ds_2/seed"):
            await _write(running, tenant_id, path)
            async with running.database.transaction(tenant_id) as session:
                await objects.keep(session, path)
        async with running.database.transaction(tenant_id) as session:
            await objects.doom(session, "ds_1", "ds_2")
        await objects.remove(running, "ds_1")
        assert _stored(tmp_path) == {"ds_2/seed"}

    play(check())
