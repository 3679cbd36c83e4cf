"""Making a tenant."""

import dataclasses
import secrets

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


async def create(
    database: tenancy.Database,
    keyring: keys.Keyring,
    identity: provider.Provider,
    *,
    company: str,
    email: str,
    max_rows_per_request: int,
    actor: entry.Actor = entry.SYSTEM,
) -> Credential:
    """Make an approved tenant with one client, both or none.

    Raises:
        provider.UnavailableError: the identity provider does not answer.
        provider.RefusedError: it will not make a client.
    """
    tenant_id = keys.random_id("ten_")
    tenant_key = secrets.token_bytes(encryption.TENANT_KEY_BYTES)
    async with database.transaction(tenancy.SYSTEM) as session:
        session.add(
            tables.Tenant(
                id=tenant_id,
                company_name=company,
                contact_email=email,
                status="active",
                max_rows_per_request=max_rows_per_request,
                sealed_key=encryption.new_tenant_key(keyring, tenant_id, tenant_key),
            )
        )
        trail.record(session, actor, Action.TENANT_CREATED, tenant_id, tenant_id=tenant_id)
        await session.flush()  # the client refers to it
        made = await identity.create_client(session, tenant_id, company)
    return Credential(tenant_id, made.client_id, made.client_secret)
