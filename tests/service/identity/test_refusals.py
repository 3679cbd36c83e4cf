"""Refused tokens are put on record, and cannot fill it."""

import asyncio

import httpx
import pytest
import sqlalchemy.exc

from simulacra.service import main, tenancy
from simulacra.service.audit import trail
from simulacra.service.audit.entry import Reason
from simulacra.service.database import tables
from simulacra.service.http import envelope
from simulacra.service.identity import embedded, refusals
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync


async def _entries(runtime: Runtime) -> list[tables.AuditEntry]:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        return [it async for it in trail.entries(session) if it.action == "token.refused"]


def test_a_flood_is_in_the_trail_within_a_pause(runtime: Runtime, run_async: RunAsync) -> None:
    """The first refusal is written at once, and the number of the others though none follows."""

    async def check() -> None:
        counted = refusals.Refusals(runtime.database, pause_seconds=0.2)
        for _ in range(50):
            await counted.record(Reason.INVALID_TOKEN)
        await counted.record(Reason.INACTIVE, "c" * 32)
        written = 0
        while written < 51:
            await asyncio.sleep(0.05)
            written = sum(it.details["count"] for it in await _entries(runtime))
        found = [(it.actor_kind, it.subject_id, it.details) for it in await _entries(runtime)]
        assert found[0] == ("anonymous", None, {"reason": "invalid_token", "count": 1})
        assert ("client", "c" * 32, {"reason": "inactive", "count": 1}) in found
        assert len(found) <= 4
        await counted.close()

    run_async(check())


def test_what_waits_is_written_when_the_process_ends(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        counted = refusals.Refusals(runtime.database)
        for _ in range(7):
            await counted.record(Reason.INVALID_TOKEN)
        await counted.close()
        assert [it.details["count"] for it in await _entries(runtime)] == [1, 6]

    run_async(check())


def test_kinds_are_forgotten_once_a_pause_had_none(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        counted = refusals.Refusals(runtime.database, pause_seconds=0.0)
        for number in range(10):
            await counted.record(Reason.INACTIVE, f"client{number}")
        await asyncio.gather(*counted._writers)
        assert not counted._waiting

    run_async(check())


def test_kinds_beyond_the_bound_are_counted_without_their_client(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        monkeypatch.setattr(refusals, "MAX_KINDS", 3)
        counted = refusals.Refusals(runtime.database)
        for number in range(10):
            await counted.record(Reason.INACTIVE, f"client{number}")
        await counted.close()
        found = [(it.subject_id, it.details["count"]) for it in await _entries(runtime)]
        assert found == [("client0", 1), ("client1", 1), ("client2", 1), (None, 1), (None, 6)]

    run_async(check())


def test_refusals_wait_for_a_database_that_is_away(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        counted = refusals.Refusals(runtime.database, pause_seconds=0.05)
        with monkeypatch.context() as away:
            away.setattr(runtime.database, "transaction", _unavailable)
            with pytest.raises(sqlalchemy.exc.TimeoutError):
                await counted.record(Reason.INVALID_TOKEN)
            await counted.record(Reason.INVALID_TOKEN)
            await asyncio.sleep(0.2)
        await counted.close()
        assert sum(it.details["count"] for it in await _entries(runtime)) == 2

    run_async(check())


def _unavailable(_scope: str) -> object:
    raise sqlalchemy.exc.TimeoutError


def test_the_guard_records_what_it_refuses(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        made = await runtime.tenants.create(company="A", email="a@b.example",
        )  # fmt: skip
        assert isinstance(runtime.identity, embedded.Embedded)
        token = await runtime.identity.issuer.mint(made.client_id, ("read:datasets",))
        app = envelope.Envelope(main.build(runtime), runtime.policy.base_url, b"")
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://x") as http:
            await _ask(http, "GET", token, 200)
            await _ask(http, "DELETE", token, 403)
            await _ask(http, "GET", f"{token}x", 401)
            for client_id in (made.client_id, "my secret in the wrong field"):
                wrong = {"client_id": client_id, "client_secret": "x"}
                grant = {"grant_type": "client_credentials", **wrong}
                assert (await http.post("/oauth/token", json=grant)).status_code == 401
            async with runtime.database.transaction(tenancy.SYSTEM) as session:
                (await session.get_one(tables.Tenant, made.tenant_id)).status = "suspended"
            await _ask(http, "GET", token, 401)
        entries = await _entries(runtime)
        assert entries[0].request_id == "req_DELETE_403"
        assert [(it.details["reason"], it.subject_id) for it in entries] == [
            ("insufficient_scope", made.client_id),
            ("invalid_token", None),
            ("invalid_client", made.client_id),
            ("invalid_client", None),
            ("inactive", made.client_id),
        ]

    run_async(check())


async def _ask(http: httpx.AsyncClient, method: str, token: str, status: int) -> None:
    path = "/v1/datasets" if method == "GET" else "/v1/datasets/ds_1"
    headers = {"Authorization": f"Bearer {token}", "X-Request-Id": f"req_{method}_{status}"}
    assert (await http.request(method, path, headers=headers)).status_code == status
