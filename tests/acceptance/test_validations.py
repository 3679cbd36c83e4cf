"""The validation of a dataset's study, through the real server."""

from typing import Any

from tests.acceptance.harness import ApiClient

HALF = {"repeats": 1, "seed": 3}


def validated(api: ApiClient, dataset_id: str, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The job of a validation that has ended."""
    started = api.post(f"/v1/datasets/{dataset_id}/validations", json=HALF | asked)
    assert started.status_code in (200, 202), started.text
    return api.wait(started.json()["job_id"])


def test_one_of_the_whole_study_is_a_page_of_the_report(api: ApiClient, study_csv: bytes) -> None:
    dataset_id = api.train(study_csv)
    job = validated(api, dataset_id)
    assert job["status"] == "completed", job["error"]["detail"]
    found = job["validation"]
    assert found["respondents"] == 800
    assert found["comparisons"][0]["segment"] == "all respondents"
    assert "A random half of them was hidden once" in found["text"]
    kept = api.get(f"/v1/datasets/{dataset_id}/schema").json()["validation"]
    assert kept["text"] == found["text"]
    started = api.generate(dataset_id, row_count=50)
    assert api.wait(started.json()["job_id"])["status"] == "completed"
    generation = api.get(f"/v1/generations/{started.json()['generation_id']}").json()
    assert generation["report"]["validation"] == kept
    assert validated(api, dataset_id)["validation"] == found  # the same seed, the same figures


def test_a_segment_is_held_until_it_has_ended(api: ApiClient, dataset_id: str) -> None:
    answer = api.post(
        f"/v1/datasets/{dataset_id}/validations",
        json=HALF | {"segment": {"segment": "Premium"}, "wait_seconds": 30},
    )
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["validation"]["comparisons"]
    assert one["segment"] == "segment = Premium"
    assert one["figure_count"] == len(one["figures"]) > 10


def test_a_segment_of_too_few_is_refused_where_it_stands(api: ApiClient, dataset_id: str) -> None:
    few = {"segment": {"age": {"min": 18, "max": 18}, "region": "East"}, "wait_seconds": 30}
    refused = api.post(f"/v1/datasets/{dataset_id}/validations", json=HALF | few)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/segment"


def test_nobody_else_validates_it(stranger: ApiClient, dataset_id: str) -> None:
    refused = stranger.post(f"/v1/datasets/{dataset_id}/validations", json=HALF)
    assert refused.status_code == 404
