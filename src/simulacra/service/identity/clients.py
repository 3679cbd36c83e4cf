"""Client credentials in the database: whose they are, and their check."""

from typing import Any

from sqlalchemy import bindparam, select

from simulacra.service import keys, tenancy
from simulacra.service.database import tables
from simulacra.service.identity import principal, verification

CLIENT_ID_LENGTH = 32
SECRET_LENGTH = 64

_TENANT_OF = (
    select(tables.Client.tenant_id)
    .join(tables.Tenant)
    .where(
        tables.Client.id == bindparam("client"),
        tables.Client.revoked_at.is_(None),
        tables.Tenant.status == "active",
    )
)
"""Made once, since every request asks it."""


class Clients:
    """The machine credentials of all tenants."""

    def __init__(self, database: tenancy.Database, keyring: keys.Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def tenant_of(self, client_id: str) -> str | None:
        """Return the tenant of an active client of an active tenant."""
        tenant_id: str | None = await self._database.look_up(_TENANT_OF, {"client": client_id})
        return tenant_id

    async def owner_of(self, client_id: str) -> str | None:
        """Return the tenant of a client that there is or was, active or not."""
        tenant_id: str | None = await self._database.look_up(
            select(tables.Client.tenant_id).where(tables.Client.id == client_id)
        )
        return tenant_id

    async def identify(self, claims: dict[str, Any]) -> principal.Principal:
        """Return the caller whom verified claims name.

        Raises:
            verification.InvalidTokenError: the client or its tenant is not active.
        """
        client_id = str(claims["azp"])
        tenant_id = await self.tenant_of(client_id)
        if tenant_id is None:
            raise verification.InvalidTokenError(
                "the client of this token is not active", client_id
            )
        scopes = frozenset(str(claims.get("scope", "")).split())
        return principal.Principal(tenant_id, client_id, scopes)

    async def authenticate(self, client_id: str, secret: str) -> bool:
        """Tell whether the secret is right and the client and its tenant are active."""
        stored: bytes | None = await self._database.look_up(
            select(tables.Client.secret_hash).where(tables.Client.id == client_id)
        )
        matches = self._keyring.matches(secret, stored if stored is not None else b"")
        return matches and await self.tenant_of(client_id) is not None
