"""Keys on real PostgreSQL: one job for each, whoever comes when."""

import asyncio
import dataclasses
import datetime as dt

import pytest
from sqlalchemy import update

from simulacra.service import errors, policy
from simulacra.service.database import tables
from simulacra.service.idempotency import bindings
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.jobs import work

ONE, OTHER = b"1" * 32, b"2" * 32


async def _key(runtime: Runtime, name: str = "k") -> bindings.Key:
    key = bindings.of(await work.tenant(runtime), "createDataset", name)
    assert key is not None
    return key


async def _bind(
    runtime: Runtime, key: bindings.Key | None, fingerprint: bytes, job_id: str
) -> str | None:
    async with runtime.database.transaction(key.tenant_id if key else "*") as session:
        return await bindings.bind(session, key, fingerprint, job_id)


def _code(refused: pytest.ExceptionInfo[errors.ServiceError]) -> str:
    return refused.value.entry.code


def test_without_a_key_nothing_is_found(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        for job_id in ("job_1", "job_2"):
            assert await _bind(runtime, None, ONE, job_id) is None
        async with bindings.lease(runtime.database, None) as held:
            assert held is None

    run_async(check())


def test_a_retry_finds_the_job_and_another_request_is_refused(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        key = await _key(runtime)
        assert await _bind(runtime, key, ONE, "job_1") is None
        assert await _bind(runtime, key, ONE, "job_2") == "job_1"
        with pytest.raises(errors.ServiceError) as refused:
            await _bind(runtime, key, OTHER, "job_3")
        assert _code(refused) == "simio_idempotency_conflict"
        for scope in ({"operation": "createGeneration"}, {"key": "l"}):
            assert await _bind(runtime, dataclasses.replace(key, **scope), OTHER, "job_4") is None

    run_async(check())


def test_tenants_do_not_share_keys(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        assert await _bind(runtime, await _key(runtime), ONE, "job_1") is None
        assert await _bind(runtime, await _key(runtime), OTHER, "job_2") is None

    run_async(check())


def test_of_fifty_at_once_one_goes_on(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        key = await _key(runtime)
        found = await asyncio.gather(
            *(_bind(runtime, key, ONE, f"job_{number}") for number in range(50))
        )
        assert found.count(None) == 1
        winner = f"job_{found.index(None)}"
        assert {job_id for job_id in found if job_id is not None} == {winner}

    run_async(check())


def test_a_transaction_that_fails_leaves_no_key(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        key = await _key(runtime)
        with pytest.raises(ZeroDivisionError):
            async with runtime.database.transaction(key.tenant_id) as session:
                await bindings.bind(session, key, ONE, "job_1")
                raise ZeroDivisionError
        assert await _bind(runtime, key, OTHER, "job_2") is None

    run_async(check())


def test_while_one_holds_the_lease_others_are_told_to_wait(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        key = await _key(runtime)
        async with bindings.lease(runtime.database, key) as held:
            for another in (
                bindings.lease(runtime.database, key).__aenter__(),
                _bind(runtime, key, ONE, ""),
            ):
                with pytest.raises(errors.ServiceError) as refused:
                    await another
                assert _code(refused) == "simio_idempotency_in_flight"
                assert refused.value.retry_after
            assert await _bind(runtime, held, ONE, "job_1") is None
        async with bindings.lease(runtime.database, key) as later:
            assert later == key  # it has its job: there is nothing to hold
            assert await _bind(runtime, later, ONE, "job_2") == "job_1"

    run_async(check())


def test_a_request_that_fails_gives_its_key_back(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        key = await _key(runtime)
        with pytest.raises(ZeroDivisionError):
            async with bindings.lease(runtime.database, key):
                raise ZeroDivisionError
        assert await _bind(runtime, key, OTHER, "job_1") is None

    run_async(check())


def test_the_lease_of_a_process_that_died_runs_out(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        key = await _key(runtime)
        dead = await bindings.lease(runtime.database, key).__aenter__()
        runtime.database.ahead = bindings.LEASE + dt.timedelta(seconds=1)
        async with bindings.lease(runtime.database, key) as heir:
            with pytest.raises(errors.ServiceError):  # it was only thought dead
                await _bind(runtime, dead, ONE, "job_1")
            assert await _bind(runtime, heir, ONE, "job_2") is None
        assert await _bind(runtime, dead, ONE, "job_3") == "job_2"

    run_async(check())


def test_a_lease_is_renewed_while_the_body_arrives(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bindings, "RENEWAL_SECONDS", 0.02)

    async def check() -> None:
        key = await _key(runtime)
        async with bindings.lease(runtime.database, key) as held:
            assert held is not None
            async with runtime.database.transaction(key.tenant_id) as session:
                long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
                rows = tables.IdempotencyKey
                await session.execute(update(rows).where(held.row).values(leased_until=long_ago))
            while True:
                async with runtime.database.transaction(key.tenant_id) as session:
                    row = await session.get_one(
                        rows, (key.tenant_id, key.operation, key.key), populate_existing=True
                    )
                    if row.leased_until is not None and row.leased_until > long_ago:
                        break
                await asyncio.sleep(0.01)

    run_async(check())


def test_a_key_is_forgotten_after_a_day(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        key = await _key(runtime)
        await _bind(runtime, key, ONE, "job_1")
        runtime.database.ahead = policy.IDEMPOTENCY_KEY_LIFE - dt.timedelta(minutes=1)
        await bindings.forget(runtime.database)
        assert await _bind(runtime, key, ONE, "job_2") == "job_1"
        runtime.database.ahead = policy.IDEMPOTENCY_KEY_LIFE + dt.timedelta(minutes=1)
        await bindings.forget(runtime.database)
        assert await _bind(runtime, key, OTHER, "job_3") is None

    run_async(check())
