"""A service whose identity provider is an Auth0 tenant: a stand-in on this machine."""

import contextlib
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance import harness
from tests.acceptance.harness import ServerProcess
from tests.service.identity import auth0_stand_in
from tests.service.identity.auth0_tenant import Auth0Tenant

AUDIENCE = "https://simulacra.example"


class Auth0ApiClient(harness.ApiClient):
    """A client that mints where the credential says, not at the service."""

    def mint(self) -> str:
        fields = {"grant_type": "client_credentials", **self.credential}
        answer = httpx.post(fields.pop("token_url"), json=fields)
        return str(answer.raise_for_status().json()["access_token"])


@pytest.fixture(scope="module")
def auth0() -> Iterator[Auth0Tenant]:
    """The tenant; this process trusts its authority, too."""
    with auth0_stand_in.running(AUDIENCE) as (tenant, ca), pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(ca))
        yield tenant


@pytest.fixture(scope="module")
def server(auth0: Auth0Tenant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server in this mode; it inherits the variable that names the authority."""
    with harness.running_server(
        tmp_path_factory.mktemp("auth0"),
        SIMULACRA_IDENTITY_PROVIDER="auth0",
        SIMULACRA_AUTH0_DOMAIN=auth0.domain,
        SIMULACRA_AUTH0_MANAGEMENT_CLIENT_ID=auth0.management_id,
        SIMULACRA_AUTH0_MANAGEMENT_CLIENT_SECRET=auth0.management_secret,
        SIMULACRA_AUDIENCE=AUDIENCE,
    ) as it:
        yield it


@pytest.fixture(scope="module")
def api(server: ServerProcess) -> Iterator[Auth0ApiClient]:
    """A client of a tenant."""
    with contextlib.closing(Auth0ApiClient(server, server.create_tenant())) as client:
        yield client


def _ask(api: Auth0ApiClient, token: str) -> httpx.Response:
    return api.get("/v1/datasets", headers={"Authorization": f"Bearer {token}"})


def test_a_tenant_works_with_tokens_of_auth0(
    auth0: Auth0Tenant, api: Auth0ApiClient, study_csv: bytes
) -> None:
    assert api.credential["token_url"] == f"https://{auth0.domain}/oauth/token"
    assert api.credential["audience"] == AUDIENCE
    assert api.get("/v1/datasets").json()["datasets"] == []
    dataset_id = api.train(study_csv)
    generation = api.generate(dataset_id, row_count=10, wait_seconds=20).json()
    assert generation["status"] == "ready"
    assert api.get(f"/v1/generations/{generation['generation_id']}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/oauth/token"),
        ("GET", "/.well-known/jwks.json"),
        ("GET", "/.well-known/openid-configuration"),
    ],
)
def test_our_own_issuer_is_not_served_and_the_answer_says_where_to_go(
    auth0: Auth0Tenant, api: Auth0ApiClient, method: str, path: str
) -> None:
    body = {"grant_type": "client_credentials"} if method == "POST" else None
    answer = api.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "simio_not_found")
    assert f"https://{auth0.domain}/oauth/token" in answer.json()["detail"]


def test_a_bad_token_is_told_where_good_ones_are_minted(
    auth0: Auth0Tenant, api: Auth0ApiClient
) -> None:
    for wrong in (
        {"aud": "https://elsewhere.example"},
        {"iss": "https://elsewhere.example/"},
        {"exp": 1_000_000_000},
        {"azp": "nobody"},
    ):
        claims = auth0.claims(api.credential["client_id"], AUDIENCE, ("read:datasets",), 60)
        answer = _ask(api, auth0.sign(claims | wrong))
        assert (answer.status_code, answer.json()["code"]) == (401, "simio_unauthorized")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert f"https://{auth0.domain}/oauth/token" in answer.json()["detail"]


def test_the_scopes_of_auth0_bind(auth0: Auth0Tenant, api: Auth0ApiClient) -> None:
    claims = auth0.claims(api.credential["client_id"], AUDIENCE, ("read:generations",), 60)
    answer = _ask(api, auth0.sign(claims))
    assert (answer.status_code, answer.json()["code"]) == (403, "simio_forbidden")


def test_keys_roll_over_while_the_service_runs(auth0: Auth0Tenant, api: Auth0ApiClient) -> None:
    old = api.mint()
    auth0.rotate_keys()
    assert _ask(api, old).status_code == 200
    assert _ask(api, api.mint()).status_code == 200


def test_an_outage_of_auth0_stops_no_one_who_has_a_token(
    auth0: Auth0Tenant, api: Auth0ApiClient
) -> None:
    token = api.mint()
    assert _ask(api, token).status_code == 200
    auth0.fail("GET", "/.well-known/jwks.json", status=503, times=1000)
    try:
        assert _ask(api, token).status_code == 200
    finally:
        auth0.faults.clear()


def test_from_a_request_for_access_to_a_rotated_secret(
    server: ServerProcess, api: Auth0ApiClient
) -> None:
    body = {"company_name": "Acme <Research>", "contact_email": "data@acme.example"}
    request_id = api.post("/v1/signup", json=body).json()["request_id"]
    server.operate("approve", request_id)
    claim = api.get(f"/v1/signup/{request_id}").json()["credential_claim_token"]
    credential = api.post("/v1/credential-claims", json={"claim_token": claim}).json()
    with contextlib.closing(Auth0ApiClient(server, credential)) as client:
        assert client.get("/v1/datasets").json()["datasets"] == []
        key = {"Idempotency-Key": "rotate"}
        rotation = client.post("/v1/credential-rotations", headers=key)
        again = client.post("/v1/credential-rotations", headers=key)
        assert (rotation.status_code, again.status_code) == (201, 200)
        assert rotation.json()["credential_claim_token"] == again.json()["credential_claim_token"]
        with pytest.raises(httpx.HTTPStatusError, match="401"):
            client.mint()  # at Auth0 the old secret stops at once
        assert client.get("/v1/datasets").status_code == 200  # the token goes on
        claim = rotation.json()["credential_claim_token"]
        renewed = api.post("/v1/credential-claims", json={"claim_token": claim}).json()
    with contextlib.closing(Auth0ApiClient(server, renewed)) as client:
        assert client.get("/v1/datasets").status_code == 200
    assert renewed["token_url"] == credential["token_url"]


def test_a_request_stays_pending_while_auth0_does_not_answer(
    auth0: Auth0Tenant, server: ServerProcess, api: Auth0ApiClient
) -> None:
    body = {"company_name": "Later", "contact_email": "later@acme.example"}
    request_id = api.post("/v1/signup", json=body).json()["request_id"]
    auth0.fail("POST", "/api/v2/client-grants", status=403, times=1000)
    try:
        with pytest.raises(subprocess.CalledProcessError) as ended:
            server.operate("approve", request_id)
    finally:
        auth0.faults.clear()
    assert "Auth0 did not grant a client our API" in ended.value.stderr
    assert api.get(f"/v1/signup/{request_id}").json()["status"] == "pending"
    server.operate("approve", request_id)
    assert api.get(f"/v1/signup/{request_id}").json()["status"] == "approved"


def test_the_signing_key_is_auth0s(server: ServerProcess) -> None:
    with pytest.raises(subprocess.CalledProcessError) as ended:
        server.operate("rotate-signing-key")
    assert "Auth0 signs the tokens" in ended.value.stderr


def test_the_operator_is_told_what_auth0_refused(
    auth0: Auth0Tenant, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth0, "management_scopes", ("create:clients", "delete:clients"))
    clients = len(auth0.clients)
    with pytest.raises(subprocess.CalledProcessError) as ended:
        server.operate("create-tenant", "--company", "Acme", "--email", "a@acme.example")
    output = ended.value.stderr
    assert "Auth0 did not grant a client our API: 403 insufficient_scope." in output
    assert "Traceback" not in output
    assert auth0.management_secret not in output + ended.value.stdout
    assert len(auth0.clients) == clients


def test_no_secret_of_auth0_is_in_the_files_of_the_service(
    auth0: Auth0Tenant, server: ServerProcess, api: Auth0ApiClient
) -> None:
    hidden = [auth0.management_secret, api.credential["client_secret"], api.mint()]
    for path in [*server.data_dir.rglob("*"), server.data_dir.parent / "serve.log"]:
        if path.is_file():
            content = path.read_bytes()
            for secret in hidden:
                assert secret.encode() not in content, path
