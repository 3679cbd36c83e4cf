"""Requests that no honest client sends get a clear refusal, never an internal error."""

from typing import Any

import httpx
import pytest

from tests.acceptance.harness import ApiClient, ServerProcess
from tests.acceptance.test_bad_input import GOOD_ROWS, faults, problem


@pytest.mark.parametrize(
    "path",
    [
        "/v1/datasets/ds_%00",
        "/v1/datasets/%00/schema",
        "/v1/jobs/%00",
        "/v1/generations/%00",
        "/v1/generations/%00/artifact?token=x",
        "/errors/%00",
    ],
)
def test_a_nul_in_a_path_is_found_nowhere(api: ApiClient, path: str) -> None:
    problem(api.get(path), 404, "simio_not_found")


def test_a_nul_in_a_query_is_refused(api: ApiClient) -> None:
    refused = problem(api.get("/v1/datasets?after=%00"), 400, "simio_invalid_field")
    assert faults(refused) == {"after": "simio_invalid_field"}


def test_no_redirect_is_built_from_the_callers_host(api: ApiClient) -> None:
    answer = api.get("/v1/datasets/", headers={"Host": "evil.example"})
    problem(answer, 404, "simio_not_found")
    assert "location" not in answer.headers


def test_a_name_said_twice_is_not_half_forgotten(api: ApiClient, dataset_id: str) -> None:
    answer = api.post(
        f"/v1/datasets/{dataset_id}/generations",
        content='{"row_count": 5, "conditions": {"categorical": {"segment": '
        '{"Premium": 0.9, "Premium": 0.2}}}}',
        headers={"content-type": "application/json"},
    )
    assert "'Premium'" in problem(answer, 400, "simio_malformed_body")["detail"]


@pytest.mark.parametrize("body", ['{"\\ud800": 1}', '{"row_count":' + "[" * 200_000])
def test_json_that_cannot_be_used(api: ApiClient, dataset_id: str, body: str) -> None:
    path, json_type = f"/v1/datasets/{dataset_id}/generations", {"content-type": "application/json"}
    problem(api.post(path, content=body, headers=json_type), 400, "simio_malformed_body")


@pytest.mark.parametrize("depth", [40, 500, 930, 960, 4000])
@pytest.mark.parametrize(
    "path",
    ["/v1/datasets/{}/generations", "/v1/datasets/{}/retention", "/v1/signup"],
)
def test_json_of_any_depth_is_malformed_and_no_fault_of_ours(
    api: ApiClient, dataset_id: str, path: str, depth: int
) -> None:
    json_type = {"content-type": "application/json"}
    answer = api.post(path.format(dataset_id), content="[" * depth, headers=json_type)
    problem(answer, 400, "simio_malformed_body")
    if depth < 2000:  # operations with a few short fields take 4 KiB
        closed = "[" * depth + "]" * depth
        answer = api.post(path.format(dataset_id), content=closed, headers=json_type)
        assert "nested" in problem(answer, 400, "simio_malformed_body")["detail"]


