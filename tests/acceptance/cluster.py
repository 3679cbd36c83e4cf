"""A service of several processes on an external database and object store, as on many machines.

PostgreSQL, the S3-compatible server, N `simulacra api` and M `simulacra worker` are processes of
their own with one environment between them. Any may be killed or frozen; `tend` starts again what
has ended, as a container platform would.
"""

import base64
import contextlib
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil

from simulacra.service.embedded import child, postgres
from tests.acceptance import harness, s3

RESTART_SECONDS = 0.3
START_SECONDS = 60


class ServiceCluster:
    """The processes below one folder; use it from a thread that outlives them."""

    def __init__(self, folder: Path, *, apis: int = 2, workers: int = 2, **settings: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.settings = folder.absolute(), settings
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir(mode=0o777, exist_ok=True)
        self.database = postgres.Cluster(self.folder / "database")
        self.store = s3.S3Server(self.folder / "store", stable_port())
        self.ports = {f"api-{n}": stable_port() for n in range(1, apis + 1)}
        self.worker_names = [f"worker-{n}" for n in range(1, workers + 1)]
        self.starts: dict[str, int] = {}
        self._master_key = base64.b64encode(random.randbytes(32)).decode()
        self._children: dict[str, child.Child] = {}
        self._ended_at: dict[str, float] = {}

    @property
    def urls(self) -> list[str]:
        """Where the APIs listen."""
        return [f"http://127.0.0.1:{port}" for port in self.ports.values()]

    @property
    def environment(self) -> dict[str, str]:
        """What all processes of the service share."""
        return (
            harness.clean_environment()
            | self.store.variables
            | {
                "DATABASE_URL": self.database.url(),
                "SIMULACRA_OBJECT_STORE_URL": self.store.url,
                "SIMULACRA_MASTER_KEY": self._master_key,
                "SIMULACRA_DATA_DIR": str(self.folder / "data"),
                "SIMULACRA_BASE_URL": "https://simulacra.example",
                "TMPDIR": str(self.temporary),
            }
            | self.settings
        )

    def start(self) -> None:
        """Start everything, in order, and wait until all APIs answer."""
        self.database.data_dir.mkdir(exist_ok=True)
        self.database.initialise()
        self.database.allot_port()
        self.store.format()
        for name in ("database", "store"):
            self._launch(name)
        self._wait(lambda: self.database.is_ready() and self.store.is_ready())
        migrated = self.run("migrate", SIMULACRA_MIGRATION_DATABASE_URL=self.database.owner_url())
        assert migrated.returncode == 0, migrated.stderr
        for name in [*self.ports, *self.worker_names]:
            self._launch(name)
        self._wait(self.is_healthy)

    def is_healthy(self) -> bool:
        """Tell whether every API answers."""
        with contextlib.suppress(httpx.TransportError):
            return all(httpx.get(f"{url}/healthz", timeout=2).is_success for url in self.urls)
        return False

    def tend(self) -> None:
        """Start what has ended, a moment after its end."""
        for name, process in self._children.items():
            if process.pid is not None and process.exit_code() is not None:
                self._ended_at[name] = time.monotonic()
            ended_at = self._ended_at.get(name, time.monotonic())
            if process.pid is None and time.monotonic() - ended_at > RESTART_SECONDS:
                self._launch(name)

    def pid(self, name: str) -> int:
        """The process id of the named process, or 0 while it does not run."""
        return self._children[name].pid or 0

    def signal(self, name: str, number: signal.Signals) -> None:
        """Signal one process; one that has ended is left in peace."""
        self._children[name].signal(number)

    def suspend(self, name: str) -> None:
        """Stop one process as its platform would, until it is resumed; do not `tend` meanwhile."""
        self._children[name].stop()

    def resume(self, name: str) -> None:
        """Start one process unless it runs."""
        if not self.pid(name):
            self._launch(name)

    def job_processes(self) -> list[psutil.Process]:
        """The children of the workers in which jobs run: those of their fork servers."""
        processes = []
        for name in self.worker_names:
            with contextlib.suppress(psutil.Error):
                for helper in psutil.Process(self.pid(name)).children():
                    processes += helper.children()
        return processes

    def run(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of ours to its end."""
        return subprocess.run(
            [*harness.SIMULACRA, *words],
            env=self.environment | variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def operate(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run `simulacra operator`, as the operator of the database does."""
        owner = self.database.owner_url()
        return self.run("operator", *words, SIMULACRA_MIGRATION_DATABASE_URL=owner)

    def processes(self) -> list[psutil.Process]:
        """Every living process that mentions our folder in command, folder or variables."""
        callers = [psutil.Process(), *psutil.Process().parents()]  # who named the folder to us
        return [it for it in psutil.process_iter() if it not in callers and self._is_ours(it)]

    def stop(self) -> None:
        """Stop everything in reverse order of its start."""
        for name in reversed(self._children):
            self.signal(name, signal.SIGCONT)
            self._children[name].stop()
        self._children.clear()

    def _launch(self, name: str) -> None:
        process = child.Child(self._service(name))
        process.start()
        self._children[name] = process
        self.starts[name] = self.starts.get(name, 0) + 1

    def _service(self, name: str) -> child.Service:
        if name == "database":
            return self.database.service()
        if name == "store":
            return child.Service(
                name=name,
                argv=self.store.command,
                env=self.store.environment,
                log=self.folder / "logs" / "store.log",
                stop_timeout=5,
            )
        kind = name.partition("-")[0]
        variables = {"SIMULACRA_PORT": str(self.ports[name])} if kind == "api" else {}
        return child.Service(
            name=name,
            argv=[*harness.SIMULACRA, kind],
            env=self.environment | variables,
            log=self.folder / "logs" / f"{name}.log",
        )

    def _wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            for name, process in self._children.items():
                assert process.exit_code() is None, f"{name} ended; see {self.folder / 'logs'}"
            assert time.monotonic() < deadline, f"not ready; see {self.folder / 'logs'}"
            time.sleep(0.05)

    def _is_ours(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            words = [*process.cmdline(), process.cwd(), *process.environ().values()]
            return any(str(self.folder) in word for word in words)
        return False


def stable_port() -> int:
    """Return a free port below the ephemeral range: nobody takes it while its server is down."""
    while True:
        port = random.SystemRandom().randrange(15_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextlib.contextmanager
def running(
    folder: Path, *, apis: int = 2, workers: int = 2, **settings: str
) -> Iterator[ServiceCluster]:
    """A cluster of its own; nothing of it may be left at the end."""
    cluster = ServiceCluster(folder, apis=apis, workers=workers, **settings)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        deadline = time.monotonic() + 10
        while cluster.processes() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert [it.cmdline() for it in cluster.processes()] == []
