"""What one customer takes up leaves room for the others."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.acceptance import harness
from tests.acceptance.harness import ApiClient, ServerProcess
from tests.acceptance.test_bad_input import GOOD_ROWS, problem

TRAININGS, UPLOADS, DOWNLOADS = 3, 2, 2
WIDE_ROWS = b"a,b,c,d,e,f\n" + b"".join(
    b"%d,%d,%d,%d,%d,%d\n" % tuple(1000 + n * prime % 97 for prime in (2, 3, 5, 7, 11, 13))
    for n in range(300)
)
"""A million synthetic rows are more than the buffers between server and client hold."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server on which a tenant may take up little, and work takes long to begin."""
    with harness.running_server(
        tmp_path_factory.mktemp("small"),
        SIMULACRA_TRAININGS_PER_TENANT=str(TRAININGS),
        SIMULACRA_UPLOADS_PER_TENANT=str(UPLOADS),
        SIMULACRA_DOWNLOADS_PER_TENANT=str(DOWNLOADS),
        SIMULACRA_SCRATCH_BYTES="10000000",
        SIMULACRA_WORKER_CONCURRENCY="1",
        **harness.UNHURRIED,
    ) as it:
        yield it


@pytest.fixture
def greedy(small: ServerProcess) -> Iterator[ApiClient]:
    with contextlib.closing(small.client(small.create_tenant("Greedy"))) as client:
        yield client


@pytest.fixture
def other(small: ServerProcess) -> Iterator[ApiClient]:
    with contextlib.closing(small.client(small.create_tenant("Other"))) as client:
        yield client


def refused(answer: httpx.Response) -> None:
    document = problem(answer, 429, "simio_rate_limited")
    assert document["retryable"]
    assert int(answer.headers["retry-after"]) > 0


def test_trainings_that_wait_are_few(
    small: ServerProcess, greedy: ApiClient, other: ApiClient
) -> None:
    worker = small.named("simulacra.cli.main", "worker")
    worker.suspend()
    try:
        for number in range(TRAININGS):
            headers = {"Idempotency-Key": f"study-{number}"}
            answer = greedy.post("/v1/datasets", files={"seed_file": GOOD_ROWS}, headers=headers)
            assert answer.status_code == 202
        refused(greedy.upload(GOOD_ROWS))
        again = greedy.post("/v1/datasets", files={"seed_file": GOOD_ROWS}, headers=headers)
        assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
        assert other.upload(GOOD_ROWS).status_code == 202
    finally:
        worker.resume()
    job_id = answer.json()["job_id"]
    assert greedy.wait(job_id)["status"] == "completed"
    assert greedy.upload(GOOD_ROWS).status_code == 202


@contextlib.contextmanager
def stalled(client: ApiClient, head: str, status: bytes) -> Iterator[None]:
    """A request of which only `head` is sent, and of whose answer only the status is read."""
    address = urlsplit(client.server.url)
    assert address.hostname is not None
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect((address.hostname, address.port))
        with client.server.tls.wrap_socket(raw, server_hostname=address.hostname) as connection:
            token = client.headers["authorization"]
            lines = f"{head}\r\nHost: x\r\nAuthorization: {token}\r\n\r\n"
            connection.sendall(lines.encode())
            beginning = b"HTTP/1.1 " + status
            assert connection.recv(len(beginning)) == beginning
            yield


def until(status: int, call: Callable[[], httpx.Response]) -> httpx.Response:
    """Call until the server has noticed that the stalled requests are gone."""
    deadline = time.monotonic() + harness.SECONDS
    while (answer := call()).status_code != status:
        assert time.monotonic() < deadline, answer.text[:1000]
    return answer


def test_uploads_that_stall_are_few(greedy: ApiClient, other: ApiClient) -> None:
    head = (
        "POST /v1/datasets HTTP/1.1\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n"
        "Content-Type: multipart/form-data; boundary=x"
    )
    with contextlib.ExitStack() as stack:
        for _ in range(UPLOADS):
            stack.enter_context(stalled(greedy, head, b"100"))
        refused(greedy.upload(GOOD_ROWS))
        assert other.upload(GOOD_ROWS).status_code == 202
    until(202, lambda: greedy.upload(GOOD_ROWS))


def test_who_lacks_room_for_an_upload_is_told_and_nobody_else(
    greedy: ApiClient, other: ApiClient
) -> None:
    refusal = greedy.upload(GOOD_ROWS + b"20,A\n" * 600_000)
    assert problem(refusal, 503, "simio_unavailable")["retryable"]
    assert int(refusal.headers["retry-after"]) > 0
    for client in (greedy, other):
        assert client.upload(GOOD_ROWS).status_code == 202


def test_downloads_that_stall_are_few(greedy: ApiClient, other: ApiClient) -> None:
    urls = []
    for client in (greedy, other):
        dataset_id = client.train(WIDE_ROWS)
        job = client.generate(dataset_id, row_count=1_000_000, output_format="csv").json()
        assert client.wait(job["job_id"])["status"] == "completed"
        generation = client.get(f"/v1/generations/{job['generation_id']}").json()
        assert generation["size_bytes"] > 10_000_000
        urls.append(generation["artifact_url"])
    with contextlib.ExitStack() as stack:
        for _ in range(DOWNLOADS):
            stack.enter_context(stalled(greedy, f"GET {urls[0]} HTTP/1.1", b"200"))
        refused(greedy.get(urls[0]))
        assert other.get(urls[1]).status_code == 200
    until(200, lambda: greedy.get(urls[0]))
