import asyncio

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from simulacra.service.http import envelope
from simulacra.service.identity.principal import Principal
from simulacra.service.throttling import Limit, Standing

STANDING = Standing(Limit("reads", calls=5, seconds=60), is_refused=False, remaining=4, reset=12)
COUNTED = {"ratelimit-policy": '"reads";q=5;w=60', "ratelimit": '"reads";r=4;t=12'}


def answer(response: Response, *, is_counted: bool = True, fails: bool = False) -> httpx.Response:
    """Return what the envelope makes of a response to a request that a guard has counted."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if is_counted:
            scope["state"]["standing"] = STANDING
        if fails:
            raise RuntimeError
        await response(scope, receive, send)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(envelope.Envelope(app, "https://localhost", b"key"))
        async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as client:
            return await client.get("/")

    return asyncio.run(ask())


@pytest.mark.parametrize("status", [200, 304, 413, 500])
def test_whatever_a_counted_call_is_answered_says_how_the_caller_stands(status: int) -> None:
    made = answer(Response(status_code=status, media_type="text/plain"))
    assert made.status_code == status
    assert {name: made.headers[name] for name in COUNTED} == COUNTED
    assert "retry-after" not in made.headers


def test_an_unexpected_failure_says_it_too() -> None:
    made = answer(Response(), fails=True)
    assert (made.status_code, made.json()["code"]) == (500, "simio_internal")
    assert {name: made.headers[name] for name in COUNTED} == COUNTED


def test_headers_that_a_response_has_of_its_own_stay() -> None:
    own = {"ratelimit-policy": '"own";q=1;w=1', "ratelimit": '"own";r=0;t=1'}
    made = answer(Response(headers=own | {"cache-control": "private"}))
    assert {name: made.headers[name] for name in own} == own
    assert made.headers["cache-control"] == "private"


def test_a_call_that_nobody_counted_says_nothing_of_limits() -> None:
    made = answer(Response(), is_counted=False)
    assert not COUNTED.keys() & made.headers.keys()


def test_the_log_names_client_and_a_hash_of_the_address(caplog: pytest.LogCaptureFixture) -> None:
    """The same address has the same hash under one key, and another one under another."""
    lines = []
    for key in (b"key", b"key", b"another"):
        caplog.clear()
        with caplog.at_level("INFO", "simulacra.requests"):
            log_of(key)
        (record,) = caplog.records
        lines.append(record.getMessage())
        assert record.__dict__["client_id"] == "c" * 32
    addresses = [line.partition(" from=")[2] for line in lines]
    assert addresses[0] == addresses[1] != addresses[2]
    assert len(addresses[0]) == envelope.ADDRESS_DIGITS
    assert all(f" client={'c' * 32} " in line and "203.0.113.7" not in line for line in lines)


def log_of(key: bytes) -> None:
    """Have a request of a known client served."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["caller"] = Principal("ten_1", "c" * 32, frozenset())
        await Response()(scope, receive, send)

    async def ask() -> None:
        transport = httpx.ASGITransport(
            envelope.Envelope(app, "https://localhost", key), client=("203.0.113.7", 5)
        )
        async with httpx.AsyncClient(transport=transport, base_url="https://localhost") as client:
            await client.get("/")

    asyncio.run(ask())
