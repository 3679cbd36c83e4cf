"""Whatever is killed with SIGKILL: no accepted job is lost, and no process is left behind."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator

import httpx
import psutil
import pytest

from tests.acceptance.harness import SECONDS, ApiClient, ServerProcess, running_server

COLUMNS, ROWS = 24, 12_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server that its tests may hurt."""
    with running_server(tmp_path_factory.mktemp("hurt")) as it:
        yield it


@pytest.fixture(scope="module")
def api(server: ServerProcess) -> Iterator[ApiClient]:
    with contextlib.closing(server.client(server.create_tenant())) as client:
        yield client


@pytest.fixture(scope="module")
def slow_study() -> bytes:
    """A study that takes some seconds to fit."""
    header = ",".join(f"c{n}" for n in range(COLUMNS))
    rows = (",".join(str((n * k + n) % 97) for k in range(1, COLUMNS + 1)) for n in range(ROWS))
    return "\n".join([header, *rows]).encode()


@pytest.fixture
def job_id(api: ApiClient, slow_study: bytes) -> str:
    """A training that is under way."""
    wait_until(lambda: _is_healthy(api))
    job_id = str(api.upload(slow_study).json()["job_id"])
    wait_until(lambda: _stage(api, job_id) == "fitting")
    return job_id


def _is_healthy(api: ApiClient) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return api.get("/readyz").is_success
    return False


def _stage(api: ApiClient, job_id: str) -> str:
    return str(api.get(f"/v1/jobs/{job_id}").json()["progress"]["stage"])


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "this never came about"
        time.sleep(0.05)


def outcome(api: ApiClient, job_id: str) -> str:
    """Return the job's final status, with patience for a server that is just coming back."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError, httpx.HTTPStatusError):
            job = api.get(f"/v1/jobs/{job_id}").raise_for_status().json()
            if job["status"] not in ("queued", "processing"):
                return str(job["status"])
        time.sleep(0.2)
    raise AssertionError("the job did not end")


def kill(process: psutil.Process) -> list[psutil.Process]:
    """Kill a process and return it and all that descended from it."""
    family = [process, *process.children(recursive=True)]
    process.kill()
    return family


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_killed_process_is_replaced_and_the_job_goes_on(
    server: ServerProcess, api: ApiClient, job_id: str, name: str
) -> None:
    family = kill(server.named("simulacra.cli.main", name))
    assert outcome(api, job_id) == "completed"
    wait_until(lambda: not any(process.is_running() for process in family))
    assert server.named("simulacra.cli.main", name).pid != family[0].pid


def test_a_killed_database_recovers_and_the_job_goes_on(
    server: ServerProcess, api: ApiClient, job_id: str
) -> None:
    family = kill(server.named("bin/postgres"))
    assert outcome(api, job_id) == "completed"
    wait_until(lambda: not any(process.is_running() for process in family))
    assert _is_healthy(api)


def test_a_killed_job_process_is_replaced_and_the_job_goes_on(
    server: ServerProcess, api: ApiClient, job_id: str
) -> None:
    worker = server.named("simulacra.cli.main", "worker")
    max(worker.children(recursive=True), key=lambda child: child.create_time()).kill()
    assert outcome(api, job_id) == "completed"
    assert worker.is_running()
    small = b"a,b\n" + b"".join(b"%d,%d\n" % (n % 7, n % 5) for n in range(100))
    assert outcome(api, api.upload(small).json()["job_id"]) == "completed"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_after_the_whole_tree_ends_a_restart_continues(
    server: ServerProcess, api: ApiClient, job_id: str, number: signal.Signals
) -> None:
    before = api.get("/v1/datasets").json()["datasets"]
    code = server.stop(number)
    assert code == (-signal.SIGKILL if number is signal.SIGKILL else 0)
    wait_until(lambda: not server.processes())
    server.start()
    assert outcome(api, job_id) == "completed"
    after = {one["dataset_id"]: one for one in api.get("/v1/datasets").json()["datasets"]}
    assert {one["dataset_id"] for one in before} == set(after)
    assert all(one["status"] in ("ready", "failed") for one in after.values())
