"""Bodies of operations that take none."""

import pytest

from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.endpoints import api

ROTATIONS = "/v1/credential-rotations"


@pytest.mark.parametrize(
    ("path", "body", "pointers"),
    [
        (ROTATIONS, b'{"client_id": "x", "overlap": 5}', ["/client_id", "/overlap"]),
        (ROTATIONS, b"[1]", [""]),
        (ROTATIONS, b"client_id=x", [""]),
        (ROTATIONS, b" " * 5000, [""]),
        ("/v1/jobs/job_x/cancel", b'{"reason": "late"}', ["/reason"]),
        ("/v1/webhooks/wh_x/test", b'{"event": "job.completed"}', ["/event"]),
    ],
)
def test_what_would_be_ignored_is_refused(
    runtime: Runtime, run_async: RunAsync, path: str, body: bytes, pointers: list[str]
) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme:
            answer = await acme.http.post(path, content=body)
            assert api.is_problem(answer, 400, "simio_invalid_field", *pointers)
            assert "send no body, or {}." in answer.json()["errors"][0]["detail"]
        async with api.anonymous(runtime) as http:
            assert (await http.post(path, content=body)).status_code == 401

    run_async(check())


@pytest.mark.parametrize("body", [b"", b"{}", b" {} \n", b"null"])
def test_a_body_that_says_nothing_is_taken(
    runtime: Runtime, run_async: RunAsync, body: bytes
) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme:
            assert (await acme.http.post(ROTATIONS, content=body)).status_code == 201

    run_async(check())
