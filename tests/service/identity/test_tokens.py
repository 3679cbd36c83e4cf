"""Access tokens against the attacks that JWT verifiers fall for."""

import base64
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from simulacra.service.identity import embedded, principal, tokens, verification
from simulacra.service.runtime import Runtime
from simulacra.service.tenants import service as tenants
from tests.coroutines import RunAsync


def _issuer(runtime: Runtime) -> tokens.Tokens:
    assert isinstance(runtime.identity, embedded.Embedded)
    return runtime.identity.issuer


async def _client(runtime: Runtime) -> tenants.Credential:
    return await runtime.tenants.create(
        company="A",
        email="a@b.example",
    )


def _claims(runtime: Runtime, client_id: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    now = int(time.time())
    issuer = _issuer(runtime)
    claims = {
        "iss": issuer.issuer,
        "sub": f"{client_id}@clients",
        "aud": issuer.audience,
        "iat": now,
        "exp": now + 60,
        "azp": client_id,
        "scope": "read:datasets",
        "gty": "client-credentials",
    }
    return {key: value for key, value in {**claims, **changes}.items() if value is not None}


def _encode(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def test_a_minted_token_names_its_caller_and_has_auth0s_shape(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        client = await _client(runtime)
        token = await _issuer(runtime).mint(client.client_id, ("read:datasets",))
        caller = await _issuer(runtime).verify(token)
        assert caller == principal.Principal(
            client.tenant_id, client.client_id, frozenset({"read:datasets"})
        )
        payload = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert payload["iss"].endswith("/")
        assert payload["sub"] == f"{client.client_id}@clients"
        assert payload["exp"] - payload["iat"] == 86_400
        assert payload["gty"] == "client-credentials"
        assert json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["alg"] == "RS256"

    run_async(check())


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1_000_000_000},
        {"exp": None},
        {"aud": "https://another.example"},
        {"aud": None},
        {"iss": "https://another.example/"},
        {"iss": None},
        {"azp": None},
        {"azp": "nobody"},
    ],
    ids=str,
)
def test_a_well_signed_token_with_wrong_claims_is_refused(
    runtime: Runtime, run_async: RunAsync, changes: dict[str, Any]
) -> None:
    async def check() -> None:
        client = await _client(runtime)
        key = await _issuer(runtime).signing_keys.current()
        header = {"alg": "RS256", "kid": key.kid}
        good = jwt.encode(header, _claims(runtime, client.client_id), key, algorithms=["RS256"])
        assert (await _issuer(runtime).verify(good)).client_id == client.client_id
        claims = _claims(runtime, client.client_id, **changes)
        with pytest.raises(verification.InvalidTokenError):
            await _issuer(runtime).verify(jwt.encode(header, claims, key, algorithms=["RS256"]))

    run_async(check())


def test_forged_signatures_are_refused(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        client = await _client(runtime)
        key = await _issuer(runtime).signing_keys.current()
        claims, kid = _claims(runtime, client.client_id), key.kid
        good = jwt.encode({"alg": "RS256", "kid": kid}, claims, key, algorithms=["RS256"])
        head, body, signature = good.split(".")
        stranger = RSAKey.generate_key(2048, {"kid": str(kid)})
        confused = f"{_encode({'alg': 'HS256', 'kid': kid})}.{body}"
        mac = hmac.digest(key.as_pem(private=False), confused.encode(), "sha256")
        unsigned = _encode({"alg": "none", "kid": kid, "typ": "JWT"})
        forgeries = {
            "another key": jwt.encode({"alg": "RS256", "kid": kid}, claims, stranger),
            "another body": f"{head}.{_encode({**claims, 'scope': 'write:datasets'})}.{signature}",
            "cut signature": good[:-4],
            "alg none": f"{unsigned}.{body}.",
            "alg none, upper case": f"{_encode({'alg': 'NONE', 'kid': kid})}.{body}.",
            "public key as HMAC secret": f"{confused}.{_base64(mac)}",
            "unknown key id": f"{_encode({'alg': 'RS256', 'kid': 'x'})}.{body}.{signature}",
            "not a token": "client-secret",
            "empty parts": "..",
            "very long": "a" * 100_000,
        }
        for name, forged in forgeries.items():
            with pytest.raises(verification.InvalidTokenError):
                await _issuer(runtime).verify(forged)
                pytest.fail(f"accepted: {name}")

    run_async(check())
