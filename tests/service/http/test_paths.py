"""What is said of a path that leads nowhere."""

import pytest

from simulacra.service import main
from simulacra.service.http import paths
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.endpoints import api


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/v1/datasets/", "/v1/datasets"),
        ("/v1/dataset", "/v1/datasets"),
        ("//v1/datasets", "/v1/datasets"),
        ("/V1/Datasets", "/v1/datasets"),
        ("/datasets", "/v1/datasets"),
        ("/v1/job/job_aB3", "/v1/jobs/job_aB3"),
        ("/v1/datasets/ds_aB3/shema", "/v1/datasets/ds_aB3/schema"),
        ("/v1/jobs/job_aB3/cancel/", "/v1/jobs/job_aB3/cancel"),
        ("/oauth/tokens", "/oauth/token"),
        ("/health", "/healthz"),
        ("/openapi.yaml", "/openapi.json"),
        ("/llm.txt", "/llms.txt"),
        ("/error", "/errors"),
        ("/__docs", "/__docs__/"),
        ("/docs", "/__docs__/"),
        ("/v1/models", None),
        ("/v1", None),
        ("/", None),
        ("/v1/" + "datasets" * 1000, None),
        ("/operater/sign-in", None),
        ("/sign-inn", None),
        ("/audits", None),
        ("/tenants/x", None),
    ],
)
def test_the_path_that_may_be_meant(runtime: Runtime, path: str, near: str | None) -> None:
    assert paths.nearest(main.build(runtime), path) == near


def test_a_problem_names_it(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        async with api.anonymous(runtime) as http:
            answer = await http.get("/v1/datasets/")
            assert api.is_problem(answer, 404, "simio_not_found")
            told = "There is no operation at '/v1/datasets/'; did you mean '/v1/datasets'?"
            assert answer.json()["detail"] == told
            assert "/openapi.json" in (await http.get("/v1/models")).json()["detail"]

    run_async(check())
