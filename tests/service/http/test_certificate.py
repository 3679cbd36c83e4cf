"""A certificate that is renewed on disk is presented to new connections, and drops no open one."""

import asyncio
import ssl
from pathlib import Path

import pytest
import uvicorn

from simulacra.service import main
from simulacra.service.embedded import certificates
from simulacra.service.http import certificate
from simulacra.service.settings import Settings
from tests.acceptance import harness

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(settings: Settings, ca: Path) -> Streams:
    trusting = ssl.create_default_context(cafile=str(ca))
    while True:
        try:
            return await asyncio.open_connection("localhost", settings.port, ssl=trusting)
        except ConnectionRefusedError:
            await asyncio.sleep(0.05)


async def ask(streams: Streams) -> bytes:
    reader, writer = streams
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = await reader.readuntil(b"\r\n\r\n")
    await reader.readuntil(b"}")
    return answer.partition(b"\r\n")[0]


def serial(streams: Streams) -> str:
    return str(streams[1].get_extra_info("peercert")["serialNumber"])


def test_a_renewed_certificate_is_presented_and_open_connections_go_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(certificate, "LOOK_SECONDS", 0.02)
    settings = settings.model_copy(update={"port": harness.free_port()})
    made = certificates.ensure(settings.data_dir)

    async def check() -> None:
        first = await connect(settings, made.ca)
        assert b"200" in await ask(first)
        whole = made.cert.read_bytes()
        made.cert.write_bytes(whole[: len(whole) // 2])
        while "cannot be used" not in caplog.text:  # noqa: ASYNC110 - the server looks by itself
            await asyncio.sleep(0.02)
        second = await connect(settings, made.ca)
        assert serial(second) == serial(first), "half a file was taken up"
        monkeypatch.setattr(certificates, "RENEWAL", certificates.SERVER_LIFE * 2)
        made.cert.write_bytes(whole)
        certificates.ensure(settings.data_dir)
        newest = second
        while serial(newest) == serial(first):
            await asyncio.sleep(0.02)
            newest[1].close()
            newest = await connect(settings, made.ca)
        assert b"200" in await ask(newest)
        assert b"200" in await ask(first), "an open connection was dropped"
        first[1].close()
        newest[1].close()

    servers: list[main.Server] = []

    class Kept(main.Server):
        def __init__(self, config: uvicorn.Config, draining: asyncio.Event) -> None:
            super().__init__(config, draining)
            servers.append(self)

    async def serve_and_check() -> None:
        serving = asyncio.create_task(main.serve(settings, made.cert, made.key))
        try:
            async with asyncio.timeout(harness.SECONDS):
                await check()
        finally:
            servers[0].should_exit = True
            await serving

    caplog.set_level("INFO")
    monkeypatch.setattr(main, "Server", Kept)
    asyncio.run(serve_and_check())
