"""Margins of error of a generation, through the real server."""

from typing import Any

import pytest

from tests.acceptance.harness import ApiClient

PREMIUM = {"categorical": {"segment": {"Premium": 1.0}}}


def made(api: ApiClient, dataset_id: str, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A generation with rows."""
    started = api.generate(dataset_id, row_count=500, conditions=PREMIUM, **wanted)
    assert started.status_code in (200, 202), started.text
    assert api.wait(started.json()["job_id"])["status"] == "completed"
    document: dict[str, Any] = api.get(f"/v1/generations/{started.json()['generation_id']}").json()
    return document


def test_all_margins_have_an_address_and_the_report_a_summary(
    api: ApiClient, dataset_id: str
) -> None:
    document = made(api, dataset_id, margins="quick", seed=3)
    summary = document["report"]["margins"]
    all_of_them = api.get(f"/v1/generations/{document['generation_id']}/margins").json()
    assert all_of_them["generation_id"] == document["generation_id"]
    margins = all_of_them["margins"]
    assert margins["replicates"] == summary["replicates"] == 8
    assert len(margins["figures"]) == summary["figure_count"]
    assert {it["column"] for it in margins["figures"]} == {
        *("age", "region", "channel", "purchase_intent", "Would.recommend.0.10", "monthly_spend")
    }
    changed = [it for it in margins["figures"] if it["is_changed"]]
    assert len(changed) == summary["changed_count"] > 0
    assert summary["changes"][0]["surprise"] == max(it["surprise"] for it in changed)
    again = made(api, dataset_id, margins="quick", seed=3)
    assert again["report"] == document["report"]


def test_none_are_made_that_are_not_asked_for(api: ApiClient, dataset_id: str) -> None:
    document = made(api, dataset_id)
    assert document["report"]["margins"] is None
    answer = api.get(f"/v1/generations/{document['generation_id']}/margins").json()
    assert answer == {"generation_id": document["generation_id"], "margins": None}


@pytest.mark.parametrize("margins", ["slow", 1, None, ["quick"]])
def test_another_way_of_asking_is_refused(api: ApiClient, dataset_id: str, margins: object) -> None:
    refused = api.generate(dataset_id, row_count=5, margins=margins)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"].startswith("/margins")


def test_those_of_no_generation_are_not_there(api: ApiClient) -> None:
    assert api.get("/v1/generations/gen_6Vb2NqXw8ZtKc4RmYp9LtjB7/margins").status_code == 404
