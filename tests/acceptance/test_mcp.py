"""The tools of `simulacra mcp --service` with a real server: nothing of one tenant is another's."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import httpx2
import numpy as np
import pyarrow.parquet as pq
import pytest
from mcp.client.streamable_http import streamable_http_client

from examples import study
from tests.acceptance import harness
from tests.mcp import agents
from tests.mcp.test_process import ACCEPT, FIRST, serving

SCENARIO: dict[str, Any] = {
    "categorical": {"segment": {"Premium": 0.55}},
    "numeric": {"age": {"min": 25, "max": 44}},
}


def variables(server: harness.ServerProcess) -> dict[str, str]:
    """The environment that says where the service is, without credentials."""
    return harness.clean_environment() | {
        "SIMIO_API_BASE": server.url,
        "SIMIO_CA_FILE": str(server.data_dir / "ca.pem"),
    }


@pytest.fixture(scope="module")
def url(
    server: harness.ServerProcess,
    api: harness.ApiClient,
    stranger: harness.ApiClient,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The address of an MCP server over HTTP; it writes down no token of a caller."""
    log = tmp_path_factory.mktemp("mcp") / "log"
    with serving(log, "--service", environment=variables(server)) as it:
        yield it
    for client in (api, stranger):
        assert client.headers["authorization"].split()[1] not in log.read_text()


@contextlib.asynccontextmanager
async def caller(
    url: str, api: harness.ApiClient, *, mode: str = "auto"
) -> AsyncIterator[agents.Agent]:
    """Yield an agent of a tenant, whose client sends the tenant's token."""
    headers = {"authorization": api.headers["authorization"]}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=harness.SECONDS) as http,
        agents.connected(
            streamable_http_client(f"{url}/mcp", http_client=http), mode=mode
        ) as agent,
    ):
        yield agent


def test_from_a_file_to_rows_with_credentials_of_the_environment(
    server: harness.ServerProcess, tmp_path: Path
) -> None:
    credential = server.create_tenant()
    root, log = tmp_path / "root", tmp_path / "log"
    root.mkdir()
    study.write(root / "study.csv")
    environment = variables(server) | {
        "SIMIO_CLIENT_ID": credential["client_id"],
        "SIMIO_CLIENT_SECRET": credential["client_secret"],
    }
    words = ("--service", "--root", str(root), "--confirm-rows", "1000")
    person = agents.Person()

    async def work(mode: str) -> None:
        server = agents.process(*words, log=log, environment=environment)
        async with agents.connected(server, person=person, mode=mode) as agent:
            made = await agent.ask("upload_study", path="study.csv")
            assert "study.csv" in person.questions[-1]
            assert environment["SIMIO_API_BASE"] in person.questions[-1]
            dataset_id = made["dataset_id"]
            asked = {"dataset_id": dataset_id, "row_count": 2000, "conditions": SCENARIO}
            seen = await agent.ask("preview_scenario", **asked)
            assert seen["rows_available"] == 2000
            before = (await agent.ask("get_usage"))["rows_used"]
            rows = await agent.ask("generate_rows", **asked, sample_rows=2)
            assert "2,000 rows are billed" in person.questions[-1]
            assert len(rows["sample"]) == 2
            again = await agent.ask("generate_rows", **asked, sample_rows=2)
            assert again == rows
            assert (await agent.ask("get_usage"))["rows_used"] == before + 2000
            generation_id = rows["generation_id"]
            assert (await agent.ask("compare", generation_id=generation_id))["figures"]
            for source in (dataset_id, generation_id):
                table = await agent.ask("tabulate", source_id=source, rows=["channel"])
                assert table["rows"]
            got = await agent.ask(
                "download_rows", generation_id=generation_id, path=f"{mode}.parquet"
            )
            assert pq.read_metadata(got["file"]).num_rows == 2000

            assert "'segment'" in await agent.refused(
                "preview_scenario",
                **asked | {"conditions": {"categorical": {"segmnt": {"Premium": 0.5}}}},
            )
            said = await agent.refused("describe_study", dataset_id="ds_AAAAAAAAAAAAAAAAAAAAAAAA")
            assert "simio_dataset_not_found" in said

            person.action = "decline"
            asked_more = asked | {"row_count": 3000}
            assert "does not want" in await agent.refused("generate_rows", **asked_more)
            assert "does not want" in await agent.refused("upload_study", path="study.csv")
            person.action, person.proceed = "accept", False
            assert "does not want" in await agent.refused("generate_rows", **asked_more)
            person.proceed = True
            assert (await agent.ask("get_usage"))["rows_used"] == before + 2000
            await agent.ask("generate_rows", **asked | {"row_count": 1000})
            assert "1,000" not in person.questions[-1]  # nobody is asked about a few
            assert credential["client_secret"] not in "".join(agent.seen)

    for mode in agents.MODES:
        asyncio.run(work(mode))
    assert log.read_text() == ""


