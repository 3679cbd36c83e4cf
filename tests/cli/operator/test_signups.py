"""Decisions on requests, lost secrets and the signing key, at the terminal."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simulacra.service import compose, keys
from simulacra.service.settings import Settings
from simulacra.service.signups import service

Run = Callable[..., str]


@pytest.fixture
def request_id(empty_dsn: str, tmp_path: Path) -> str:
    """The id of a pending request."""

    async def ask() -> str:
        keys.make_master_key(tmp_path / "keys" / "master.key")
        settings = Settings(data_dir=tmp_path, database_url=empty_dsn)  # type: ignore[arg-type]  # coerced
        runtime = compose.runtime_of(settings)
        row, _ = await service.request(
            runtime.database, "Acme \x1b[31mResearch", "data@acme.example"
        )
        await runtime.close()
        return row.id

    return asyncio.run(ask())


def test_requests_are_listed_until_they_are_decided_on(run: Run, request_id: str) -> None:
    assert request_id in run("signups", "list")
    assert "\x1b" not in run("signups", "list")
    assert "is declined" in run("decline", request_id)
    assert run("signups", "list") == "There are none.\n"
    (row,) = json.loads(run("signups", "list", "--status", "all", "--json"))
    assert (row["request_id"], row["status"], row["tenant_id"]) == (request_id, "declined", None)
    assert "was declined before" in run("approve", request_id, code=1)
    assert "no request" in run("approve", "req_none", code=1)


def test_an_approval_shows_no_token_unless_it_is_handed_over(run: Run, request_id: str) -> None:
    approved = json.loads(run("approve", request_id, "--json"))
    assert approved["status"] == "approved"
    assert "credential_claim_token" not in approved


def test_an_approval_says_where_the_requester_goes_on(run: Run, request_id: str) -> None:
    printed = run("approve", request_id)
    assert f"https://localhost:8443/v1/signup/{request_id}\n" in printed
    assert "https://localhost:8443/__docs__/access\n" in printed


def test_a_token_is_handed_over(run: Run, request_id: str) -> None:
    printed = run("approve", request_id, "--hand-over")
    assert "credential_claim_token" in printed
    assert "Pass it on" in printed
    assert "https://localhost:8443/v1/credential-claims" in printed


def test_a_lost_secret_is_replaced(run: Run) -> None:
    words = ("--company", "Acme", "--email", "a@acme.example", "--json")
    client_id = json.loads(run("create-tenant", *words))["client_id"]
    assert len(json.loads(run("clients", "rotate-secret", client_id, "--json"))) == 2
    assert "no active client" in run("clients", "rotate-secret", "none", code=1)


def test_the_signing_key_is_rotated(run: Run) -> None:
    first, second = (json.loads(run("rotate-signing-key", "--json"))["kid"] for _ in range(2))
    assert first != second
