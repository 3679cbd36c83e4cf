"""An Auth0 tenant as the identity provider.

Auth0 holds the secrets and mints the tokens; this service keeps which client is whose tenant's,
and checks tokens on the spot. A client that Auth0 knows but our database does not is refused.
"""

import asyncio
import datetime as dt
from collections.abc import Callable

import httpx
from sqlalchemy import event, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import now

from simulacra.service.database import tables
from simulacra.service.identity import (
    clients,
    jwks,
    management,
    principal,
    provider,
    verification,
)

HTTP_SECONDS = 5
HELD_ELSEWHERE = b""
"""In place of a secret's hash; no secret has it."""


class Auth0:
    """Clients and tokens of one Auth0 tenant (`provider.Provider`)."""

    issues_tokens = False

    def __init__(
        self,
        domain: str,
        management_id: str,
        management_secret: str,
        audience: str,
        known: clients.Clients,
    ) -> None:
        account = management.Account(domain, management_id, management_secret, audience)
        self._http = httpx.AsyncClient(timeout=HTTP_SECONDS)  # trusts what SSL_CERT_FILE names
        self._management = management.Management(account, self._http)
        self._clients = known
        self._keys = jwks.RemoteKeys(f"https://{domain}/.well-known/jwks.json", self._http)
        self._verifier = verification.Verifier(self._keys, f"https://{domain}/", (audience,))
        self._discarding: set[asyncio.Task[None]] = set()
        self.token_url = f"https://{domain}/oauth/token"
        self.audience = audience

    async def create_client(
        self, session: AsyncSession, tenant_id: str, name: str
    ) -> provider.Credential:
        """Make a client at Auth0, granted this API; it is deleted if the transaction fails."""
        client_id, secret = await self._management.create_client(name, tenant_id)
        self._on_rollback(session, client_id)
        session.add(tables.Client(id=client_id, tenant_id=tenant_id, secret_hash=HELD_ELSEWHERE))
        return provider.Credential(client_id, secret)

    async def begin_rotation(self, session: AsyncSession, client_id: str) -> str:  # noqa: ARG002 - Auth0 keeps the secret
        """Return a client's new secret; at Auth0 the old one stops at once."""
        return await self._management.rotate_secret(client_id)

    async def complete_rotation(
        self, session: AsyncSession, client_id: str, begun_at: dt.datetime
    ) -> None:
        """End the tokens from before the rotation; the old secret stopped when it was begun."""
        await session.execute(
            update(tables.Client)
            .where(tables.Client.id == client_id)
            .values(tokens_valid_from=begun_at.replace(microsecond=0), last_rotated_at=now())
        )

    async def revoke_client(self, session: AsyncSession, client_id: str) -> None:
        """Refuse a client from now on, and delete it at Auth0, where it can mint no more tokens."""
        await session.execute(
            update(tables.Client).where(tables.Client.id == client_id).values(revoked_at=now())
        )
        await self._management.delete_client(client_id)

    async def verify(self, token: str) -> principal.Principal:
        """Return the caller behind a token (`provider.Provider.verify`)."""
        return await self._clients.identify(await self._verifier.claims(token))

    async def tidy(self) -> None:
        """Do nothing: Auth0 keeps its keys and secrets."""

    async def open(self) -> None:
        """Fetch the public keys; without them the first request tries again."""
        await self._keys.warm()

    async def close(self) -> None:
        """Finish deleting clients of failed transactions; close connections."""
        await asyncio.gather(*self._discarding)
        await self._keys.close()
        await self._http.aclose()

    def _on_rollback(self, session: AsyncSession, client_id: str) -> None:
        """Delete a client whose row is not committed; Auth0 has no part in our transactions."""
        committed = False

        def keep(_: Session) -> None:
            nonlocal committed
            committed = True

        def discard(_: Session) -> None:
            if not committed:
                task = asyncio.create_task(self._management.discard(client_id))
                self._discarding.add(task)
                task.add_done_callback(self._discarding.discard)

        _listen_once(session.sync_session, "after_commit", keep)
        _listen_once(session.sync_session, "after_rollback", discard)


def _listen_once(session: Session, moment: str, call: Callable[[Session], None]) -> None:
    event.listen(session, moment, call, once=True)
