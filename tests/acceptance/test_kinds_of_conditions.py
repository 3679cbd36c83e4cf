"""Conditions of every kind, asked of a real server: met in the rows, or refused and not billed."""

import io
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from tests.acceptance.harness import ApiClient
from tests.engine.scenario.kinds import measured
from tests.engine.scenario.kinds.test_every_kind import EXAMPLES
from tests.studies import brand_survey

ROWS = 403
WIDTHS = {"spend": 96.0, "joined": 546.0, "visits": 12.0}


@pytest.fixture(scope="module")
def survey_id(api: ApiClient) -> str:
    """A dataset on which every kind of condition can be asked for."""
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(brand_survey.survey(), sink)
    return api.train(sink.getvalue().to_pybytes())


def billed(api: ApiClient) -> tuple[int, int]:
    usage = api.get("/v1/usage").json()
    return usage["rows_used"], usage["rows_reserved"]


def rows_of(api: ApiClient, generation: dict[str, Any]) -> list[dict[str, Any]]:
    answer = api.get(generation["artifact_url"])
    assert answer.status_code == 200
    return list(pq.read_table(io.BytesIO(answer.content)).to_pylist())


def finished(api: ApiClient, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in {200, 202}, answer.text
    api.wait(answer.json()["job_id"])
    found: dict[str, Any] = api.get(f"/v1/generations/{answer.json()['generation_id']}").json()
    return found


def test_all_kinds_together_are_met_in_the_rows(api: ApiClient, survey_id: str) -> None:
    before = billed(api)
    generation = finished(api, api.generate(survey_id, row_count=ROWS, seed=1, conditions=EXAMPLES))
    assert generation["status"] == "ready", generation
    assert generation["conditions"] == EXAMPLES
    measured.hold(EXAMPLES, rows_of(api, generation), WIDTHS)
    kinds = {outcome["kind"] for outcome in generation["report"]["conditions"]}
    assert kinds == {"share", "range", "mean", "band", "joint", "option"}
    among = {outcome.get("among") for outcome in generation["report"]["conditions"]}
    assert among == {None, "age 18 to 60 and owns = yes", "region = South or East"}
    assert billed(api) == (before[0] + ROWS, before[1])


@pytest.mark.parametrize("member", EXAMPLES)
def test_a_kind_alone_is_met_in_the_rows(api: ApiClient, survey_id: str, member: str) -> None:
    asked = {member: EXAMPLES[member]}
    generation = finished(api, api.generate(survey_id, row_count=100, seed=2, conditions=asked))
    measured.hold(asked, rows_of(api, generation), WIDTHS)


@pytest.mark.parametrize(
    ("asked", "pointer", "code"),
    [
        ({"means": {"spnd": 5}}, "/means/spnd", "simio_unknown_condition_column"),
        ({"means": {"spend": 500}}, "/means/spend", "simio_condition_out_of_range"),
        ({"means": {"spend": None}}, "/means/spend", "simio_invalid_field"),
        ({"means": 5}, "/means", "simio_invalid_field"),
        ({"bands": {"age": []}}, "/bands/age", "simio_invalid_field"),
        (
            {"bands": {"age": [{"min": 18, "max": 34, "share": 55}]}},
            "/bands/age/0/share",
            "simio_invalid_field",
        ),
        ({"joint": {}}, "/joint", "simio_invalid_field"),
        (
            {"joint": [{"columns": [["region"], "owns"], "shares": [{"cell": [], "share": 1}]}]},
            "/joint/0/columns/0",
            "simio_unknown_condition_column",
        ),
        (
            {
                "joint": [
                    {
                        "columns": ["region", "owns"],
                        "shares": [{"cell": ["North", "maybe"], "share": 0.4}],
                    }
                ]
            },
            "/joint/0/shares/0/cell/1",
            "simio_unknown_condition_level",
        ),
        (
            {"multiple_response": {brand_survey.SET: {"Acne": 0.5}}},
            f"/multiple_response/{brand_survey.SET}/Acne",
            "simio_unknown_condition_level",
        ),
        (
            {"groups": [{"where": {"owns": "yes"}, "means": {"rating": 9}}]},
            "/groups/0/means/rating",
            "simio_condition_out_of_range",
        ),
        ({"groups": [{"where": {"owns": "yes"}}]}, "/groups/0", "simio_invalid_field"),
        (
            {"groups": [{"where": {"owns": "yes"}, "numeric": {"age": {"min": 20, "max": 30}}}]},
            "/groups/0/numeric",
            "simio_invalid_field",
        ),
        ({"groups": [{"means": {"rating": 3}}]}, "/groups/0/where", "simio_invalid_field"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place_and_not_billed(
    api: ApiClient, survey_id: str, asked: dict[str, Any], pointer: str, code: str
) -> None:
    before = billed(api)
    answer = api.generate(survey_id, row_count=100, conditions=asked)
    assert answer.status_code == 400, answer.text
    found = [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]
    assert found == [(f"/conditions{pointer}", code)]
    assert billed(api) == before


def test_a_group_in_which_nobody_fits_fails_and_is_not_billed(
    api: ApiClient, survey_id: str
) -> None:
    before = billed(api)
    asked = {"groups": [{"where": {"owns": "no"}, "means": {"visits": 5}}]}
    answer = api.generate(survey_id, row_count=100, conditions=asked)
    generation = finished(api, answer)
    assert generation["status"] == "failed"
    assert generation["error"]["code"] == "simio_scenario_infeasible"
    assert billed(api) == before
