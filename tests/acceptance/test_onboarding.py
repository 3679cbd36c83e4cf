"""From a request for access to a token that lists datasets, with curl and jq, over real HTTP."""

import concurrent.futures
import contextlib
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.harness import ApiClient, ServerProcess, clean_environment

GUIDE = Path(__file__).parents[3] / "shared" / "seed" / "operating-guide.txt"
GUIDES_API = "https://api.simulacra-data.com"
GUIDES_ISSUER = "https://simulacra-data.us.auth0.com"

ASK = """
RESP=$(curl -sS -X POST "$API/v1/signup" -H "content-type: application/json" -d '{
  "company_name": "Acme Research", "contact_email": "data-science@acme.example"}')
REQUEST_ID=$(echo "${RESP}" | jq -r .request_id)
curl -sS "$API/v1/signup/${REQUEST_ID}"
"""
CLAIM = """
APPROVAL=$(curl -sS "$API/v1/signup/${REQUEST_ID}")
CLAIM_TOKEN=$(echo "${APPROVAL}" | jq -r .credential_claim_token)
curl -sS -X POST "$API/v1/credential-claims" -H "content-type: application/json" \\
  -d "$(jq -nc --arg token "${CLAIM_TOKEN}" '{claim_token: $token}')"
"""
MINT = """
ACCESS_TOKEN=$(curl -sS -X POST "$API/oauth/token" -H "content-type: application/json" -d '{
  "client_id": "YOUR_CLIENT_ID", "client_secret": "YOUR_CLIENT_SECRET",
  "audience": "AUDIENCE", "grant_type": "client_credentials"}' | jq -r .access_token)
echo "$ACCESS_TOKEN"
"""
needs_curl = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")), reason="curl and jq are not installed"
)


def guides_scripts() -> list[str]:
    """Return the same three steps as the customer's guide prints them."""
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    (onboarding,) = (block for block in blocks if "/v1/signup" in block)
    (mint,) = (block for block in blocks if block.startswith("ACCESS_TOKEN="))
    ask, step, claim = onboarding.partition("APPROVAL=")
    return [ask, step + claim, mint]


def shell(server: ServerProcess, script: str, **variables: str) -> str:
    environment = clean_environment() | variables
    environment |= {"API": server.url, "CURL_CA_BUNDLE": str(server.data_dir / "ca.pem")}
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout


def run_scripts(server: ServerProcess, scripts: list[str]) -> dict[str, Any]:
    """Play the three steps, with an operator's approval; return what listing datasets says."""
    ask, claim, mint = (
        script.replace(GUIDES_API, server.url).replace(GUIDES_ISSUER, server.url)
        for script in scripts
    )
    address = f"{uuid.uuid4()}@acme.example"
    ask = ask.replace("data-science@acme.example", address)
    asked = shell(server, f"{ask}\necho; echo $REQUEST_ID").splitlines()
    request_id = asked[-1]
    assert re.fullmatch(r"req_[A-Za-z0-9]{1,64}", request_id)
    assert '"status":"pending"' in asked[0]
    server.operate("approve", request_id)
    claimed = shell(server, f"{claim}\necho; echo $CLAIM_TOKEN", REQUEST_ID=request_id).splitlines()
    credential = httpx.Response(200, text=claimed[0]).json()
    server.secrets |= {claimed[-1], credential["client_secret"]}
    assert credential["token_url"] == f"{server.url}/oauth/token"
    assert credential["grant_type"] == "client_credentials"
    assert re.fullmatch(r"[A-Za-z0-9_-]{64}", credential["client_secret"])
    mint = mint.replace("YOUR_CLIENT_ID", credential["client_id"])
    mint = mint.replace("YOUR_CLIENT_SECRET", credential["client_secret"])
    token = shell(server, mint.replace("AUDIENCE", credential["audience"])).strip()
    server.secrets.add(token)
    lists = 'curl -sS --fail "$API/v1/datasets" -H "Authorization: Bearer $TOKEN"'
    listed: dict[str, Any] = httpx.Response(200, text=shell(server, lists, TOKEN=token)).json()
    return listed


@needs_curl
def test_onboarding_with_curl(server: ServerProcess) -> None:
    assert run_scripts(server, [ASK, CLAIM, MINT])["datasets"] == []


@needs_curl
@pytest.mark.skipif(not GUIDE.exists(), reason="the customer's guide is not on this machine")
def test_onboarding_as_the_guide_prints_it(server: ServerProcess) -> None:
    assert run_scripts(server, guides_scripts())["datasets"] == []


