"""The life of a study as the audit trail tells it."""

import json
from typing import Any

from tests.acceptance import harness

Entries = list[dict[str, Any]]


def entries(server: harness.ServerProcess, subject_id: str) -> Entries:
    """Return the entries about one thing, the oldest first."""
    listed: Entries = json.loads(server.operate("audit", "list", "--subject", subject_id, "--json"))
    return listed[::-1]


def test_who_made_what_when_and_in_which_request(
    server: harness.ServerProcess, api: harness.ApiClient, study_csv: bytes
) -> None:
    api.headers["X-Request-Id"] = "req_of_this_test"
    dataset_id = api.train(study_csv)
    generation = api.generate(dataset_id, row_count=30, output_format="csv", wait_seconds=20).json()
    link = api.get(f"/v1/generations/{generation['generation_id']}").json()["artifact_url"]
    assert api.head(link).status_code == 200  # nothing is downloaded
    assert api.get(link, headers={"Range": "bytes=0-9"}).status_code == 206
    assert api.delete(f"/v1/datasets/{dataset_id}").status_code == 200
    del api.headers["X-Request-Id"]

    client = f"client {api.credential['client_id']}"
    about_dataset = entries(server, dataset_id)
    assert [(it["action"], it["actor"]) for it in about_dataset] == [
        ("dataset.created", client), ("dataset.ready", "system"), ("dataset.deleted", client),
    ]  # fmt: skip
    assert about_dataset[0]["details"] == {"bytes": len(study_csv), "format": "csv"}
    assert about_dataset[1]["details"]["rows"] == study_csv.count(b"\n") - 1
    about_generation = entries(server, generation["generation_id"])
    assert [(it["action"], it["actor"]) for it in about_generation] == [
        ("generation.created", client),
        ("generation.ready", "system"),
        ("artifact.downloaded", client),
    ]
    assert about_generation[0]["details"] == {"rows": 30, "format": "csv"}
    assert about_generation[2]["details"] == {"bytes": 10}
    for it in about_dataset + about_generation:
        in_request = it["actor"] != "system"
        assert it["request_id"] == ("req_of_this_test" if in_request else None)
        assert (it["outcome"], it["tenant_id"][:4]) == ("succeeded", "ten_")


def test_what_failed_says_its_code(server: harness.ServerProcess, api: harness.ApiClient) -> None:
    started = api.upload(b"a,b\n1,2\n").json()
    job = api.wait(started["job_id"])
    assert job["status"] == "failed"
    created, failed = entries(server, started["dataset_id"])
    assert (created["action"], failed["action"]) == ("dataset.created", "dataset.failed")
    assert (failed["outcome"], failed["details"]) == ("failed", {"code": job["error"]["code"]})
