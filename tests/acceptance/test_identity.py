"""Tokens over HTTP, and the wall between tenants."""

import base64
import json
import re
from typing import Any

import httpx
import pytest

from tests.acceptance.harness import ApiClient, ServerProcess


def _altered(token: str, part: int, **changes: Any) -> str:  # noqa: ANN401
    parts = token.split(".")
    document = json.loads(base64.urlsafe_b64decode(parts[part] + "=="))
    document.update(changes)
    parts[part] = base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()
    return ".".join(parts)


def _ask(api: ApiClient, token: str) -> httpx.Response:
    return api.get("/v1/datasets", headers={"Authorization": f"Bearer {token}"})


def test_bad_tokens_are_refused_as_invalid(api: ApiClient) -> None:
    token = api.mint()
    assert _ask(api, token).status_code == 200
    forged = {
        "expired": _altered(token, 1, exp=1_000_000_000),
        "tampered scope": _altered(token, 1, scope="everything"),
        "wrong audience": _altered(token, 1, aud="https://elsewhere.example"),
        "alg none": _altered(token, 0, alg="none").rsplit(".", 1)[0] + ".",
        "the secret itself": api.credential["client_secret"],
    }
    for name, bad in forged.items():
        answer = _ask(api, bad)
        assert answer.status_code == 401, name
        assert answer.json()["code"] == "simio_unauthorized"
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert bad not in answer.text


def test_no_token_is_not_an_invalid_one(api: ApiClient) -> None:
    answer = httpx.get(f"{api.server.url}/v1/datasets", verify=api.server.tls)
    assert answer.status_code == 401
    assert "error=" not in answer.headers["www-authenticate"]
    basic = api.get("/v1/datasets", headers={"Authorization": "Basic YTpi"})
    assert basic.status_code == 401


def _narrow(api: ApiClient, scope: str) -> dict[str, str]:
    """Return the headers of a caller with some of the client's scopes."""
    minted = api.post(
        "/oauth/token",
        json={
            "grant_type": "client_credentials",
            "client_id": api.credential["client_id"],
            "client_secret": api.credential["client_secret"],
            "scope": scope,
        },
    ).json()
    assert minted["scope"] == scope
    return {"Authorization": f"Bearer {minted['access_token']}"}


def test_a_narrow_token_may_not_write(api: ApiClient) -> None:
    narrow = _narrow(api, "read:datasets")
    assert api.get("/v1/datasets", headers=narrow).status_code == 200
    seed = {"seed_file": ("a.csv", b"a,b\n1,2\n")}
    answer = api.post("/v1/datasets", files=seed, headers=narrow)
    assert answer.status_code == 403
    assert answer.json()["code"] == "simio_forbidden"
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_a_token_for_generations_can_follow_its_job(api: ApiClient, dataset_id: str) -> None:
    narrow = _narrow(api, "read:generations write:generations")
    path = f"/v1/datasets/{dataset_id}"
    started = api.post(f"{path}/generations", json={"row_count": 5}, headers=narrow).json()
    job = api.get(f"/v1/jobs/{started['job_id']}?wait_seconds=20", headers=narrow)
    assert (job.status_code, job.json()["status"]) == (200, "completed")
    refused = api.get(path, headers=narrow)
    assert refused.status_code == 403
    assert "'read:datasets'" in refused.json()["detail"]
    blind = api.get(f"/v1/jobs/{started['job_id']}", headers=_narrow(api, "write:generations"))
    assert blind.status_code == 403
    assert 'scope="read:datasets read:generations"' in blind.headers["www-authenticate"]


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data"])
@pytest.mark.parametrize("path", ["/v1/datasets", "/v1/datasets/ds_1/generations"])
def test_who_has_no_token_is_told_that_first(
    server: ServerProcess, path: str, content_type: str
) -> None:
    answer = httpx.post(
        f"{server.url}{path}",
        content=b'{"row_count": ',
        headers={"Content-Type": content_type},
        verify=server.tls,
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "simio_unauthorized")


def test_the_token_endpoint_takes_json_form_and_basic(api: ApiClient) -> None:
    credential = api.credential
    fields = {"grant_type": "client_credentials", "audience": credential["audience"]}
    secrets = {key: credential[key] for key in ("client_id", "client_secret")}
    basic = (credential["client_id"], credential["client_secret"])
    answers = (
        api.post("/oauth/token", json=fields | secrets),
        api.post("/oauth/token", data=fields | secrets),
        httpx.post(f"{api.server.url}/oauth/token", data=fields, auth=basic, verify=api.server.tls),
    )
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        body = answer.json()
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 86_400)
        assert _ask(api, body["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"audience": "https://elsewhere.example"}, 403, "access_denied"),
        ({"scope": "rule:everything"}, 400, "invalid_scope"),
        ({"client_secret": None}, 400, "invalid_request"),
        ({"client_id": 7}, 400, "invalid_request"),
    ],
    ids=str,
)
def test_the_token_endpoint_refuses_in_the_form_of_rfc_6749(
    api: ApiClient, changes: dict[str, Any], status: int, error: str
) -> None:
    body = {"grant_type": "client_credentials", **api.credential, **changes}
    del body["token_url"]
    answer = api.post("/oauth/token", json=body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["cache-control"] == "no-store"
    assert api.credential["client_secret"] not in answer.text


def test_public_keys_are_public(api: ApiClient) -> None:
    (key,) = api.get("/.well-known/jwks.json").json()["keys"]
    assert (key["kty"], key["alg"], key["use"]) == ("RSA", "RS256", "sig")
    assert set(key) == {"kty", "n", "e", "kid", "alg", "use"}


def test_a_strangers_ids_answer_as_missing_ones(
    api: ApiClient, stranger: ApiClient, dataset_id: str
) -> None:
    generation = api.generate(dataset_id, row_count=10).json()
    generation_id, job_id = generation["generation_id"], generation["job_id"]
    assert api.wait(job_id)["status"] == "completed"
    url = api.get(f"/v1/generations/{generation_id}").json()["artifact_url"]
    asked = {
        "dataset": ("GET", f"/v1/datasets/{dataset_id}"),
        "schema": ("GET", f"/v1/datasets/{dataset_id}/schema"),
        "delete": ("DELETE", f"/v1/datasets/{dataset_id}"),
        "generation": ("GET", f"/v1/generations/{generation_id}"),
        "artifact": ("GET", url),
        "job": ("GET", f"/v1/jobs/{job_id}"),
    }
    for name, (method, path) in asked.items():
        theirs = stranger.request(method, path)
        missing = stranger.request(method, re.sub("(ds|gen|job)_", r"\1_x", path))
        assert theirs.status_code == missing.status_code == 404, name
        assert theirs.json()["code"] == missing.json()["code"], name
    refused = stranger.generate(dataset_id, row_count=10)
    assert refused.status_code == 404
    own = stranger.get("/v1/datasets").json()["datasets"]
    assert dataset_id not in {dataset["dataset_id"] for dataset in own}
    for after in (dataset_id, "ds_missing"):
        refused = stranger.get("/v1/datasets", params={"after": after})
        assert (refused.status_code, refused.json()["code"]) == (400, "simio_invalid_field")
    assert api.get(f"/v1/datasets/{dataset_id}").status_code == 200


def test_the_secret_is_in_no_log_and_not_in_the_database_files(
    server: ServerProcess, api: ApiClient
) -> None:
    secret, token = api.credential["client_secret"], api.headers["Authorization"].split()[1]
    for path in server.data_dir.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert secret.encode() not in content, path
            assert token.encode() not in content, path
