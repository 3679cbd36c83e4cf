"""Retries against a real server: one dataset, one generation, one bill, whatever goes wrong."""

import concurrent.futures
import contextlib
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance.harness import UNHURRIED, ApiClient, ServerProcess, running_server

WANTED: dict[str, Any] = {"row_count": 40, "seed": 7, "output_format": "csv"}


def _upload(api: ApiClient, content: bytes, key: str, **fields: str) -> httpx.Response:
    return api.post(
        "/v1/datasets",
        files={"seed_file": ("seed.csv", content, "text/csv")},
        data=fields,
        headers={"Idempotency-Key": key},
    )


def _generate(api: ApiClient, dataset_id: str, key: str, **wanted: Any) -> httpx.Response:  # noqa: ANN401
    return api.post(
        f"/v1/datasets/{dataset_id}/generations", json=wanted, headers={"Idempotency-Key": key}
    )


def _code(answer: httpx.Response) -> str:
    return str(answer.json()["code"])


def test_a_retry_gets_the_same_ids_and_the_state_of_now(api: ApiClient, study_csv: bytes) -> None:
    first = _upload(api, study_csv, "again")
    assert first.status_code == 202
    assert "Idempotent-Replayed" not in first.headers
    api.wait(first.json()["job_id"])
    second = _upload(api, study_csv, '"again"')
    assert second.status_code == 200
    assert second.headers["Idempotent-Replayed"] == "true"
    ids = ("dataset_id", "job_id")
    assert [second.json()[name] for name in ids] == [first.json()[name] for name in ids]
    assert second.json()["status"] == "ready"


def test_a_retry_joins_the_job_that_is_running_and_waits_for_it(
    api: ApiClient, study_csv: bytes
) -> None:
    first = _upload(api, study_csv, "join")
    second = _upload(api, study_csv, "join", wait_seconds="20")
    assert second.json()["job_id"] == first.json()["job_id"]
    assert second.json()["status"] == "ready"  # wait_seconds is no part of the request


def test_file_name_and_boundary_do_not_matter_but_fields_and_bytes_do(
    api: ApiClient, study_csv: bytes
) -> None:
    first = _upload(api, study_csv, "same")
    renamed = api.post(
        "/v1/datasets",
        files={"file": ("other.csv", study_csv, "application/octet-stream")},
        headers={"Idempotency-Key": "same"},
    )
    assert renamed.json()["dataset_id"] == first.json()["dataset_id"]
    for changed in (
        _upload(api, study_csv + b"\n", "same"),
        _upload(api, study_csv, "same", display_name="Another"),
    ):
        assert (changed.status_code, _code(changed)) == (409, "simio_idempotency_conflict")


def test_generations_are_replayed_and_their_path_belongs_to_them(
    api: ApiClient, study_csv: bytes, dataset_id: str
) -> None:
    first = _generate(api, dataset_id, "rows", **WANTED)
    again = _generate(api, dataset_id, "rows", **WANTED, wait_seconds=20)
    assert again.json()["generation_id"] == first.json()["generation_id"]
    assert again.headers["Idempotent-Replayed"] == "true"
    other = _generate(api, dataset_id, "rows", **WANTED | {"row_count": 41})
    assert _code(other) == "simio_idempotency_conflict"
    elsewhere = _generate(api, api.train(study_csv), "rows", **WANTED)
    assert _code(elsewhere) == "simio_idempotency_conflict"
    assert _upload(api, study_csv, "rows").status_code == 202  # another operation


def test_what_was_refused_is_not_remembered(api: ApiClient, dataset_id: str) -> None:
    refused = _generate(api, dataset_id, "mended", row_count=0)
    assert refused.status_code == 400
    assert _generate(api, dataset_id, "mended", **WANTED).status_code in (200, 202)


