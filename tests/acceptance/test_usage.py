"""Quotas over HTTP: what is used, what is refused, and the figures that explain it."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.harness import ApiClient, ServerProcess

COMPANY = "Limited"
SUBSCRIPTION = 1000
YOUNG = {"numeric": {"age": {"min": 18, "max": 40}}}
HALF = {**YOUNG, "categorical": {"segment": {"A": 0.5, "C": 0.5}}}
NONE = {**YOUNG, "categorical": {"segment": {"C": 1.0}}}


@pytest.fixture(scope="module")
def tenant(server: ServerProcess) -> Iterator[ApiClient]:
    """A client of a tenant whose limits the operator has set."""
    credential = server.create_tenant(COMPANY)
    limits = ["--subscription-rows", str(SUBSCRIPTION), "--max-rows-per-request", "5000"]
    server.operate("tenants", "set", id_of(server), *limits)
    with contextlib.closing(server.client(credential)) as client:
        yield client


def id_of(server: ServerProcess) -> str:
    listed = json.loads(server.operate("tenants", "list", "--json"))
    (tenant_id,) = [it["tenant_id"] for it in listed if it["company"] == COMPANY]
    return str(tenant_id)


@pytest.fixture(scope="module")
def split_id(tenant: ApiClient) -> str:
    """A dataset in which nobody of segment C is under 60."""
    lines = [f"{18 + n % 30},A" for n in range(200)] + [f"{60 + n % 20},C" for n in range(200)]
    return tenant.train("\n".join(["age,segment", *lines]).encode())


def usage(client: ApiClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/v1/usage").raise_for_status().json()
    return document


def test_what_was_made_is_billed_and_what_failed_is_not(tenant: ApiClient, split_id: str) -> None:
    before = usage(tenant)
    assert (before["subscription_rows"], before["max_rows_per_request"]) == (SUBSCRIPTION, 5000)
    assert before["window_starts_at"] < before["window_ends_at"]
    started = [
        tenant.generate(split_id, row_count=100, conditions=conditions).json()
        for conditions in (HALF, NONE, {})
    ]
    assert [tenant.wait(it["job_id"])["status"] for it in started] == [
        "completed", "failed", "completed",
    ]  # fmt: skip
    after = usage(tenant)
    assert after["rows_used"] - before["rows_used"] == 50 + 100
    assert after["generations"] - before["generations"] == 2
    assert (after["rows_reserved"], after["rows_remaining"]) == (
        0, SUBSCRIPTION - after["rows_used"],
    )  # fmt: skip


def test_more_than_is_left_is_402_with_the_figures(tenant: ApiClient, split_id: str) -> None:
    left = usage(tenant)["rows_remaining"]
    answer = tenant.generate(split_id, row_count=left + 1, wait_seconds=20)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (402, "simio_quota_exceeded")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["quota"]["rows_remaining"], problem["quota"]["row_count"]) == (left, left + 1)
    assert f"{left:,} left" in problem["detail"]
    assert usage(tenant)["rows_remaining"] == left
    over_cap = tenant.generate(split_id, row_count=5001).json()
    assert over_cap["code"] == "simio_row_cap_exceeded"
    assert over_cap["quota"] == {"row_count": 5001, "max_rows_per_request": 5000}


def test_deleting_a_dataset_gives_its_reservations_back(
    tenant: ApiClient, study_csv: bytes
) -> None:
    dataset_id, before = tenant.train(study_csv), usage(tenant)
    for _ in range(3):
        tenant.generate(dataset_id, row_count=50).raise_for_status()
    tenant.delete(f"/v1/datasets/{dataset_id}").raise_for_status()
    after = usage(tenant)
    completed = (
        after["generations"] - before["generations"]
    )  # may have ended before they were cancelled
    assert after["rows_used"] - before["rows_used"] == 50 * completed
    assert after["rows_reserved"] == 0


def test_terminal_and_api_show_the_same_figures(server: ServerProcess, tenant: ApiClient) -> None:
    shown = usage(tenant)
    listed = server.operate("usage", "show", id_of(server))
    assert f"{shown['rows_used']:,}" in listed
    assert "Right:" in server.operate("usage", "verify")


def test_without_a_subscription_nothing_is_left_to_count(api: ApiClient) -> None:
    shown = usage(api)
    assert (shown["subscription_rows"], shown["rows_remaining"]) == (None, None)
