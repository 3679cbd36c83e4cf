"""The API in this process, and clients of it."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Collection
from typing import Any

import httpx

from simulacra.service import main
from simulacra.service.http import envelope
from simulacra.service.identity.principal import SCOPES
from simulacra.service.runtime import Runtime


@dataclasses.dataclass(frozen=True)
class Client:
    """A client of a tenant of its own."""

    http: httpx.AsyncClient
    tenant_id: str
    client_id: str


@contextlib.asynccontextmanager
async def client(runtime: Runtime, scopes: Collection[str] = SCOPES) -> AsyncIterator[Client]:
    """Yield a client of a new tenant, whose token grants the scopes."""
    made = await runtime.tenants.create(company="Acme", email="a@acme.example")
    async with anonymous(runtime) as http:
        answer = await http.post(
            "/oauth/token",
            json={
                "grant_type": "client_credentials",
                "client_id": made.client_id,
                "client_secret": made.client_secret,
                "audience": runtime.identity.audience,
                "scope": " ".join(scopes),
            },
        )
        token = answer.raise_for_status().json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        yield Client(http, made.tenant_id, made.client_id)


@contextlib.asynccontextmanager
async def anonymous(runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client without a token."""
    base_url = runtime.policy.base_url
    app = envelope.Envelope(main.build(runtime), base_url, bytes(32))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=base_url) as http:
        yield http


def is_problem(answer: httpx.Response, status: int, code: str, *where: str) -> bool:
    """Tell whether an answer is a problem, about the fields that are named."""
    document: dict[str, Any] = answer.json()
    faults = document.get("errors") or ()
    named = [fault.get("parameter") or fault.get("pointer") for fault in faults]
    return (answer.status_code, document["code"], named) == (status, code, [*where])
