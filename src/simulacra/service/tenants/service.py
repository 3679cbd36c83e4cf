"""Making a tenant."""

import dataclasses
import secrets

from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import keys, runtime, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action
from simulacra.service.database import tables
from simulacra.service.tenants import encryption


@dataclasses.dataclass(frozen=True)
class Credential:
    """A tenant's first client; the secret is shown once."""

    tenant_id: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)


async def create(
    running: runtime.Runtime,
    *,
    company: str,
    email: str,
    actor: entry.Actor = entry.SYSTEM,
) -> Credential:
    """Make an active tenant with one client, both or none.

    Raises:
        errors.ProviderUnavailableError: the identity provider does not answer.
        errors.ProviderRefusedError: it will not make a client.
    """
    async with running.database.transaction(tenancy.SYSTEM) as session:
        return await add(running, session, company=company, email=email, actor=actor)


async def add(
    running: runtime.Runtime,
    session: AsyncSession,
    *,
    company: str,
    email: str,
    actor: entry.Actor,
) -> Credential:
    """Make a tenant in the caller's transaction, of the scope `tenancy.SYSTEM`; see `create`."""
    tenant_id = keys.random_id("ten_")
    tenant_key = secrets.token_bytes(encryption.TENANT_KEY_BYTES)
    session.add(
        tables.Tenant(
            id=tenant_id,
            company_name=company,
            contact_email=email,
            status="active",
            max_rows_per_request=running.policy.max_rows_per_request,
            sealed_key=encryption.new_tenant_key(running.keyring, tenant_id, tenant_key),
        )
    )
    await session.flush()  # the client refers to it
    made = await running.identity.create_client(session, tenant_id, company)
    trail.record(session, actor, Action.TENANT_CREATED, tenant_id, tenant_id=tenant_id)
    trail.record(session, actor, Action.CLIENT_CREATED, made.client_id, tenant_id=tenant_id)
    return Credential(tenant_id, made.client_id, made.client_secret)
