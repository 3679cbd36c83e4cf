"""Making a tenant."""

import dataclasses
import secrets

from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import keys, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action
from simulacra.service.database import tables
from simulacra.service.identity import provider
from simulacra.service.tenants import encryption


@dataclasses.dataclass(frozen=True)
class Credential:
    """A tenant's first client; the secret is shown once."""

    tenant_id: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class Tenants:
    """Makes tenants, each with its first client.

    Attributes:
        database: of the installation.
        keyring: seals their keys.
        identity: makes their clients.
        max_rows_per_request: the cap that a new tenant begins with.
    """

    database: tenancy.Database
    keyring: keys.Keyring
    identity: provider.Provider
    max_rows_per_request: int

    async def create(
        self, *, company: str, email: str, actor: entry.Actor = entry.SYSTEM
    ) -> Credential:
        """Make an active tenant with one client, both or none.

        Raises:
            errors.ProviderError: the identity provider does not make a client.
        """
        async with self.database.transaction(tenancy.SYSTEM) as session:
            return await self.add(session, company=company, email=email, actor=actor)

    async def add(
        self, session: AsyncSession, *, company: str, email: str, actor: entry.Actor
    ) -> Credential:
        """Make a tenant in the caller's transaction, of the scope `tenancy.SYSTEM`; as `create`."""
        tenant_id = keys.random_id("ten_")
        tenant_key = secrets.token_bytes(encryption.TENANT_KEY_BYTES)
        session.add(
            tables.Tenant(
                id=tenant_id,
                company_name=company,
                contact_email=email,
                status="active",
                max_rows_per_request=self.max_rows_per_request,
                sealed_key=encryption.new_tenant_key(self.keyring, tenant_id, tenant_key),
            )
        )
        await session.flush()  # the client refers to it
        client = await self.identity.create_client(session, tenant_id, company)
        trail.record(session, actor, Action.TENANT_CREATED, tenant_id, tenant_id=tenant_id)
        trail.record(session, actor, Action.CLIENT_CREATED, client.client_id, tenant_id=tenant_id)
        return Credential(tenant_id, client.client_id, client.client_secret)
