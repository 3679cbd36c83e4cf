"""Every client has a limit for each class of calls, and every answer says how it stands."""

import asyncio
import contextlib
import re
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance import harness
from tests.acceptance.harness import ApiClient, ServerProcess

READS, WRITES, UPLOADS = 20, 3, 2
"""Calls a minute, so that a read comes back after 3 s, an upload after 30."""


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with small limits."""
    with harness.running_server(
        tmp_path_factory.mktemp("strict"),
        SIMULACRA_READS_PER_MINUTE=str(READS),
        SIMULACRA_WRITES_PER_MINUTE=str(WRITES),
        SIMULACRA_UPLOADS_PER_MINUTE=str(UPLOADS),
    ) as it:
        yield it


@pytest.fixture
def caller(strict: ServerProcess) -> Iterator[ApiClient]:
    """A client of a tenant of its own, who has not called yet."""
    with contextlib.closing(strict.client(strict.create_tenant())) as client:
        yield client


def standing(answer: httpx.Response, name: str, calls: int) -> int:
    """Return the calls that are left, of headers that are checked for their form."""
    assert answer.headers["ratelimit-policy"] == f'"{name}";q={calls};w=60'
    limit = re.fullmatch(rf'"{name}";r=(\d+);t=(\d+)', answer.headers["ratelimit"])
    assert limit is not None, answer.headers["ratelimit"]
    assert 0 < int(limit[2]) <= 60
    return int(limit[1])


def refusal(answer: httpx.Response, name: str, calls: int) -> int:
    """Return the seconds after which a refused client may call again."""
    assert (answer.status_code, answer.json()["code"]) == (429, "simio_rate_limited"), answer.text
    assert answer.json()["retryable"]
    assert standing(answer, name, calls) == 0
    pause = int(answer.headers["retry-after"])
    assert answer.headers["ratelimit"].endswith(f";t={pause}")
    return pause


def test_calls_are_counted_down_then_refused_then_let_in_again(
    strict: ServerProcess, caller: ApiClient
) -> None:
    first, second = (standing(caller.get("/v1/datasets"), "reads", READS) for _ in range(2))
    assert first == READS - 1
    assert second in {READS - 2, READS - 1}  # one of them may have come back already
    answers = (caller.get("/v1/jobs/job_none") for _ in range(10 * READS))
    pause = refusal(next(one for one in answers if one.status_code == 429), "reads", READS)
    assert pause <= 60 / READS

    with contextlib.closing(strict.client(strict.create_tenant())) as stranger:
        assert standing(stranger.get("/v1/datasets"), "reads", READS) == READS - 1
    answer = caller.delete("/v1/datasets/ds_none")
    assert answer.status_code == 404
    assert standing(answer, "writes", WRITES) == WRITES - 1

    time.sleep(pause)
    assert caller.get("/v1/datasets").status_code == 200


def test_every_answer_to_a_known_client_says_how_it_stands(
    strict: ServerProcess, caller: ApiClient, study_csv: bytes
) -> None:
    uploaded = caller.upload(study_csv, wait_seconds="30")
    assert (uploaded.status_code, standing(uploaded, "uploads", UPLOADS)) == (200, UPLOADS - 1)
    generation = caller.generate(uploaded.json()["dataset_id"], row_count=50, wait_seconds=30)
    assert (generation.status_code, standing(generation, "writes", WRITES)) == (200, WRITES - 1)
    assert standing(caller.generate("ds_none", row_count="many"), "writes", WRITES) == WRITES - 2

    url = generation.json()["artifact_url"]
    download = caller.get(url)
    answers = [
        download,
        caller.head(url),
        caller.get(url, headers={"If-None-Match": download.headers["etag"]}),
        caller.get(url, headers={"Range": "bytes=0-9"}),
        caller.get(url, headers={"Range": "bytes=99999999-"}),
        caller.get("/v1/datasets", params={"limit": "none"}),
        caller.get("/v1/generations/gen_none"),
    ]
    assert [one.status_code for one in answers] == [200, 200, 304, 206, 416, 400, 404]
    assert all(standing(one, "reads", READS) < READS for one in answers)

    unknown = httpx.get(f"{strict.url}/v1/datasets", verify=strict.tls)
    assert unknown.status_code == 401
    assert "ratelimit" not in unknown.headers


def test_a_refused_upload_is_answered_before_its_body_is_sent(
    strict: ServerProcess, caller: ApiClient
) -> None:
    for _ in range(UPLOADS):
        assert caller.upload(b"").status_code == 400
    head = (
        "POST /v1/datasets HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {caller.headers['Authorization']}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 9000000\r\n\r\n"
    )

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("localhost", strict.port, ssl=strict.tls)
        writer.write(head.encode())
        try:
            async with asyncio.timeout(20):
                return await reader.readuntil(b"\r\n\r\n")
        finally:
            writer.transport.abort()

    headers = asyncio.run(ask()).lower()
    assert headers.startswith(b"http/1.1 429")
    assert b'\r\nratelimit-policy: "uploads";q=2;w=60\r\n' in headers
    assert b"\r\nretry-after: " in headers
    assert caller.get("/v1/datasets").status_code == 200
