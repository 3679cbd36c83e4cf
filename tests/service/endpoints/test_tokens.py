"""What the token endpoint says to requests that are not right."""

import base64
import re
from typing import Any

import httpx
import pytest

from simulacra.service.identity import embedded
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.endpoints import api

GIVEN = {
    "grant_type": "client_credentials",
    "client_id": "nobody",
    "client_secret": "s3cret",
    "audience": "https://localhost:8443",
}
FORM = {"content-type": "application/x-www-form-urlencoded"}
BASIC = {"authorization": "Basic " + base64.b64encode(b"someone:s3cret").decode()}
TEXT = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, section 5.2


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in GIVEN.items() if name not in names}


@pytest.mark.parametrize(
    ("sent", "status", "error", "told"),
    [
        ({"content": b""}, 400, "invalid_request", "The body is empty; send grant_type"),
        ({"json": without("grant_type")}, 400, "invalid_request", "grant_type is missing"),
        ({"json": without("client_id")}, 400, "invalid_request", "client_id is missing"),
        ({"data": without("client_secret")}, 400, "invalid_request", "client_secret is missing"),
        (
            {"json": without("client_id", "client_secret")},
            400,
            "invalid_request",
            "client_id and client_secret are missing",
        ),
        ({"json": GIVEN | {"client_id": 5}}, 400, "invalid_request", "client_id: Give a text."),
        (
            {"json": GIVEN | {"grant_type": 'pass"w\\örd'}},
            400,
            "unsupported_grant_type",
            "grant_type is 'pass'w//?rd'; the only one here is client_credentials.",
        ),
        ({"json": [1]}, 400, "invalid_request", "The body is JSON, but no object"),
        (
            {"content": b"{", "headers": {"content-type": "application/json"}},
            400,
            "invalid_request",
            "The body is not valid JSON",
        ),
        (
            {"content": b'{"grant_type": "x"}', "headers": FORM},
            400,
            "invalid_request",
            "JSON needs the header Content-Type: application/json",
        ),
        (
            {"content": b"scope=a&scope=b", "headers": FORM},
            400,
            "invalid_request",
            "scope stands more than once",
        ),
        ({"json": GIVEN, "headers": BASIC}, 400, "invalid_request", "beside a Basic header"),
        (
            {"json": without("client_secret"), "headers": BASIC},
            400,
            "invalid_request",
            "client_id in the body is another than in the Basic header",
        ),
        (
            {"json": without("client_secret"), "headers": {"authorization": "Basic ?"}},
            400,
            "invalid_request",
            "The Basic header is malformed",
        ),
        (
            {"json": GIVEN | {"audience": "https://other.example"}},
            403,
            "access_denied",
            "audience is 'https://other.example'; accepted here: https://",
        ),
        ({"json": GIVEN}, 401, "invalid_client", "Unknown client or wrong secret"),
    ],
)
def test_a_refusal_says_which_member_is_wrong(
    runtime: Runtime, run_async: RunAsync, sent: dict[str, Any], status: int, error: str, told: str
) -> None:
    async def check() -> None:
        async with api.anonymous(runtime) as http:
            audience = {"audience": runtime.identity.audience}
            if error == "invalid_client":
                sent["json"] = sent["json"] | audience
            answer = await http.post("/oauth/token", **sent)
            document = answer.json()
            assert (answer.status_code, document["error"]) == (status, error)
            assert told in document["error_description"]
            assert TEXT.fullmatch(document["error_description"])
            assert "s3cret" not in answer.text

    run_async(check())


def test_a_client_that_is_not_known_is_told_what_a_wrong_secret_is(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        made = await runtime.tenants.create(company="Acme", email="a@acme.example")
        given = GIVEN | {"audience": runtime.identity.audience}
        async with api.anonymous(runtime) as http:
            known = await http.post("/oauth/token", json=given | {"client_id": made.client_id})
            unknown = await http.post("/oauth/token", json=given)
            assert (known.status_code, known.json()) == (401, unknown.json())

    run_async(check())


def test_a_slash_at_its_end_makes_no_other_audience(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        assert isinstance(runtime.identity, embedded.Embedded)
        issuer = runtime.identity.issuer
        made = await runtime.tenants.create(company="Acme", email="a@acme.example")
        async with api.anonymous(runtime) as http:

            async def mint(**changes: str) -> httpx.Response:
                secret = {"client_id": made.client_id, "client_secret": made.client_secret}
                return await http.post("/oauth/token", json=GIVEN | secret | changes)

            for audience in issuer.audiences:
                token = (await mint(audience=f"{audience}/")).json()["access_token"]
                http.headers["Authorization"] = f"Bearer {token}"
                assert (await http.get("/v1/datasets")).status_code == 200
            wrong = (await mint(audience="https://other.example")).json()["error_description"]
            assert all(audience in wrong for audience in issuer.audiences)
            wrong = (await mint(audience=issuer.audience, scope="read:datasets rows")).json()
            assert "scope names 'rows', which this client" in wrong["error_description"]

    run_async(check())