@pytest.mark.parametrize(
    "body",
    [
        '{"grant_type": "client_credentials", "client_id": "\\u0000", "client_secret": "x"}',
        '{"grant_type": "client_credentials", "client_id": "\\ud800", "client_secret": "x"}',
        '{"grant_type": "client_credentials", "client_id": "x", "client_secret": "\\ud800"}',
        "[" * 7000 + "]" * 7000,
        '{"grant_type": "a", "grant_type": "client_credentials"}',
        "7",
    ],
    ids=["nul", "surrogate id", "surrogate secret", "deep", "twice", "number"],
)
def test_token_requests_that_cannot_be_used(api: ApiClient, body: str) -> None:
    answer = api.post("/oauth/token", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_token_request_says_each_thing_once(server: ServerProcess, api: ApiClient) -> None:
    credential = api.credential
    form = {"content-type": "application/x-www-form-urlencoded"}
    repeated = "grant_type=client_credentials&client_id=a&client_id=b&client_secret=c"
    twice = api.post("/oauth/token", content=repeated, headers=form)
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")
    both = httpx.post(
        f"{server.url}/oauth/token",
        data={"grant_type": "client_credentials", "client_secret": "other"},
        auth=(credential["client_id"], credential["client_secret"]),
        verify=server.tls,
    )
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")
    wrong = httpx.post(
        f"{server.url}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=("nobody", "wrong"),
        verify=server.tls,
    )
    assert wrong.headers["www-authenticate"] == 'Basic realm="simulacra"'


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"column_types": " " * 300_000}, "maximum size of 256KB"),
        ({f"field{n}": "x" for n in range(21)}, "Maximum number of fields is 20"),
    ],
)
def test_a_form_over_its_limits_is_told_which(
    api: ApiClient, fields: dict[str, str], words: str
) -> None:
    refused = problem(api.upload(GOOD_ROWS, **fields), 400, "simio_malformed_body")
    assert words in refused["detail"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", "a\0b"),
        ("sheet", "\0"),
        ("keep_columns", '["a\\u0000"]'),
        ("drop_columns", '["a\\u0000"]'),
        ("column_types", '{"a\\u0000": "nominal"}'),
        ("column_types", '{"a": ["x", "\\u0000"]}'),
    ],
)
def test_no_field_of_a_form_may_hold_what_cannot_be_stored(
    api: ApiClient, field: str, value: str
) -> None:
    refused = problem(api.upload(GOOD_ROWS, **{field: value}), 400, "simio_invalid_field")
    assert faults(refused) == {field: "simio_invalid_field"}
    assert "NUL" in refused["detail"]


def test_downloads_follow_the_rfc(api: ApiClient, dataset_id: str) -> None:
    generation = api.generate(dataset_id, row_count=50, wait_seconds=20).json()
    url, etag = generation["artifact_url"], f'"{generation["sha256"]}"'
    for wanted in ("bytes=0-9", "bytes=99999999-"):
        head = api.head(url, headers={"Range": wanted})
        assert head.status_code == 200, "a range means something to GET alone"
        assert head.headers["content-length"] == str(generation["size_bytes"])
    assert api.get(url, headers={"Range": "Bytes=0-9"}).status_code == 206
    for tags in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        assert api.get(url, headers={"If-None-Match": tags}).status_code == 304, tags
    assert api.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("conditions", "code", "pointer"),
    [
        (
            {"numeric": {f"a{n}~/": {"min": 1, "max": 2} for n in range(7_000)}},
            "simio_unknown_condition_column",
            "/conditions/numeric/a0~0~1",
        ),
        (
            {"categorical": {"segment": {f"Premium{n}": 0 for n in range(7_000)}}},
            "simio_unknown_condition_level",
            "/conditions/categorical/segment/Premium0",
        ),
    ],
    ids=["columns", "levels"],
)
def test_thousands_of_unknown_names_get_a_short_answer(
    api: ApiClient, dataset_id: str, conditions: dict[str, Any], code: str, pointer: str
) -> None:
    """Looking for what each might have meant would keep the service from everybody for minutes."""
    refused = problem(api.generate(dataset_id, row_count=1, conditions=conditions), 400, code)
    assert refused["detail"].startswith("7000 ")
    assert len(refused["errors"]) == 20
    assert refused["errors"][0]["pointer"] == pointer


def test_a_scenario_that_takes_long_to_parse_is_refused(api: ApiClient, dataset_id: str) -> None:
    shares = {"segment": {f"Premium{n}": 0 for n in range(20_000)}}
    refused = api.generate(dataset_id, row_count=1, conditions={"categorical": shares})
    problem(refused, 413, "simio_body_too_large")


def test_of_two_idempotency_keys_none_is_dropped(api: ApiClient, dataset_id: str) -> None:
    answer = api.post(
        f"/v1/datasets/{dataset_id}/generations",
        json={"row_count": 5},
        headers=[("Idempotency-Key", "one"), ("Idempotency-Key", "two")],
    )
    assert "2 keys" in problem(answer, 400, "simio_invalid_idempotency_key")["detail"]
