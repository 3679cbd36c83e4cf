"""Whose token it is, as the service says."""

import asyncio
import base64
import json

import httpx
import pytest

from simulacra.client import AsyncSimulacra
from simulacra.mcp.http import ServiceTokens


def token_of(client_id: str) -> str:
    claims = {"iss": "https://api.example/", "azp": client_id, "sub": f"{client_id}@clients"}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"header.{payload}.signature"


def problem(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "status": status, "detail": "No."})


def client_of(verifier: ServiceTokens, token: str) -> str | None:
    found = asyncio.run(verifier.verify_token(token))
    return None if found is None else found.client_id


def tokens(answers: list[httpx.Response]) -> ServiceTokens:
    transport = httpx.MockTransport(lambda _: answers.pop(0))
    return ServiceTokens(
        lambda token: AsyncSimulacra(
            "https://api.example", access_token=token, transport=transport, retry_seconds=0
        )
    )


GOOD, REFUSED = httpx.Response(200, json={}), problem(401, "simio_unauthorized")
WITHOUT_SCOPE = problem(403, "simio_forbidden")
NO_DECISION = (
    problem(429, "simio_rate_limited"),
    problem(503, "simio_unavailable"),
    httpx.Response(502, text="<html>"),
)


def test_a_client_is_the_same_when_its_token_is_renewed() -> None:
    verifier = tokens([GOOD, GOOD, WITHOUT_SCOPE])
    first = client_of(verifier, token_of("acme"))
    assert client_of(verifier, token_of("acme") + "2") == first
    assert client_of(verifier, token_of("acme") + "3") == first


@pytest.mark.parametrize("answer", NO_DECISION)
def test_a_forged_token_is_nobodys_while_the_service_decides_nothing(
    answer: httpx.Response,
) -> None:
    verifier = tokens([GOOD, answer, REFUSED, answer])
    acme, forged = token_of("acme"), token_of("acme") + "2"
    owner = client_of(verifier, acme)
    assert client_of(verifier, forged) not in (None, owner)
    assert client_of(verifier, forged) is None
    assert client_of(verifier, acme) == owner  # a session outlives what passes


def test_a_token_that_was_refused_is_known_no_longer() -> None:
    verifier = tokens([GOOD, REFUSED, NO_DECISION[1]])
    owner = client_of(verifier, token_of("acme"))
    assert client_of(verifier, token_of("acme")) is None
    assert client_of(verifier, token_of("acme")) != owner
