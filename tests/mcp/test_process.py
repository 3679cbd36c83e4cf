"""`simulacra mcp` as a process: over standard input and output, and over HTTP."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import httpx2
import pytest
from mcp.client.streamable_http import streamable_http_client

from simulacra.cli import main
from tests.acceptance.harness import clean_environment, free_port
from tests.mcp import agents

SECONDS = 60
COMMAND = [sys.executable, "-m", "simulacra.cli.main", "mcp"]
FIRST = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"accept": "application/json, text/event-stream"}


@pytest.mark.parametrize("mode", agents.MODES)
def test_standard_input_and_output(root: Path, tmp_path: Path, mode: str) -> None:
    log = tmp_path / "log"

    async def work() -> None:
        server = agents.process("--root", str(root), log=log, environment=clean_environment())
        async with agents.connected(server, mode=mode) as agent:
            made = await agent.ask("upload_study", path="study.csv")
            assert made["respondents"] == 800
            await agent.refused("upload_study", path="../log")

    asyncio.run(work())
    assert log.read_text() == ""  # what callers do wrong is theirs to read


def test_it_ends_when_it_is_interrupted_while_it_waits_for_its_client() -> None:
    with subprocess.Popen(
        COMMAND,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{json.dumps(FIRST)}\n")
        process.stdin.flush()
        assert "simulacra" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == -signal.SIGINT


@contextlib.contextmanager
def serving(log: Path, *words: str, environment: dict[str, str]) -> Iterator[str]:
    """Yield the address of a server over HTTP, which ends by itself when it is interrupted."""
    port = free_port()
    command = [*COMMAND, "--http", "--port", str(port), *words]
    with log.open("a") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + SECONDS
        while f":{port}" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(SECONDS)


@pytest.fixture(scope="module")
def token() -> str:
    return secrets.token_urlsafe(32)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("http") / "log"


@pytest.fixture(scope="module")
def url(token: str, log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("folder")
    environment = clean_environment() | {"SIMULACRA_MCP_TOKEN": token}
    words = ("--root", str(folder), "--allow-origin", "https://chat.example")
    with serving(log, *words, environment=environment) as it:
        yield it
    assert token not in log.read_text()


def test_who_has_no_token_is_told_where_one_comes_from(url: str, token: str) -> None:
    for header in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {token}"}):
        answer = httpx.post(f"{url}/mcp", json=FIRST, headers=ACCEPT | header)
        assert answer.status_code == 401
        where = f'resource_metadata="{url}/.well-known/oauth-protected-resource/mcp"'
        assert where in answer.headers["www-authenticate"]
    metadata = httpx.get(f"{url}/.well-known/oauth-protected-resource/mcp").json()
    assert metadata["resource"] == f"{url}/mcp"
    assert metadata["authorization_servers"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "http://localhost:1234"}, 200),
        ({"origin": "https://chat.example"}, 200),
        ({"origin": "https://evil.example"}, 403),
        ({"host": "evil.example"}, 421),
    ],
)
def test_pages_of_others_and_rebound_names_are_refused(
    url: str, token: str, headers: dict[str, str], status: int
) -> None:
    bearer = {"authorization": f"Bearer {token}"}
    answer = httpx.post(f"{url}/mcp", json=FIRST, headers=ACCEPT | bearer | headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("origin", "status"), [("https://chat.example", 200), ("https://evil.example", 400)]
)
def test_browsers_ask_for_a_page_before_they_call(url: str, origin: str, status: int) -> None:
    asked = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,mcp-session-id",
    }
    answer = httpx.options(f"{url}/mcp", headers=asked)
    assert answer.status_code == status
    assert (answer.headers.get("access-control-allow-origin") == origin) is (status == 200)


@pytest.mark.parametrize("mode", agents.MODES)
def test_the_tools_over_http(url: str, token: str, mode: str) -> None:
    async def work() -> None:
        async with (
            httpx2.AsyncClient(
                headers={"authorization": f"Bearer {token}"}, timeout=SECONDS
            ) as http,
            agents.connected(
                streamable_http_client(f"{url}/mcp", http_client=http), mode=mode
            ) as agent,
        ):
            assert (await agent.ask("list_studies"))["studies"] == []

    asyncio.run(work())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--http"], "SIMULACRA_MCP_TOKEN"),
        (["--http", "--host", "0.0.0.0"], "only this machine"),  # noqa: S104 - it is refused
        (["--http", "--service", "--host", "0.0.0.0"], "--public-url"),  # noqa: S104 - as above
        (["--http", "--service", "--root", "."], "share no folder"),
        (["--http", "--public-url", "http://mcp.example"], "https"),
        (["--service"], "SIMIO_API_BASE"),
        (["--profile", "acme"], "--service"),
        (["--service", "--models", "."], "--models"),
        (["--public-url", "https://mcp.example"], "--http"),
        (["--root", "/nowhere"], "/nowhere"),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    for name in os.environ.keys() - clean_environment().keys():
        monkeypatch.delenv(name)
    monkeypatch.setenv("SIMIO_PROFILES_FILE", str(tmp_path / "none"))
    assert main.main(["mcp", *words]) == 1
    assert message in capsys.readouterr().err
