"""The published documents over HTTP, and HEAD on every path of the API."""

import gzip
import hashlib
import io
import json
import re
import time
from collections.abc import Iterator

import httpx
import pyarrow.parquet as pq
import pytest

from tests.acceptance import arazzo
from tests.acceptance.harness import ApiClient, ServerProcess
from tests.service.contract.conformity import Document, published

GETS = {
    path: method["get"]
    for path, method in published().content["paths"].items()
    if "get" in method and "{" not in path
}


@pytest.mark.parametrize("name", ["openapi", "arazzo"])
def test_documents_are_compressed_and_kept(api: ApiClient, name: str) -> None:
    path = f"/{name}.json"
    plain = api.get(path, headers={"Accept-Encoding": "identity"})
    assert plain.headers["content-type"] == "application/json"
    assert "content-encoding" not in plain.headers
    with api.stream("GET", path, headers={"Accept-Encoding": "br, gzip"}) as answer:
        small = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(small) == plain.content
    assert len(small) < len(plain.content) / 3
    assert answer.headers["etag"] != plain.headers["etag"]
    for etag in (answer.headers["etag"], f'"other", W/{answer.headers["etag"]}', "*"):
        kept = api.get(path, headers={"If-None-Match": etag})
        assert (kept.status_code, kept.content) == (304, b"")
        assert kept.headers["etag"] == answer.headers["etag"]
    assert api.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    refusing = api.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert refusing.headers["etag"] == plain.headers["etag"]


def test_the_document_is_of_this_installation(api: ApiClient) -> None:
    document = api.get("/openapi.json").json()
    assert document["servers"] == [{"url": api.server.url}]
    flow = document["components"]["securitySchemes"]["OAuth2"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == f"{api.server.url}/oauth/token"
    other = json.dumps(published().content).replace("https://localhost:8443", api.server.url)
    assert document == json.loads(other)


@pytest.mark.parametrize("path", [*GETS, "/openapi.json", "/arazzo.json"])
def test_what_answers_get_answers_head(api: ApiClient, path: str) -> None:
    alike(api, path)


def test_paths_with_an_id_answer_head(api: ApiClient, dataset_id: str) -> None:
    generation = api.generate(dataset_id, row_count=10, wait_seconds=20).json()
    for path in (
        f"/v1/datasets/{dataset_id}",
        f"/v1/datasets/{dataset_id}/schema",
        f"/v1/jobs/{generation['job_id']}",
        f"/v1/generations/{generation['generation_id']}",
        generation["artifact_url"],
        "/v1/jobs/job_0",
    ):
        alike(api, path)


def alike(api: ApiClient, path: str) -> None:
    got, head = api.get(path), api.head(path)
    assert (head.status_code, head.content) == (got.status_code, b"")
    assert steady(head) == steady(got)


def steady(answer: httpx.Response) -> dict[str, str]:
    """Return the headers that do not differ from one call to the next."""
    varying = re.compile("date|x-request-id|ratelimit|content-length")
    return {name: value for name, value in answer.headers.items() if not varying.fullmatch(name)}


def test_a_path_names_head_among_its_methods(api: ApiClient) -> None:
    assert api.put("/v1/usage").headers["allow"] == "GET, HEAD"
    assert api.head("/v1/credential-claims").status_code == 405


def test_the_token_of_the_link_downloads_too(api: ApiClient, dataset_id: str) -> None:
    generation = api.generate(dataset_id, row_count=10, wait_seconds=20).json()
    path = f"/v1/generations/{generation['generation_id']}/artifact"
    answer = api.get(path, params={"token": generation["artifact_token"]})
    assert answer.content == api.get(generation["artifact_url"]).content


@pytest.fixture
def bare(server: ServerProcess) -> Iterator[httpx.Client]:
    """A client without credentials."""
    with httpx.Client(base_url=server.url, verify=server.tls, timeout=60) as client:
        yield client


def test_the_workflows_run_as_they_are_described(
    server: ServerProcess, bare: httpx.Client, study_csv: bytes
) -> None:
    """From nothing to the rows, by the two documents alone; the operator approves in between."""
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        for request in re.findall(r"req_\w+", server.operate("signups", "list")):
            server.operate("approve", request)
        time.sleep(0.1)

    described = Document(bare.get("/openapi.json").json())
    runner = arazzo.Runner(bare.get("/arazzo.json").json(), described, bare, pause)
    asked = {"company_name": "Arazzo Research", "contact_email": "data@arazzo.example"}
    credential = runner.run("getCredentials", **asked)
    server.secrets.add(credential["client_secret"])
    assert credential["token_url"] == f"{server.url}/oauth/token"
    assert waits == [30]
    made = runner.run(
        "generateRows",
        client_id=credential["client_id"],
        client_secret=credential["client_secret"],
        audience=credential["audience"],
        seed_file=study_csv,
        display_name="By the document",
        upload_key="arazzo-upload",
        generation_key="arazzo-generation",
    )
    assert made["rows_generated"] == 5000
    assert hashlib.sha256(made["rows"]).hexdigest() == made["sha256"]
    table = pq.read_table(io.BytesIO(made["rows"]))
    assert [column["name"] for column in made["columns"]] == table.column_names
    ages = table["age"].to_pylist()
    assert 25 <= min(ages) <= max(ages) <= 44
    assert made["report"]["status"] == "ready"


def test_a_workflow_ends_at_the_step_that_fails(bare: httpx.Client) -> None:
    described = Document(bare.get("/openapi.json").json())
    runner = arazzo.Runner(bare.get("/arazzo.json").json(), described, bare)
    with pytest.raises(arazzo.WorkflowError, match="mint: 401"):
        runner.run(
            "generateRows",
            client_id="nobody",
            client_secret="wrong",
            audience=str(bare.base_url).rstrip("/"),
            seed_file=b"",
            display_name="",
            upload_key="k",
            generation_key="k",
        )
