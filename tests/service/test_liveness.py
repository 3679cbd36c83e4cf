"""Liveness beside a loop that is busy, and beside one that is stuck: with real API processes."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from simulacra.service import liveness
from simulacra.service.settings import Settings
from tests.acceptance import harness

BLOCKABLE = [sys.executable, "-m", "tests.service.blockable_api"]
ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def api_process(settings: Settings, patience: float) -> Iterator[tuple[int, str, str]]:
    """An API whose loop SIGUSR1 blocks as long as a file is there; its pid and two addresses."""
    port, liveness_port = harness.free_port(), harness.free_port()
    environment = harness.clean_environment() | {
        "DATABASE_URL": settings.dsn(),
        "SIMULACRA_DATA_DIR": str(settings.data_dir),
        "SIMULACRA_PORT": str(port),
        "SIMULACRA_LIVENESS_PORT": str(liveness_port),
    }
    command = [*BLOCKABLE, str(blocking(settings)), str(patience)]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        yield process.pid, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{liveness_port}"
    finally:
        process.kill()
        process.wait()


def blocking(settings: Settings) -> Path:
    return settings.data_dir / "blocking"


def block(settings: Settings, pid: int) -> None:
    blocking(settings).touch()
    os.kill(pid, signal.SIGUSR1)


def status(url: str) -> int | None:
    """The status of an answer; None if there is none within a second."""
    try:
        return httpx.get(url, timeout=1, trust_env=False).status_code
    except httpx.TransportError:
        return None


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + harness.SECONDS
    while not condition():
        assert time.monotonic() < deadline, "this never came about"
        time.sleep(0.05)


def test_a_process_whose_loop_is_busy_is_alive(settings: Settings) -> None:
    with api_process(settings, patience=10 * harness.SECONDS) as (pid, api, alive):
        wait_for(lambda: status(f"{api}/healthz") == 200)
        block(settings, pid)
        wait_for(lambda: status(f"{api}/healthz") is None)
        wait_for(lambda: status(f"{alive}/livez") == 200)
        assert status(f"{api}/healthz") is None
        blocking(settings).unlink()
        wait_for(lambda: status(f"{api}/healthz") == 200)


def test_a_process_whose_loop_is_stuck_is_not_alive(settings: Settings) -> None:
    with api_process(settings, patience=1.0) as (pid, api, alive):
        wait_for(lambda: status(f"{api}/healthz") == 200)
        wait_for(lambda: status(f"{alive}/livez") == 200)
        block(settings, pid)
        wait_for(lambda: status(f"{alive}/livez") == 503)
        blocking(settings).unlink()  # it was not stuck for good
        wait_for(lambda: status(f"{alive}/livez") == 200)


def test_nothing_else_is_told() -> None:
    async def check() -> None:
        async with liveness.serving(("127.0.0.1", 0)) as port:
            url = f"http://127.0.0.1:{port}"
            assert await asyncio.to_thread(status, f"{url}/metrics") == 404
            assert await asyncio.to_thread(status, f"{url}/livez") == 200
            assert await asyncio.to_thread(liveness.ask, "127.0.0.1", int(port or 0))
        assert not await asyncio.to_thread(liveness.ask, "127.0.0.1", int(port or 0))

    asyncio.run(check())


def test_a_caller_that_says_nothing_keeps_no_other_waiting() -> None:
    async def check() -> None:
        async with liveness.serving(("127.0.0.1", 0)) as port:
            with socket.create_connection(("127.0.0.1", int(port or 0))):
                assert await asyncio.to_thread(status, f"http://127.0.0.1:{port}/livez") == 200

    asyncio.run(check())


def test_an_answer_that_never_comes_is_none() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert not liveness.ask("127.0.0.1", silent.getsockname()[1])


def test_without_a_port_nothing_is_served() -> None:
    async def check() -> None:
        async with liveness.serving(None) as port:
            assert port is None

    asyncio.run(check())


def test_a_port_that_is_taken_stops_the_start() -> None:
    async def check() -> None:
        async with liveness.serving(("127.0.0.1", 0)) as port:
            with pytest.raises(OSError, match="in use"):
                async with liveness.serving(("127.0.0.1", int(port or 0))):
                    pass

    asyncio.run(check())
