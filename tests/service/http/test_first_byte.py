"""Plain HTTP and TLS on one port, with a real uvicorn on either event loop."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import uvloop

from simulacra.service.embedded import certificates
from simulacra.service.http import connection, first_byte
from tests.service.http.test_connection import application, long_answer, read_before_reset, refusal

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Run = Callable[[Coroutine[None, None, None]], None]
ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine on a loop of one kind, with what the loop complains of."""

    def on_loop(coroutine: Coroutine[None, None, None]) -> None:
        complaints: list[dict[str, Any]] = []
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.get_loop().set_exception_handler(lambda _, told: complaints.append(told))
            runner.run(coroutine)
        assert complaints == []

    return on_loop


class Served:
    """A server with TLS."""

    def __init__(self, server: uvicorn.Server, ca: Path) -> None:
        self.server = server
        self._port = server.servers[0].sockets[0].getsockname()[1]
        self._trusting = ssl.create_default_context(cafile=str(ca))

    async def plain(self) -> Streams:
        return await asyncio.open_connection("127.0.0.1", self._port)

    async def encrypted(self) -> Streams:
        return await asyncio.open_connection("localhost", self._port, ssl=self._trusting)

    async def is_empty(self) -> None:
        """Wait until the server has no connection."""
        while self.server.server_state.connections:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def serving(folder: Path, **bounds: float) -> AsyncIterator[Served]:
    made = certificates.ensure(folder)
    protocol = connection.of("https://api.example", **bounds)
    config = uvicorn.Config(
        application,
        host="127.0.0.1",
        port=0,
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        ssl_certfile=made.cert,
        ssl_keyfile=made.key,
    )
    assert first_byte.decides(config, "https://api.example") is not None
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        async with asyncio.timeout(60):
            yield Served(server, made.ca)
    finally:
        await server.shutdown()


def descriptors() -> int:
    """Return how many files and sockets this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def spoken(streams: Streams, *pieces: bytes) -> bytes:
    reader, writer = streams
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    answer = await read_before_reset(reader)
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("target", "headers", "address"),
    [
        (b"/v1/datasets?token=secret", b"", "use https://api.example/v1/datasets."),
        (b"/" + b"x" * 300, b"", "use https://api.example."),
        (b"http://other.example/", b"", "use https://api.example."),
        (b"/", b"Authorization: Bearer secret\r\n", "went unencrypted: replace it."),
    ],
)
def test_plain_http_is_told_the_address(
    tmp_path: Path, run: Run, target: bytes, headers: bytes, address: str
) -> None:
    async def check() -> None:
        async with serving(tmp_path) as served:
            sent = b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n"
            answer = await spoken(await served.plain(), sent[:1], sent[1:])
            told = refusal(answer, b"400", "simio_malformed_request")["detail"]
            assert told.startswith("This port speaks HTTPS only")
            assert address in told
            assert "secret" not in told

    run(check())


def test_tls_goes_on_as_before(tmp_path: Path, run: Run) -> None:
    async def check() -> None:
        async with serving(tmp_path) as served:
            many = await asyncio.gather(*(served.encrypted() for _ in range(20)))
            for reader, writer in many:
                for _ in range(2):
                    writer.write(ASK)
                    assert (await reader.readuntil(b"\r\n\r\n0")).startswith(b"HTTP/1.1 200")
                writer.close()
            await served.is_empty()

    run(check())


def test_bounds_hold_for_either(tmp_path: Path, run: Run) -> None:
    async def check() -> None:
        bounds = {"head_bytes": 1000, "head_seconds": 0.1, "look_seconds": 0.05}
        async with serving(tmp_path, **bounds) as served:
            refusal(await spoken(await served.encrypted()), b"408", "simio_request_timeout")

    run(check())


def test_who_sends_nothing_or_half_a_handshake_is_let_go(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_byte.Undecided, "handshake_seconds", 0.2)

    async def check() -> None:
        async with serving(tmp_path) as served:
            assert await spoken(await served.plain()) == b""
            assert await spoken(await served.plain(), b"\x16\x03\x01") == b""
            await served.is_empty()

    run(check())


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x00\x05nothing", b"\x00\x01", b"ssh"])
def test_who_goes_or_speaks_something_else_leaves_nothing(
    tmp_path: Path, run: Run, sent: bytes
) -> None:
    async def check() -> None:
        async with serving(tmp_path) as served:
            await spoken(await served.encrypted(), ASK[:-2] + b"Connection: close\r\n\r\n")
            open_before = descriptors()
            for _ in range(10):
                _, writer = await served.plain()
                writer.write(sent)
                writer.close()
                await writer.wait_closed()
            await served.is_empty()
            while descriptors() > open_before:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)

    run(check())


def test_a_server_that_stops_waits_for_nobody_undecided(tmp_path: Path, run: Run) -> None:
    async def check() -> None:
        async with serving(tmp_path) as served:
            reader, writer = await served.plain()
            while not served.server.server_state.connections:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)
            stopping = asyncio.create_task(served.server.shutdown())
            assert await read_before_reset(reader) == b""
            await stopping
            writer.close()

    run(check())


def test_a_server_without_tls_stays_as_it_is() -> None:
    config = uvicorn.Config(long_answer, http=connection.of("http://x"), log_config=None)
    assert first_byte.decides(config, "http://x") is None
    assert issubclass(config.http_protocol_class, connection.Connection)