def test_of_a_deleted_dataset_a_retry_is_told_so(api: ApiClient, study_csv: bytes) -> None:
    first = _upload(api, study_csv, "deleted")
    dataset_id = first.json()["dataset_id"]
    api.delete(f"/v1/datasets/{dataset_id}")
    again = _upload(api, study_csv, "deleted")
    assert (again.status_code, again.json()["status"]) == (200, "deleted")
    assert again.json()["dataset_id"] == dataset_id


def test_tenants_do_not_meet_in_a_key(
    api: ApiClient, stranger: ApiClient, study_csv: bytes
) -> None:
    mine, theirs = _upload(api, study_csv, "common"), _upload(stranger, study_csv, "common")
    assert mine.json()["dataset_id"] != theirs.json()["dataset_id"]


@pytest.mark.parametrize("kind", ["dataset", "generation"])
def test_of_fifty_at_once_one_begins_the_work(
    api: ApiClient, study_csv: bytes, dataset_id: str, kind: str
) -> None:
    def post(_: int) -> httpx.Response:
        while True:
            answer = (
                _upload(api, study_csv, "fifty")
                if kind == "dataset"
                else _generate(api, dataset_id, "fifty", **WANTED)
            )
            if answer.status_code != 409:
                return answer
            assert _code(answer) == "simio_idempotency_in_flight"
            time.sleep(float(answer.headers["Retry-After"]) / 4)

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    begun = [answer for answer in answers if "Idempotent-Replayed" not in answer.headers]
    assert len(begun) == 1


@pytest.fixture(scope="module")
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose API is killed in the middle of requests."""
    with running_server(tmp_path_factory.mktemp("frail"), **UNHURRIED) as it:
        yield it


def _begin_upload(
    server: ServerProcess, api: ApiClient, body: bytes, boundary: str, key: str
) -> socket.socket:
    """Send the head of an upload and, once it is wanted, one half of its body."""
    plain = socket.create_connection(("localhost", server.port), timeout=20)
    connection = server.tls.wrap_socket(plain, server_hostname="localhost")
    head = (
        f"POST /v1/datasets HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: {key}\r\n"
        f"Authorization: {api.headers['Authorization']}\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary}\r\n"
        "Expect: 100-continue\r\n\r\n"
    )
    connection.sendall(head.encode())
    assert b" 100 Continue" in connection.recv(4096)
    connection.sendall(body[: len(body) // 2])
    return connection


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.2, 0.4])
def test_a_retry_after_a_kill_ends_in_one_dataset(
    frail: ServerProcess, study_csv: bytes, delay: float
) -> None:
    """The kill comes before, while or after the job is made: `delay` after the last byte."""
    key, boundary = f"kill-{delay}", "b0undary"
    part = 'Content-Disposition: form-data; name="seed_file"; filename="s.csv"'
    opening, closing = f"--{boundary}\r\n{part}\r\n\r\n", f"\r\n--{boundary}--\r\n"
    body = opening.encode() + study_csv + closing.encode()
    with contextlib.closing(frail.client(frail.create_tenant())) as api:
        with contextlib.closing(_begin_upload(frail, api, body, boundary, key)) as connection:
            in_flight = _upload(api, study_csv, key)
            assert _code(in_flight) == "simio_idempotency_in_flight"
            if delay:
                connection.sendall(body[len(body) // 2 :])
                time.sleep(delay)
            frail.named("simulacra.cli.main", "api").send_signal(signal.SIGKILL)
        answer = _patiently(lambda: _upload(api, study_csv, key))
        assert api.wait(answer.json()["job_id"])["status"] == "completed"
        listed = api.get("/v1/datasets").json()["datasets"]
        assert [one["dataset_id"] for one in listed] == [answer.json()["dataset_id"]]


def _patiently(post: Any) -> httpx.Response:  # noqa: ANN401
    """Retry as the guide says: with the same key, until it is accepted."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            answer: httpx.Response = post()
            if answer.status_code in (200, 202):
                return answer
            assert answer.json()["retryable"], answer.text
        time.sleep(0.5)
    raise AssertionError("the retry was never accepted")
