"""Queries that an operation does not know, and paths that lead nowhere."""

import httpx
import pytest

from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.endpoints import api


def ask(runtime: Runtime, run_async: RunAsync, method: str, address: str) -> httpx.Response:
    """Return the answer to a client of a tenant."""

    answers: list[httpx.Response] = []

    async def run() -> None:
        async with api.client(runtime) as acme:
            answers.append(await acme.http.request(method, address))

    run_async(run())
    return answers[0]


@pytest.mark.parametrize(
    ("method", "address", "parameter", "told"),
    [
        ("GET", "/v1/datasets?limt=5", "limt", "did you mean 'limit'?"),
        ("GET", "/v1/datasets?LIMIT=5", "LIMIT", "did you mean 'limit'?"),
        ("GET", "/v1/datasets?page=2", "page", "there are 'after', 'limit'."),
        ("GET", "/v1/datasets?limit=5&limit=6", "limit", "more than once"),
        ("GET", "/v1/jobs?state=failed", "state", "did you mean 'status'?"),
        ("GET", "/v1/jobs/job_x?wait=5", "wait", "did you mean 'wait_seconds'?"),
        ("HEAD", "/v1/usage?month=5", "", ""),
        ("GET", "/v1/usage?month=5", "month", "takes no parameters in the query."),
        ("POST", "/v1/datasets?wait_seconds=5", "wait_seconds", "belong into the body"),
        ("GET", f"/v1/usage?{'x' * 999}=5", "x" * 64, "takes no parameters"),
    ],
)
def test_a_parameter_that_is_not_known_is_refused(
    runtime: Runtime, run_async: RunAsync, method: str, address: str, parameter: str, told: str
) -> None:
    answer = ask(runtime, run_async, method, address)
    assert answer.status_code == 400
    assert "ratelimit" in answer.headers  # the caller is known, and counted
    if method != "HEAD":
        assert api.is_problem(answer, 400, "simio_invalid_field", parameter)
        assert told in answer.json()["errors"][0]["detail"]


def test_many_parameters_that_are_not_known_are_few_faults(
    runtime: Runtime, run_async: RunAsync
) -> None:
    query = "&".join(f"x{number}=1" for number in range(500))
    answer = ask(runtime, run_async, "GET", f"/v1/datasets?{query}")
    assert len(answer.json()["errors"]) == 20


def test_who_is_not_known_learns_that_first(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        async with api.anonymous(runtime) as http:
            assert (await http.get("/v1/datasets?limt=5")).status_code == 401

    run_async(check())


@pytest.mark.parametrize(
    "address",
    [
        "/v1/datasets?limit=5",
        "/v1/jobs?status=failed&kind=createDataset",
        "/errors?utm_source=mail",
        "/__docs__/?x=1",
        "/llms.txt?v=2",
        "/openapi.json?v=2",
        "/healthz?probe=1",
    ],
)
def test_what_is_known_and_pages_take_their_query(
    runtime: Runtime, run_async: RunAsync, address: str
) -> None:
    answer = ask(runtime, run_async, "GET", address)
    assert answer.status_code == 200
