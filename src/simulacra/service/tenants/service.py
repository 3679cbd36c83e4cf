"""Making a tenant."""

import dataclasses
import secrets

from simulacra.service import keys, tenancy
from simulacra.service.database import tables
from simulacra.service.identity import clients
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
    *,
    company: str,
    email: str,
    max_rows_per_request: int,
) -> Credential:
    """Make an approved tenant with one client."""
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
    client_id, secret = await clients.Clients(database, keyring).create(tenant_id)
    return Credential(tenant_id, client_id, secret)
