"""Making a backup beside what goes on in the service."""

import asyncio
import io
from pathlib import Path

import psycopg

from simulacra.service import objects, storage
from simulacra.service.audit import trail
from simulacra.service.backups import archive, making
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.jobs import work

KEY = storage.ObjectKey.generate()


async def store(runtime: Runtime, tenant_id: str, path: str) -> None:
    """Write an object that is kept."""
    await runtime.objects.announce(tenant_id, path.partition("/")[0], runtime.stores.own, path)
    runtime.storage.write(path, io.BytesIO(b"rows"), KEY)
    async with runtime.database.transaction(tenant_id) as session:
        await objects.keep(session, path)


def test_a_backup_has_what_was_kept_at_its_moment(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path, dsn: str
) -> None:
    """By the service's own role, too, where no other one owns the tables."""

    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        for owner in ("ds_kept", "ds_doomed", "ds_lost"):
            await store(runtime, tenant_id, f"{owner}/seed")
        async with runtime.database.transaction(tenant_id) as session:
            await objects.doom(session, "ds_doomed")
        runtime.storage.delete("ds_lost/seed")
        file = tmp_path / "backup"
        manifest = await asyncio.to_thread(
            making.make, file, dsn, runtime.storage, runtime.keyring, tmp_path
        )
        assert archive.verify(file, runtime.keyring) == manifest
        assert manifest.missing == ["ds_lost/seed"]
        names = [name for name in manifest.members if name.startswith(making.OBJECTS)]
        assert names == ["objects/ds_kept/seed"]
        assert f"{making.DATABASE}{0:08}" in manifest.members
        noted = trail.Head.parse(manifest.trail_head or "")
        assert (await runtime.database.verify_trail(noted)).fault is None

    run_async(check())


def test_nothing_is_removed_from_the_store_while_a_backup_is_made(
    runtime: Runtime, run_async: RunAsync, dsn: str
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        await store(runtime, tenant_id, "ds_1/seed")
        with psycopg.connect(dsn) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [objects.SWEEPING])
            async with runtime.database.transaction(tenant_id) as session:
                await objects.doom(session, "ds_1")
            await runtime.objects.remove("ds_1")
            assert await runtime.objects.sweep() == 0
            assert runtime.storage.open_sealed("ds_1/seed")[0] > 0
        assert await runtime.objects.sweep() == 1

    run_async(check())
