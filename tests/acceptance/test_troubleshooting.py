"""The troubles that the customers' guide and our page name, played through on a real server."""

import contextlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance import harness


@pytest.fixture(scope="module")
def customer(server: harness.ServerProcess) -> Iterator[harness.ApiClient]:
    """A tenant of its own, whose rows are counted."""
    with contextlib.closing(server.client(server.create_tenant("Troubled"))) as client:
        yield client


@pytest.fixture(scope="module")
def dataset(customer: harness.ApiClient, study_csv: bytes) -> str:
    return customer.train(study_csv)


def told(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return a problem, whose page explains it."""
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert problem["request_id"] == answer.headers["x-request-id"]
    return problem


def test_a_secret_or_anothers_token_in_the_place_of_the_token(customer: harness.ApiClient) -> None:
    secret = customer.credential["client_secret"]
    for value in (f"Bearer {secret}", f"Bearer Bearer {secret}", "Basic eDp5", "", "Bearer x.y.z"):
        answer = customer.get("/v1/usage", headers={"Authorization": value})
        problem = told(answer, 401, "simio_unauthorized")
        assert secret not in problem["detail"]
        assert "token" in problem["detail"] or "Bearer" in problem["detail"]
    wrong = customer.post(
        "/oauth/token",
        json={
            "grant_type": "client_credentials",
            "client_id": customer.credential["client_id"],
            "client_secret": secret,
            "audience": "https://elsewhere.example",
        },
    )
    assert wrong.status_code == 403
    assert customer.server.url in wrong.json()["error_description"]


def test_an_upload_that_was_refused_is_sent_again(
    customer: harness.ApiClient, study_csv: bytes
) -> None:
    files = {"seed_file": ("study.csv", study_csv)}
    key = {"Idempotency-Key": "after-401"}
    refused = customer.post(
        "/v1/datasets", files=files, headers=key | {"Authorization": "Bearer x"}
    )
    told(refused, 401, "simio_unauthorized")
    again = customer.post("/v1/datasets", files=files, headers=key)
    assert again.status_code == 202
    assert "idempotent-replayed" not in again.headers


def test_a_body_without_its_type(customer: harness.ApiClient, dataset: str) -> None:
    path = f"/v1/datasets/{dataset}/generations"
    told(customer.post(path, content=b'{"row_count": 5}'), 415, "simio_unsupported_content_type")
    empty = customer.post(path, headers={"Content-Type": "application/json"})
    assert "application/json" in told(empty, 400, "simio_malformed_body")["detail"]
    told(customer.post("/v1/datasets", json={}), 415, "simio_unsupported_content_type")


def test_names_and_levels_that_are_not_in_the_schema(
    customer: harness.ApiClient, dataset: str
) -> None:
    for conditions, code, near in (
        (
            {"categorical": {"segmnt": {"Premium": 0.5}}},
            "simio_unknown_condition_column",
            "segment",
        ),
        ({"categorical": {"segment": {"premum": 0.5}}}, "simio_unknown_condition_level", "Premium"),
    ):
        answer = customer.generate(dataset, row_count=5, conditions=conditions)
        assert near in told(answer, 400, code)["detail"]


def test_a_single_letter_of_an_id(customer: harness.ApiClient, dataset: str) -> None:
    problem = told(customer.get(f"/v1/datasets/{dataset[0]}"), 404, "simio_dataset_not_found")
    assert f"'{dataset[0]}'" in problem["detail"]


def test_polling_goes_on_until_an_end_and_keeps_the_job_id(
    customer: harness.ApiClient, dataset: str
) -> None:
    answer = customer.generate(dataset, row_count=20)
    started = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/jobs/{started['job_id']}"
    job = customer.wait(started["job_id"])
    assert (job["status"], job["generation_id"]) == ("completed", started["generation_id"])


def test_fewer_rows_than_asked_for_are_told_and_billed(customer: harness.ApiClient) -> None:
    before = customer.get("/v1/usage").json()["rows_used"]
    lines = [f"{18 + n % 30},A" for n in range(200)] + [f"{60 + n % 20},C" for n in range(200)]
    dataset = customer.train("\n".join(["age,segment", *lines]).encode())
    conditions = {
        "numeric": {"age": {"min": 18, "max": 40}},  # nobody in segment C
        "categorical": {"segment": {"A": 0.5, "C": 0.5}},
    }
    made = customer.generate(dataset, row_count=100, conditions=conditions, wait_seconds=30).json()
    assert (made["status"], made["rows_generated"]) == ("partial", 50)
    assert made["report"]["warnings"]
    assert customer.get("/v1/usage").json()["rows_used"] - before == 50


def test_the_subscription_is_used_up(
    server: harness.ServerProcess, customer: harness.ApiClient, dataset: str
) -> None:
    server.operate("tenants", "set", "Troubled", "--max-rows-per-request", "50")
    refused = customer.generate(dataset, row_count=51)
    assert told(refused, 402, "simio_row_cap_exceeded")["quota"]["max_rows_per_request"] == 50
    server.operate("tenants", "set", "Troubled", "--subscription-rows", "0")
    refused = customer.generate(dataset, row_count=5)
    assert told(refused, 402, "simio_quota_exceeded")["quota"]["rows_remaining"] == 0


def test_every_code_that_was_seen_has_its_page(customer: harness.ApiClient) -> None:
    problem = customer.get("/v1/jobs/x").json()
    page = customer.get(problem["type"])
    assert page.json()["code"] == problem["code"]
