"""A real server, started as a user starts it, and clients for it."""

import concurrent.futures
import contextlib
import dataclasses
import io
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import psutil

from simulacra.cli import main
from tests.service.contract import conformity

SIMULACRA = [sys.executable, "-m", "simulacra.cli.main"]
SECONDS = 60
UNHURRIED = {f"SIMULACRA_{name}_PER_MINUTE": "1000000" for name in ("READS", "WRITES", "UPLOADS")}
"""Limits that no test meets by being quick; test_rate_limits.py has small ones."""
OWN_VARIABLES = ("DATABASE_URL", "SIMULACRA_", "SIMIO_", "REQUESTS_CA_BUNDLE")


def clean_environment() -> dict[str, str]:
    """Our environment without what would configure a server or a client."""
    return {key: value for key, value in os.environ.items() if not key.startswith(OWN_VARIABLES)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclasses.dataclass
class ServerProcess:
    """`simulacra serve` on one data directory; may be stopped and started again."""

    data_dir: Path
    port: int
    settings: dict[str, str]
    secrets: set[str] = dataclasses.field(default_factory=set)
    process: "subprocess.Popen[str] | None" = None
    greeting: str = ""

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.data_dir / "ca.pem"))

    def start(self) -> None:
        command = [*SIMULACRA, "serve", "--data-dir", str(self.data_dir), "--port", str(self.port)]
        log = (self.data_dir.parent / "serve.log").open("a")
        with log:
            self.process = subprocess.Popen(
                command,
                env=clean_environment() | self.settings,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._read_greeting()

    def _read_greeting(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.greeting = ""
        for line in self.process.stdout:
            self.greeting += line
            if "Ctrl-C" in line:
                return
        raise AssertionError(
            f"the server ended: {(self.data_dir.parent / 'serve.log').read_text()}"
        )

    def stop(self, number: int = signal.SIGINT) -> int:
        """Signal the supervisor and return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.communicate(timeout=SECONDS)
        code, self.process = self.process.returncode, None
        return code

    def processes(self) -> list[psutil.Process]:
        """Every living process that mentions the data directory in command, folder or variables."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
                return False
            words = [*process.cmdline(), process.cwd(), *process.environ().values()]
            return any(str(self.data_dir) in word for word in words)
        return False

    def named(self, *words: str) -> psutil.Process:
        """The one process of the tree whose command line holds all `words`."""
        matching = [
            process
            for process in self.processes()
            if all(word in " ".join(process.cmdline()) for word in words)
            and "lifeline" not in " ".join(process.cmdline())
        ]
        return min(matching, key=lambda process: process.pid)

    def create_tenant(self, company: str = "Acme") -> dict[str, str]:
        """Run the command in this process: so many tests begin with it that its start counts."""
        create = ["create-tenant", "--company", company, "--email", "a@acme.example", "--json"]
        printed = io.StringIO()
        words = ["operator", *create, "--data-dir", str(self.data_dir)]
        with (
            mock.patch.dict(os.environ, clean_environment() | self.settings, clear=True),
            contextlib.redirect_stdout(printed),
            concurrent.futures.ThreadPoolExecutor(1) as other,  # a browser's loop is in this one
        ):
            assert other.submit(main.main, words).result() == 0
        credential: dict[str, str] = json.loads(printed.getvalue())
        return credential

    def operate(self, *words: str, stdin: str = "") -> str:
        """Run `simulacra operator` on the data directory and return what it prints."""
        ended = subprocess.run(
            [*SIMULACRA, "operator", *words, "--data-dir", str(self.data_dir)],
            env=clean_environment() | self.settings,
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
        )
        return ended.stdout

    def client(self, credential: dict[str, str]) -> "ApiClient":
        return ApiClient(self, credential)


class ApiClient(httpx.Client):
    """An HTTP client with a bearer token of one tenant; no answer may be beside the contract."""

    def __init__(self, server: ServerProcess, credential: dict[str, str]) -> None:
        super().__init__(base_url=server.url, verify=server.tls, timeout=SECONDS)
        self.event_hooks = {"response": [conformity.check]}
        self.server, self.credential = server, credential
        token = self.mint()
        self.headers["Authorization"] = f"Bearer {token}"
        server.secrets |= {token, credential["client_secret"]}

    def mint(self) -> str:
        answer = self.post(
            "/oauth/token",
            json={
                "grant_type": "client_credentials",
                "client_id": self.credential["client_id"],
                "client_secret": self.credential["client_secret"],
                "audience": self.credential["audience"],
            },
        )
        return str(answer.raise_for_status().json()["access_token"])

    def upload(self, content: bytes, name: str = "seed.csv", **fields: str) -> httpx.Response:
        return self.post(
            "/v1/datasets", files={"seed_file": (name, content, "text/csv")}, data=fields
        )

    def generate(self, dataset_id: str, **wanted: Any) -> httpx.Response:  # noqa: ANN401
        return self.post(f"/v1/datasets/{dataset_id}/generations", json=wanted)

    def wait(self, job_id: str) -> dict[str, Any]:
        """Return the job once it is final."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            job: dict[str, Any] = self.get(f"/v1/jobs/{job_id}", params={"wait_seconds": 5}).json()
            if job["status"] not in ("queued", "processing"):
                return job
        raise AssertionError(f"the job did not end: {job}")

    def train(self, content: bytes) -> str:
        """Upload a study and return the id of the trained dataset."""
        started = self.upload(content).json()
        assert self.wait(started["job_id"])["status"] == "completed"
        return str(started["dataset_id"])


@contextlib.contextmanager
def running_server(folder: Path, **settings: str) -> Iterator[ServerProcess]:
    """A server of its own; nothing of it may be left at the end."""
    folder.mkdir(exist_ok=True)
    server = ServerProcess(folder / "data", free_port(), settings)
    server.start()
    try:
        yield server
    finally:
        if server.process is not None:
            server.stop()
        assert server.processes() == []
