"""A process knows whether it has the master key of its database."""

from pathlib import Path

import psycopg
import pytest

from simulacra.service import canary, compose, keys, root_key, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from tests.coroutines import RunAsync

OTHER = keys.Keyring(bytes(32))


async def write_something(runtime: Runtime) -> None:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        trail.record(session, entry.ANONYMOUS, Action.SIGNUP_REQUESTED, "req_1")


def entries(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT set_config('simulacra.tenant', '*', false)")
        (count,) = connection.execute("SELECT count(*) FROM audit_entries").fetchone() or (0,)
        return int(count)


def test_the_first_key_is_noted_and_no_other_is_accepted(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        await canary.verify(runtime.database, OTHER)  # which notes nothing
        for _ in range(2):
            await canary.check(runtime.database, runtime.keyring)
        await canary.verify(runtime.database, runtime.keyring)
        for question in (canary.check, canary.verify):
            with pytest.raises(keys.OtherKeyError, match="first used with"):
                await question(runtime.database, OTHER)

    run_async(check())


def test_a_database_from_before_there_were_canaries_knows_its_key_by_the_trail(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        await write_something(runtime)
        for question in (canary.check, canary.verify):
            with pytest.raises(keys.OtherKeyError):
                await question(runtime.database, OTHER)
        await canary.check(runtime.database, runtime.keyring)

    run_async(check())


def test_a_database_is_used_once_something_hangs_from_its_key(
    runtime: Runtime, run_async: RunAsync, settings: Settings
) -> None:
    assert not root_key.is_used(settings.dsn())

    async def check() -> None:
        await canary.check(runtime.database, runtime.keyring)

    run_async(check())
    assert root_key.is_used(settings.dsn())


def test_no_process_writes_with_another_key(
    runtime: Runtime, run_async: RunAsync, settings: Settings, tmp_path: Path
) -> None:
    """Neither with one of its own, nor with none."""

    async def check() -> None:
        await canary.check(runtime.database, runtime.keyring)
        await write_something(runtime)

    run_async(check())
    strange = settings.model_copy(update={"data_dir": tmp_path / "elsewhere"})
    with pytest.raises(keys.MasterKeyError):
        compose.runtime_of(strange)
    assert not strange.data_dir.exists()
    assert entries(settings.dsn()) == 1
