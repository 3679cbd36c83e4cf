"""The service as its own identity provider: secrets and signing keys are in its database."""

import datetime as dt

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.functions import now

from simulacra.service import keys
from simulacra.service.database import tables
from simulacra.service.identity import clients, principal, provider, tokens


class Embedded:
    """Clients and tokens of our own (`provider.Provider`)."""

    issues_tokens = True

    def __init__(self, issuer: tokens.Tokens, keyring: keys.Keyring) -> None:
        self.issuer = issuer
        self._keyring = keyring
        self.token_url = f"{issuer.issuer}oauth/token"
        self.audience = issuer.audience

    async def create_client(
        self,
        session: AsyncSession,
        tenant_id: str,
        name: str,  # noqa: ARG002 - the tenant's row has it
    ) -> provider.Credential:
        """Make a client; its secret is kept as a keyed hash only."""
        client_id = keys.random_id(length=clients.CLIENT_ID_LENGTH)
        secret = keys.random_id(length=clients.SECRET_LENGTH)
        stored = self._keyring.hash_secret(secret)
        session.add(tables.Client(id=client_id, tenant_id=tenant_id, secret_hash=stored))
        return provider.Credential(client_id, secret)

    async def begin_rotation(self, session: AsyncSession, client_id: str) -> str:
        """Return a new secret; the old one works until `complete_rotation`."""
        secret = keys.random_id(length=clients.SECRET_LENGTH)
        stored = self._keyring.hash_secret(secret)
        await session.execute(
            update(tables.Client)
            .where(tables.Client.id == client_id)
            .values(pending_secret_hash=stored)
        )
        return secret

    async def complete_rotation(
        self,
        session: AsyncSession,
        client_id: str,
        begun_at: dt.datetime,  # noqa: ARG002 - the old secret worked since
    ) -> None:
        """Put the new secret in the place of the old one, and end the tokens that there are."""
        await session.execute(
            update(tables.Client)
            .where(tables.Client.id == client_id, tables.Client.pending_secret_hash.is_not(None))
            .values(
                secret_hash=tables.Client.pending_secret_hash,
                pending_secret_hash=None,
                tokens_valid_from=clients.AFTER_ALL_TOKENS,
                last_rotated_at=now(),
            )
        )

    async def revoke_client(self, session: AsyncSession, client_id: str) -> None:
        """Refuse a client from now on."""
        await session.execute(
            update(tables.Client).where(tables.Client.id == client_id).values(revoked_at=now())
        )

    async def verify(self, token: str) -> principal.Principal:
        """Return the caller behind a token (`provider.Provider.verify`)."""
        return await self.issuer.verify(token)

    async def tidy(self) -> None:
        """Delete signing keys whose last token has expired."""
        await self.issuer.signing_keys.retire(self.issuer.lifetime)

    async def open(self) -> None:
        """Make the first signing key, if there is none, before a request asks for it."""
        await self.issuer.signing_keys.current()

    async def close(self) -> None:
        """Do nothing: the runtime closes the database."""