def test_without_a_person_many_rows_need_an_approval_in_numbers(
    url: str, api: harness.ApiClient, dataset_id: str
) -> None:
    async def work() -> None:
        async with caller(url, api) as agent:
            asked = {"dataset_id": dataset_id, "row_count": 10_001, "conditions": {}}
            said = await agent.refused("generate_rows", **asked)
            assert "approved_rows=10001" in said
            said = await agent.refused("generate_rows", **asked, approved_rows=10_000)
            assert "approved_rows=10001" in said
            rows = await agent.ask("generate_rows", **asked, approved_rows=10_001)
            assert rows["rows_generated"] == 10_001

    asyncio.run(work())


@pytest.mark.parametrize("mode", agents.MODES)
def test_two_tenants_see_their_own(
    url: str, api: harness.ApiClient, stranger: harness.ApiClient, dataset_id: str, mode: str
) -> None:
    async def work() -> None:
        async with caller(url, api, mode=mode) as ours, caller(url, stranger, mode=mode) as theirs:
            await theirs.refused("describe_study", dataset_id=dataset_id)
            await ours.ask("describe_study", dataset_id=dataset_id)
            asked = {"dataset_id": dataset_id, "row_count": 200, "conditions": SCENARIO}
            rows = await ours.ask("generate_rows", **asked)
            await theirs.refused("generate_rows", **asked)
            generation_id = rows["generation_id"]
            # Only the newest are listed: these rows are, the study may be too old.
            listed = await ours.ask("list_studies")
            assert generation_id in [it["generation_id"] for it in listed["generations"]]
            assert "files" not in listed
            listed = await theirs.ask("list_studies")
            assert generation_id not in [it["generation_id"] for it in listed["generations"]]
            assert dataset_id not in [it["dataset_id"] for it in listed["studies"]]
            for tool, name in (("compare", "generation_id"), ("tabulate", "source_id")):
                more = {"rows": ["channel"]} if tool == "tabulate" else {}
                await theirs.refused(tool, **{name: generation_id}, **more)
                await ours.ask(tool, **{name: generation_id}, **more)
            await theirs.refused("download_rows", generation_id=generation_id, sample_rows=1)
            got = await ours.call("download_rows", generation_id=generation_id, sample_rows=1)
            assert "simulacra remote download" in agents.text(got)
            assert "artifact" not in got.model_dump_json()  # no link, which would be a key

    asyncio.run(work())


def test_a_study_that_is_sent_as_text(
    url: str, stranger: harness.ApiClient, study_csv: bytes
) -> None:
    async def work() -> None:
        async with caller(url, stranger) as agent:
            made = await agent.ask("upload_study", content=study_csv.decode(), name="pasted")
            assert made["respondents"] == 800
            listed = await agent.ask("list_studies")
            assert "pasted" in [it.get("name") for it in listed["studies"]]

    asyncio.run(work())


@pytest.mark.parametrize("mode", agents.MODES)
def test_a_call_that_is_cancelled_cancels_the_job(
    url: str, stranger: harness.ApiClient, mode: str
) -> None:
    rng = np.random.default_rng(1)
    lines = [",".join(f"q{index}" for index in range(40))]
    lines += [",".join(map(str, row)) for row in rng.integers(1, 6, (10_000, 40)).tolist()]
    known = {job["job_id"] for job in stranger.get("/v1/jobs").json()["jobs"]}

    async def work() -> None:
        async with caller(url, stranger, mode=mode) as agent:
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as group:

                    async def cancel() -> None:
                        await agent.has_begun.wait()
                        scope.cancel()

                    group.start_soon(cancel)
                    await agent.call("upload_study", content="\n".join(lines))
            assert scope.cancelled_caught

    asyncio.run(work())
    jobs = stranger.get("/v1/jobs").json()["jobs"]
    (begun,) = [job["job_id"] for job in jobs if job["job_id"] not in known]
    assert stranger.wait(begun)["status"] == "cancelled"


def test_a_session_belongs_to_whoever_began_it(
    url: str, api: harness.ApiClient, stranger: harness.ApiClient
) -> None:
    first = httpx.post(f"{url}/mcp", json=FIRST, headers=ACCEPT | bearer(api))
    assert first.status_code == 200
    session = {"mcp-session-id": first.headers["mcp-session-id"]}
    listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
    for headers, status in ((bearer(api), 200), (bearer(stranger), 404), ({}, 401)):
        answer = httpx.post(f"{url}/mcp", json=listing, headers=ACCEPT | session | headers)
        assert answer.status_code == status


def test_a_token_that_the_service_refuses(
    url: str, server: harness.ServerProcess, api: harness.ApiClient
) -> None:
    token = api.headers["authorization"].split()[1]
    for wrong in ("nonsense", token[:-4] + "AAAA"):
        answer = httpx.post(
            f"{url}/mcp", json=FIRST, headers=ACCEPT | {"authorization": f"Bearer {wrong}"}
        )
        assert answer.status_code == 401
        assert "resource_metadata=" in answer.headers["www-authenticate"]
    metadata = httpx.get(f"{url}/.well-known/oauth-protected-resource/mcp").json()
    assert metadata["authorization_servers"] == [f"{server.url}/"]


def bearer(api: harness.ApiClient) -> dict[str, str]:
    return {"authorization": api.headers["authorization"]}
