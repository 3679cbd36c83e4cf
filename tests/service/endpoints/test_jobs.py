"""The list of jobs, and where the pages of every list begin."""

import pytest

from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.endpoints import api
from tests.service.jobs import work


def test_jobs_are_listed_in_pages_with_the_newest_first(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme, api.client(runtime) as other:
            made = [(await work.training(runtime, acme.tenant_id)).id for _ in range(5)]
            await work.training(runtime, other.tenant_id)
            seen: list[str] = []
            after: dict[str, str] = {}
            while True:
                answer = await acme.http.get("/v1/jobs", params={"limit": 2, **after})
                page = answer.raise_for_status().json()
                seen += [job["job_id"] for job in page["jobs"]]
                if "next_after" not in page:
                    break
                after = {"after": page["next_after"]}
            assert seen == made[::-1]
            one = (await acme.http.get(f"/v1/jobs/{made[0]}")).json()
            assert (await acme.http.get("/v1/jobs")).json()["jobs"][-1] == one

    run_async(check())


def test_jobs_are_listed_by_state_and_kind(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme:
            training = await work.training(runtime, acme.tenant_id)
            attempt = await work.begin(runtime, training)
            generation = await work.generation(runtime, acme.tenant_id, training.dataset_id)

            async def listed(**wanted: str) -> list[str]:
                answer = await acme.http.get("/v1/jobs", params=wanted)
                return [job["job_id"] for job in answer.raise_for_status().json()["jobs"]]

            assert await listed(kind="createDataset") == [training.id]
            assert await listed(kind="createGeneration") == [generation.id]
            assert await listed(status="processing") == [attempt.job.id]
            assert await listed(status="queued", kind="createGeneration") == [generation.id]
            assert await listed(status="queued", kind="createDataset") == []

    run_async(check())


@pytest.mark.parametrize(
    ("query", "where"),
    [("kind=train", "kind"), ("status=ready", "status"), ("limit=0", "limit")],
)
def test_what_cannot_be_listed_is_refused(
    runtime: Runtime, run_async: RunAsync, query: str, where: str
) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme:
            answer = await acme.http.get(f"/v1/jobs?{query}")
            assert api.is_problem(answer, 400, "simio_invalid_field", where)

    run_async(check())


@pytest.mark.parametrize("after", ["damaged", "", "job_", "%00", "%F0%9F%98%80", "a" * 5000])
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/datasets", "/v1/generations"])
def test_a_page_that_begins_nowhere_is_refused(
    runtime: Runtime, run_async: RunAsync, path: str, after: str
) -> None:
    """An empty page would look like the end of the list."""

    async def check() -> None:
        async with api.client(runtime) as acme:
            answer = await acme.http.get(f"{path}?after={after}")
            assert api.is_problem(answer, 400, "simio_invalid_field", "after")

    run_async(check())


def test_a_page_does_not_begin_behind_a_row_of_another_tenant(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme, api.client(runtime) as other:
            theirs = await work.training(runtime, other.tenant_id)
            answer = await acme.http.get(f"/v1/jobs?after={theirs.id}")
            assert api.is_problem(answer, 400, "simio_invalid_field", "after")

    run_async(check())


@pytest.mark.parametrize("scopes", [("read:datasets",), ("read:generations",)])
def test_either_scope_that_reads_jobs_lists_them(
    runtime: Runtime, run_async: RunAsync, scopes: tuple[str, ...]
) -> None:
    async def check() -> None:
        async with api.client(runtime, scopes) as acme:
            assert (await acme.http.get("/v1/jobs")).json() == {"jobs": []}
        async with api.client(runtime, ("write:datasets",)) as acme:
            answer = await acme.http.get("/v1/jobs")
            assert api.is_problem(answer, 403, "simio_forbidden")

    run_async(check())