@pytest.fixture(scope="module")
def http(server: ServerProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, verify=server.tls, timeout=60) as client:
        yield client


@pytest.fixture
def client(server: ServerProcess) -> Iterator[ApiClient]:
    """A client of a tenant of its own."""
    with contextlib.closing(server.client(server.create_tenant())) as client:
        yield client


def signup(http: httpx.Client, **changes: object) -> httpx.Response:
    body = {"company_name": "Acme", "contact_email": f"{uuid.uuid4()}@acme.example"}
    return http.post("/v1/signup", json=body | changes)


def approved(server: ServerProcess, http: httpx.Client) -> dict[str, Any]:
    request_id = signup(http).json()["request_id"]
    server.operate("approve", request_id)
    document: dict[str, Any] = http.get(f"/v1/signup/{request_id}").json()
    server.secrets.add(document["credential_claim_token"])
    return document


def at_once(call: Callable[[], httpx.Response], times: int = 50) -> list[httpx.Response]:
    with concurrent.futures.ThreadPoolExecutor(times) as pool:
        return list(pool.map(lambda _: call(), range(times)))


def test_a_second_request_of_an_address_is_the_first_one(http: httpx.Client) -> None:
    first = signup(http, contact_email="Twice@acme.example")
    assert first.status_code == 202
    assert first.headers["location"] == f"/v1/signup/{first.json()['request_id']}"
    again = signup(http, contact_email="twice@acme.example", company_name="Other")
    assert again.status_code == 200
    assert again.json() == first.json()


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"contact_email": "nobody"}, "/contact_email"),
        ({"contact_email": 5}, "/contact_email"),
        ({"company_name": "  "}, "/company_name"),
        ({"company_name": "x" * 201}, "/company_name"),
        ({"role": "admin"}, "/role"),
    ],
)
def test_a_bad_request_for_access_names_the_field(
    http: httpx.Client, changes: dict[str, object], pointer: str
) -> None:
    answer = signup(http, **changes)
    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


def test_of_fifty_claims_at_once_one_gets_the_secret(
    server: ServerProcess, http: httpx.Client
) -> None:
    token = approved(server, http)["credential_claim_token"]
    answers = at_once(lambda: http.post("/v1/credential-claims", json={"claim_token": token}))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [410] * 49
    (delivered,) = (one.json() for one in answers if one.status_code == 200)
    server.secrets.add(delivered["client_secret"])


def test_rotation_from_request_to_the_end_of_the_old_secret(
    server: ServerProcess, http: httpx.Client, client: ApiClient
) -> None:
    key = {"Idempotency-Key": "rotate-1"}
    answers = at_once(lambda: client.post("/v1/credential-rotations", headers=key))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    (token,) = {answer.json()["credential_claim_token"] for answer in answers}
    server.secrets.add(token)
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 49
    location = answers[0].headers["location"]
    old_token = client.headers["Authorization"]
    assert client.get(location).json()["status"] == "pending"
    assert "credential_claim_token" not in client.get(location).json()
    client.mint()  # the old secret still works
    claimed = http.post("/v1/credential-claims", json={"claim_token": token})
    secret = claimed.json()["client_secret"]
    server.secrets.add(secret)
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        client.mint()
    ended = client.get("/v1/datasets")
    assert (ended.status_code, ended.json()["code"]) == (401, "simio_unauthorized")
    assert "invalid_token" in ended.headers["www-authenticate"]
    client.credential = client.credential | {"client_secret": secret}
    client.headers["Authorization"] = f"Bearer {client.mint()}"
    server.secrets |= {client.headers["Authorization"].removeprefix("Bearer "), old_token[7:]}
    assert client.get(location).json()["status"] == "completed"
    (listed,) = client.get("/v1/clients").json()["clients"]
    assert listed["client_id"] == client.credential["client_id"]
    assert listed["last_rotated_at"] < listed["last_minted_at"]
    replay = client.post("/v1/credential-rotations", headers=key)
    assert (replay.status_code, replay.json()["code"]) == (
        410,
        "simio_rotation_claim_already_consumed",
    )


