"""Keys on real PostgreSQL: one job for each, whoever comes when."""

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Callable, Coroutine

import pytest
from sqlalchemy import update

from simulacra.service import errors, policy, runtime
from simulacra.service.database import tables
from simulacra.service.idempotency import bindings
from tests.service.jobs import work

Play = Callable[[Coroutine[None, None, None]], None]

ONE, OTHER = b"1" * 32, b"2" * 32


async def _key(running: runtime.Runtime, name: str = "k") -> bindings.Key:
    key = bindings.of(await work.tenant(running), "createDataset", name)
    assert key is not None
    return key


async def _bind(
    running: runtime.Runtime, key: bindings.Key | None, fingerprint: bytes, job_id: str
) -> str | None:
    async with running.database.transaction(key.tenant_id if key else "*") as session:
        return await bindings.bind(session, key, fingerprint, job_id)


def _code(refused: pytest.ExceptionInfo[errors.ServiceError]) -> str:
    return refused.value.entry.code


def test_without_a_key_nothing_is_found(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        for job_id in ("job_1", "job_2"):
            assert await _bind(running, None, ONE, job_id) is None
        async with bindings.lease(running.database, None) as held:
            assert held is None

    play(check())


def test_a_retry_finds_the_job_and_another_request_is_refused(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        key = await _key(running)
        assert await _bind(running, key, ONE, "job_1") is None
        assert await _bind(running, key, ONE, "job_2") == "job_1"
        with pytest.raises(errors.ServiceError) as refused:
            await _bind(running, key, OTHER, "job_3")
        assert _code(refused) == "simio_idempotency_conflict"
        for scope in ({"operation": "createGeneration"}, {"key": "l"}):
            assert await _bind(running, dataclasses.replace(key, **scope), OTHER, "job_4") is None

    play(check())


def test_tenants_do_not_share_keys(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        assert await _bind(running, await _key(running), ONE, "job_1") is None
        assert await _bind(running, await _key(running), OTHER, "job_2") is None

    play(check())


def test_of_fifty_at_once_one_goes_on(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        key = await _key(running)
        found = await asyncio.gather(
            *(_bind(running, key, ONE, f"job_{number}") for number in range(50))
        )
        assert found.count(None) == 1
        winner = f"job_{found.index(None)}"
        assert {job_id for job_id in found if job_id is not None} == {winner}

    play(check())


def test_a_transaction_that_fails_leaves_no_key(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        key = await _key(running)
        with pytest.raises(ZeroDivisionError):
            async with running.database.transaction(key.tenant_id) as session:
                await bindings.bind(session, key, ONE, "job_1")
                raise ZeroDivisionError
        assert await _bind(running, key, OTHER, "job_2") is None

    play(check())


def test_while_one_holds_the_lease_others_are_told_to_wait(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        key = await _key(running)
        async with bindings.lease(running.database, key) as held:
            for another in (
                bindings.lease(running.database, key).__aenter__(),
                _bind(running, key, ONE, ""),
            ):
                with pytest.raises(errors.ServiceError) as refused:
                    await another
                assert _code(refused) == "simio_idempotency_in_flight"
                assert refused.value.retry_after
            assert await _bind(running, held, ONE, "job_1") is None
        async with bindings.lease(running.database, key) as later:
            assert later == key  # it has its job: there is nothing to hold
            assert await _bind(running, later, ONE, "job_2") == "job_1"

    play(check())


def test_a_request_that_fails_gives_its_key_back(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        key = await _key(running)
        with pytest.raises(ZeroDivisionError):
            async with bindings.lease(running.database, key):
                raise ZeroDivisionError
        assert await _bind(running, key, OTHER, "job_1") is None

    play(check())


def test_the_lease_of_a_process_that_died_runs_out(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        key = await _key(running)
        dead = await bindings.lease(running.database, key).__aenter__()
        running.database.ahead = bindings.LEASE + dt.timedelta(seconds=1)
        async with bindings.lease(running.database, key) as heir:
            with pytest.raises(errors.ServiceError):  # it was only thought dead
                await _bind(running, dead, ONE, "job_1")
            assert await _bind(running, heir, ONE, "job_2") is None
        assert await _bind(running, dead, ONE, "job_3") == "job_2"

    play(check())


def test_a_lease_is_renewed_while_the_body_arrives(
    running: runtime.Runtime, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bindings, "RENEWAL_SECONDS", 0.02)

    async def check() -> None:
        key = await _key(running)
        async with bindings.lease(running.database, key) as held:
            assert held is not None
            async with running.database.transaction(key.tenant_id) as session:
                long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
                rows = tables.IdempotencyKey
                await session.execute(update(rows).where(held.row).values(leased_until=long_ago))
            while True:
                async with running.database.transaction(key.tenant_id) as session:
                    row = await session.get_one(
                        rows, (key.tenant_id, key.operation, key.key), populate_existing=True
                    )
                    if row.leased_until is not None and row.leased_until > long_ago:
                        break
                await asyncio.sleep(0.01)

    play(check())


def test_a_key_is_forgotten_after_a_day(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        key = await _key(running)
        await _bind(running, key, ONE, "job_1")
        running.database.ahead = policy.IDEMPOTENCY_KEY_LIFE - dt.timedelta(minutes=1)
        await bindings.forget(running.database)
        assert await _bind(running, key, ONE, "job_2") == "job_1"
        running.database.ahead = policy.IDEMPOTENCY_KEY_LIFE + dt.timedelta(minutes=1)
        await bindings.forget(running.database)
        assert await _bind(running, key, OTHER, "job_3") is None

    play(check())
