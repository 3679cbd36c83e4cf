"""Jobs over HTTP: seen at work, cancelled, and never in the way of another tenant's."""

import contextlib
import time
from typing import Any

import pytest

from tests.acceptance.harness import ApiClient, ServerProcess

STAGES = [
    "queued",
    "starting",
    "reading",
    "cleaning",
    "fitting",
    "sampling",
    "writing",
    "completed",
]


def study_of(rows: int) -> bytes:
    """A study of many columns; how long it takes to fit depends on the rows."""
    columns = 30
    header = ",".join(f"c{n}" for n in range(columns))
    lines = (",".join(str((n * k + n) % 97) for k in range(1, columns + 1)) for n in range(rows))
    return "\n".join([header, *lines]).encode()


@pytest.fixture(scope="module")
def slow_study() -> bytes:
    """A study that takes some seconds to fit."""
    return study_of(15_000)


def _job(api: ApiClient, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = api.get(f"/v1/jobs/{job_id}").raise_for_status().json()
    return job


def test_a_job_tells_its_stages_in_their_order_and_its_links(api: ApiClient) -> None:
    job_id = api.upload(study_of(4_000)).json()["job_id"]
    seen, linked = [], []
    while (job := _job(api, job_id))["status"] in ("queued", "processing"):
        seen.append(job["progress"])
        if "steps" in job["progress"]:
            linked.append(job["progress"])
        time.sleep(0.01)  # a job yields to the API, which would otherwise be asked all the time
    assert job["progress"] == {"stage": "completed", "fraction": 1.0}
    order = [STAGES.index(progress["stage"]) for progress in seen]
    fractions = [progress["fraction"] for progress in seen]
    assert order == sorted(order)
    assert fractions == sorted(fractions)
    assert linked
    assert all(0 <= it["step"] <= it["steps"] for it in linked)


def test_a_cancelled_training_ends_and_may_be_cancelled_again(
    api: ApiClient, slow_study: bytes
) -> None:
    started = api.upload(slow_study).json()
    while _job(api, started["job_id"])["progress"]["stage"] != "fitting":
        time.sleep(0.05)
    for _ in range(2):
        answer = api.post(f"/v1/jobs/{started['job_id']}/cancel")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    dataset = api.get(f"/v1/datasets/{started['dataset_id']}").json()
    assert (dataset["status"], dataset["error"]["code"]) == ("failed", "simio_job_cancelled")
    assert api.get(f"/v1/datasets/{started['dataset_id']}/schema").status_code == 409


def test_nothing_is_billed_for_a_cancelled_generation(api: ApiClient, dataset_id: str) -> None:
    before = api.get("/v1/usage").json()
    started = api.generate(dataset_id, row_count=1_000_000).json()
    during = api.get("/v1/usage").json()
    assert during["rows_reserved"] - before["rows_reserved"] == 1_000_000
    assert api.post(f"/v1/jobs/{started['job_id']}/cancel").json()["status"] == "cancelled"
    after = api.get("/v1/usage").json()
    for figure in ("rows_used", "rows_reserved"):
        assert after[figure] == before[figure]
    generation = api.get(f"/v1/generations/{started['generation_id']}").json()
    assert (generation["status"], generation["error"]["code"]) == ("failed", "simio_job_cancelled")
    assert generation["error"]["request_id"]


def test_a_job_that_has_ended_is_not_cancelled(api: ApiClient, dataset_id: str) -> None:
    generation = api.generate(dataset_id, row_count=10, wait_seconds=20).json()
    answer = api.post(f"/v1/jobs/{generation['job_id']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    assert api.get(generation["artifact_url"]).status_code == 200


def test_who_may_not_start_a_job_may_not_cancel_it(
    api: ApiClient, stranger: ApiClient, slow_study: bytes
) -> None:
    job_id = api.upload(slow_study).json()["job_id"]
    assert stranger.post(f"/v1/jobs/{job_id}/cancel").status_code == 404
    assert _job(api, job_id)["status"] in ("queued", "processing", "completed")
    api.post(f"/v1/jobs/{job_id}/cancel")


def test_one_job_of_one_tenant_does_not_wait_for_twelve_of_another(
    server: ServerProcess, api: ApiClient, study_csv: bytes, dataset_id: str
) -> None:
    many = [
        api.generate(dataset_id, row_count=1_000_000, seed=seed).json()["job_id"]
        for seed in range(12)
    ]
    with contextlib.closing(server.client(server.create_tenant("Patient"))) as patient:
        assert patient.train(study_csv)
    waiting = [job_id for job_id in many if _job(api, job_id)["status"] == "queued"]
    assert waiting, "they were too quick for this test to tell"
    for job_id in many:
        api.post(f"/v1/jobs/{job_id}/cancel")


def test_generations_are_listed_the_newest_first(
    server: ServerProcess, api: ApiClient, study_csv: bytes
) -> None:
    dataset_id = api.train(study_csv)
    generation_ids = [
        api.generate(dataset_id, row_count=10).json()["generation_id"] for _ in range(3)
    ]
    query: dict[str, Any] = {"dataset_id": dataset_id, "limit": 2}
    first = api.get("/v1/generations", params=query).json()
    rest = api.get("/v1/generations", params=query | {"after": first["next_after"]}).json()
    listed = [one["generation_id"] for one in first["generations"] + rest["generations"]]
    assert listed == generation_ids[::-1]
    with contextlib.closing(server.client(server.create_tenant("Curious"))) as other:
        assert other.get("/v1/generations", params=query).json() == {"generations": []}


def test_a_dataset_is_kept_longer_but_for_a_week_at_most(api: ApiClient, study_csv: bytes) -> None:
    dataset_id = api.train(study_csv)
    path = f"/v1/datasets/{dataset_id}/retention"
    before = api.get(f"/v1/datasets/{dataset_id}").json()
    for _ in range(2):  # it may be repeated
        extended = api.post(path, json={"retention_hours": 168}).raise_for_status().json()
        assert extended["created_at"] == before["created_at"]
        assert extended["expires_at"] > before["expires_at"]
    for hours in (169, 0, 24, "long"):
        refused = api.post(path, json={"retention_hours": hours})
        assert (refused.status_code, refused.json()["code"]) == (400, "simio_invalid_field")
        assert refused.json()["errors"][0]["pointer"] == "/retention_hours"