def test_a_fourth_rotation_is_refused_with_the_time_to_wait(
    server: ServerProcess, client: ApiClient
) -> None:
    for _ in range(3):
        rotation = client.post("/v1/credential-rotations")
        assert rotation.status_code == 201
        server.secrets.add(rotation.json()["credential_claim_token"])
    fourth = client.post("/v1/credential-rotations")
    assert fourth.status_code == 429
    assert fourth.json()["code"] == "simio_rotation_rate_limited"
    assert 23 * 3600 < int(fourth.headers["retry-after"]) <= 24 * 3600


def test_a_narrow_token_does_not_lead_to_a_secret(server: ServerProcess, client: ApiClient) -> None:
    """The new secret would mint tokens of every scope."""
    body = {**client.credential, "grant_type": "client_credentials"}
    scopes = "read:datasets write:datasets read:generations"
    minted = client.post("/oauth/token", json={**body, "scope": scopes}).json()["access_token"]
    server.secrets.add(minted)
    narrow = {"Authorization": f"Bearer {minted}"}
    refused = client.post("/v1/credential-rotations", headers=narrow)
    assert (refused.status_code, refused.json()["code"]) == (403, "simio_forbidden")


def test_another_clients_rotation_is_none(
    api: ApiClient, stranger: ApiClient, server: ServerProcess
) -> None:
    fresh = {"Authorization": f"Bearer {api.mint()}"}
    server.secrets.add(fresh["Authorization"].removeprefix("Bearer "))
    rotation = api.post("/v1/credential-rotations", headers=fresh)
    server.secrets.add(rotation.json()["credential_claim_token"])
    location = rotation.headers["location"]
    assert api.get(location).status_code == 200
    absent = stranger.get(f"{location}x")
    others = stranger.get(location)
    assert others.status_code == absent.status_code == 404
    assert others.json()["detail"] == absent.json()["detail"]


def test_requests_for_access_are_throttled(http: httpx.Client) -> None:
    elsewhere = {"X-Forwarded-For": "192.0.2.77"}
    body = {"company_name": "Acme", "contact_email": "throttled@acme.example"}
    answers = [http.post("/v1/signup", json=body, headers=elsewhere) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [202] + [200] * 19 + [429]
    refused = answers[-1]
    assert refused.json()["code"] == "simio_rate_limited"
    assert refused.json()["retryable"] is True
    assert int(refused.headers["retry-after"]) > 0
    assert refused.headers["ratelimit-policy"] == '"signups";q=20;w=3600'
    assert answers[0].headers["ratelimit"].startswith('"signups";r=19;')


def test_tokens_are_throttled_by_client_and_address(
    server: ServerProcess, http: httpx.Client
) -> None:
    credential = server.create_tenant()
    body = {"grant_type": "client_credentials", "client_id": credential["client_id"]}
    wrong = body | {"client_secret": "wrong"}
    guesser = {"X-Forwarded-For": "192.0.2.78"}
    # One call a second is allowed again meanwhile, so a slow machine is refused a little later.
    answers = [http.post("/oauth/token", json=wrong, headers=guesser) for _ in range(60)]
    while answers[-1].status_code == 401 and len(answers) < 600:
        answers.append(http.post("/oauth/token", json=wrong, headers=guesser))
    *guesses, refused = answers
    assert {answer.status_code for answer in guesses} == {401}
    assert len(guesses) >= 60
    assert refused.status_code == 429
    assert refused.json()["error"] == "too_many_requests"
    assert int(refused.headers["retry-after"]) > 0
    # Whoever guesses from elsewhere does not lock the client out.
    right = body | {"client_secret": credential["client_secret"]}
    minted = http.post("/oauth/token", json=right)
    server.secrets |= {credential["client_secret"], minted.json()["access_token"]}
    assert minted.status_code == 200


def test_the_issuer_says_where_its_parts_are(server: ServerProcess, http: httpx.Client) -> None:
    configuration = http.get("/.well-known/openid-configuration").json()
    assert configuration["issuer"] == f"{server.url}/"
    assert configuration["token_endpoint"] == f"{server.url}/oauth/token"
    assert http.get(configuration["jwks_uri"]).json()["keys"][0]["alg"] == "RS256"


def test_tokens_outlive_a_rotation_of_the_signing_key(
    server: ServerProcess, api: ApiClient
) -> None:
    before = {key["kid"] for key in api.get("/.well-known/jwks.json").json()["keys"]}
    server.operate("rotate-signing-key")
    assert api.get("/v1/datasets").status_code == 200
    # This API process learns of the new key when a token of it comes, or within a minute.
    after = {key["kid"] for key in api.get("/.well-known/jwks.json").json()["keys"]}
    assert before <= after
