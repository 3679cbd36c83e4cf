"""A real uvicorn on our protocol, with bounds small enough to be met in a test."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from simulacra.service.http import connection

BOUNDS = {"head_bytes": 1000, "head_seconds": 0.1, "pause_seconds": 0.1, "look_seconds": 0.05}
PATIENT = BOUNDS | {"head_seconds": 60.0, "pause_seconds": 60.0}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, and count it and the headers."""
    assert scope["type"] == "http"
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    headers.append((b"x-header-count", str(len(scope["headers"])).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def long_answer(_: Scope, _receive: Receive, send: Send) -> None:
    """Answer with 100 MB, which no buffer of a system holds."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _piece in range(1000):
        await send({"type": "http.response.body", "body": b"z" * 100_000, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, bounds: dict[str, float]) -> AsyncIterator[uvicorn.Server]:
    protocol = connection.of("https://api.example", **bounds)
    config = uvicorn.Config(app, port=0, http=protocol, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server
    finally:
        await server.shutdown()


async def connect(server: uvicorn.Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    port = server.servers[0].sockets[0].getsockname()[1]
    return await asyncio.open_connection("127.0.0.1", port)


@contextlib.asynccontextmanager
async def connected(
    bounds: dict[str, float],
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with serving(application, bounds) as server:
        reader, writer = await connect(server)
        try:
            yield reader, writer
        finally:
            writer.close()


def exchange(*pieces: bytes, bounds: dict[str, float]) -> bytes:
    """Send the pieces, and return everything that comes back until the server closes."""

    async def run() -> bytes:
        async with connected(bounds) as (reader, writer), asyncio.timeout(30):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await reader.read()

    return asyncio.run(run())


async def read_before_reset(reader: asyncio.StreamReader) -> bytes:
    """Return what arrived before the server reset the connection."""
    answer = b""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            answer += piece
    return answer


def refusal(answer: bytes, status: bytes, code: str) -> dict[str, Any]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 " + status)
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert headers["content-type"] == "application/problem+json"
    assert headers["connection"] == "close"
    document: dict[str, Any] = json.loads(body)
    assert document["request_id"] == headers["x-request-id"]
    assert document["type"] == f"https://api.example/errors/{code}"
    return document


def test_what_is_not_http_is_refused_in_our_form() -> None:
    refusal(exchange(b"BREW / HTTP/1.1\r\n\r\n", bounds=PATIENT), b"400", "simio_malformed_request")


def test_a_head_without_end_is_refused() -> None:
    endless = b"GET / HTTP/1.1\r\nX: " + b"y" * 3000
    refused = refusal(exchange(endless, bounds=PATIENT), b"431", "simio_head_too_large")
    assert "1,000 bytes" in refused["detail"]


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b"GET /?q=" + b"y" * 3000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", "the address with 3,004 "),
        (b"GET / HTTP/1.1\r\nCookie: " + b"y" * 3000 + b"\r\n\r\n", "the header 'cookie' with 3,0"),
        (
            b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 300 + b"\r\n",
            "has 1,818 bytes, and may have 1,000",
        ),
    ],
)
def test_a_head_that_one_read_brings_whole_is_bounded_too(head: bytes, told: str) -> None:
    refused = refusal(exchange(head, bounds=PATIENT), b"431", "simio_head_too_large")
    assert told in refused["detail"]


def test_an_address_that_no_parser_takes_is_too_long_and_not_malformed() -> None:
    head = b"GET /" + b"y" * 66_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    refusal(exchange(head, bounds=PATIENT | {"head_bytes": 65536}), b"431", "simio_head_too_large")


def test_a_head_may_be_as_large_as_its_bound() -> None:
    head = b"GET / HTTP/1.1\r\nConnection: close\r\nX: %s\r\n\r\n"
    rest = len(head) - len(b"%s")
    assert exchange(head % (b"y" * (1000 - rest)), bounds=PATIENT).startswith(b"HTTP/1.1 200")
    refusal(exchange(head % (b"y" * (1001 - rest)), bounds=PATIENT), b"431", "simio_head_too_large")


def test_a_client_that_asks_for_nothing_is_let_go() -> None:
    refusal(exchange(bounds=BOUNDS), b"408", "simio_request_timeout")
    refusal(exchange(b"GET / HT", bounds=BOUNDS), b"408", "simio_request_timeout")


def test_an_empty_line_does_not_keep_a_connection() -> None:
    """It ends uvicorn's own wait for a further request, and begins none."""

    async def run() -> bytes:
        async with connected(BOUNDS) as (reader, writer), asyncio.timeout(30):
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n0")).startswith(b"HTTP/1.1 200")
            writer.write(b"\r\n")
            return await reader.read()

    refusal(asyncio.run(run()), b"408", "simio_request_timeout")


def test_a_body_that_pauses_too_long_ends_the_connection() -> None:
    begun = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf"
    answer = exchange(begun, bounds=BOUNDS | {"head_seconds": 60.0})
    refusal(answer, b"408", "simio_request_timeout")


def drip(bounds: dict[str, float]) -> dict[str, Any]:
    """Send a body byte by byte, with no pause that is too long, until it is refused."""

    async def run() -> bytes:
        async with connected(bounds) as (reader, writer), asyncio.timeout(60):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
            answer = asyncio.create_task(read_before_reset(reader))  # which a late byte causes
            while not answer.done():
                writer.write(b"z")
                await asyncio.wait([answer], timeout=0.02)
            return await answer

    return refusal(asyncio.run(run()), b"408", "simio_request_timeout")


def test_a_body_that_drips_ends_the_connection() -> None:
    refused = drip(PATIENT | {"pause_seconds": 0.5})
    assert "less than 1,024 bytes a second" in refused["detail"]


def test_a_body_has_a_deadline() -> None:
    refused = drip(PATIENT | {"bytes_per_second": 1.0, "body_seconds": 0.5})
    assert "did not arrive within" in refused["detail"]


@pytest.mark.parametrize("taken", [0, 10_000_000])
def test_a_client_that_stops_reading_is_let_go(taken: int) -> None:
    async def run() -> None:
        async with serving(long_answer, PATIENT | {"pause_seconds": 0.2}) as server:
            reader, writer = await connect(server)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readexactly(taken or 1)
            async with asyncio.timeout(60):
                while server.server_state.connections:  # noqa: ASYNC110 - no event tells
                    await asyncio.sleep(0.05)
            writer.close()

    asyncio.run(run())


def test_a_client_that_reads_slowly_gets_everything() -> None:
    """It makes many pauses; that each is short is what counts, not how many there are."""

    async def run() -> None:
        async with serving(long_answer, PATIENT | {"pause_seconds": 5.0}) as server:
            reader, writer = await connect(server)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            size = 0
            while piece := await reader.read(2_000_000):
                size += len(piece)
                await asyncio.sleep(0.001)
            assert size > 100_000_000
            writer.close()

    asyncio.run(run())


def test_bytes_buy_time_but_no_more_than_one_pause() -> None:
    pace = connection.Pace(60.0, 1024.0, now=0.0)
    assert not pace.is_over(60.0)
    assert pace.is_over(60.1)
    for second in range(0, 600, 10):  # as much as is wanted
        pace.progress(10_240, float(second))
        assert not pace.is_over(second + 10.0)
    pace.progress(10_000_000, 600.0)
    assert pace.is_over(660.1)
    slow = connection.Pace(60.0, 1024.0, now=0.0)
    for second in range(0, 100, 20):  # one byte in twenty seconds buys next to nothing
        slow.progress(1, float(second))
    assert slow.is_over(61.0)


def test_a_body_that_is_not_http_is_refused_too() -> None:
    begun = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = exchange(begun, b"zz\r\n", bounds=PATIENT)
    refusal(answer, b"400", "simio_malformed_request")


def test_long_bodies_and_further_requests_are_untouched() -> None:
    """The bound on heads counts neither bodies nor the heads of earlier requests."""

    async def run() -> None:
        async with connected(PATIENT) as (reader, writer), asyncio.timeout(30):
            for size in (0, 100_000, 5, 0):
                head = f"POST / HTTP/1.1\r\nHost: x\r\nX: {'y' * 600}\r\nContent-Length: {size}"
                writer.write(head.encode() + b"\r\n\r\n" + b"z" * size)
                answer = await reader.readuntil(b"\r\n\r\n")
                assert answer.startswith(b"HTTP/1.1 200")
                assert await reader.readexactly(len(str(size))) == str(size).encode()

    asyncio.run(run())


CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
FRAMED = PATIENT | {"framing_bytes": 1000}


@pytest.mark.parametrize(
    ("first", "endless"),
    [
        (b"2\r\n{}\r\n0\r\n", b"X-Trailer: y\r\n"),
        (b"2\r\n{}\r\n0\r\nX-Trailer: ", b"y" * 64),
        (b"2;extension=", b"y" * 64),
        (b"", b"2;extension=" + b"y" * 90 + b"\r\n{}\r\n"),
        (b"", b"0" * 64),
    ],
    ids=["trailers", "one trailer", "one extension", "an extension a chunk", "zeros of a size"],
)
def test_what_frames_a_body_without_end_is_refused(first: bytes, endless: bytes) -> None:
    """The whole that can be sent is what the bound and the system's buffers hold."""
    one_mb = endless * (1_000_000 // len(endless))

    async def run() -> bytes:
        async with connected(FRAMED) as (reader, writer), asyncio.timeout(60):
            writer.write(CHUNKED + first)
            with pytest.raises(ConnectionError):
                for _ in range(100):
                    writer.write(one_mb)
                    await writer.drain()
            return await read_before_reset(reader)

    answer = asyncio.run(run())
    if answer:  # the system may drop it, as the client did not stop sending
        refused = refusal(answer, b"431", "simio_head_too_large")
        assert "Chunk extensions and trailers" in refused["detail"]


def test_the_refusal_of_a_long_trailer_can_be_read() -> None:
    answer = exchange(CHUNKED + b"0\r\n", b"X: " + b"y" * 3000, bounds=FRAMED)
    refused = refusal(answer, b"431", "simio_head_too_large")
    assert "1,000 bytes" in refused["detail"]


@pytest.mark.parametrize("size", [1, 100, 1024, 70_000])
def test_chunks_of_any_size_are_no_framing_to_speak_of(size: int) -> None:
    """Sizes are padded to eight digits, the most that a client is known to send."""
    count = max(3, 300_000 // size)
    body = (b"%08x\r\n" % size + b"z" * size + b"\r\n") * count
    close = CHUNKED.replace(b"Host", b"Connection: close\r\nHost")
    pieces = [body[at : at + 5000] for at in range(0, len(body), 5000)]
    answer = exchange(close, *pieces, b"0\r\n\r\n", bounds=FRAMED)
    assert answer.endswith(b"\r\n\r\n%d" % (size * count))


def test_a_trailer_is_no_header() -> None:
    """Nothing that is said after the head may change who is asking, or what."""
    close = CHUNKED.replace(b"Host", b"Connection: close\r\nHost")
    answer = exchange(close, b"0\r\nAuthorization: Bearer x\r\n\r\n", bounds=FRAMED)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"x-header-count: 3\r\n" in answer


def test_requests_that_wait_for_an_answer_are_few() -> None:
    """One read may bring thousands, each of which takes far more memory than it has bytes."""
    answer = exchange(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 1000, bounds=PATIENT)
    assert answer.count(b"200 OK") <= 16
