"""Object keys, wrapped by their store, under tenant keys under the installation's key."""

from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import keys
from simulacra.service.database import tables

TENANT_KEY_BYTES = 32


def new_tenant_key(keyring: keys.Keyring, tenant_id: str, secret: bytes) -> bytes:
    """Return a tenant's key, sealed by the installation's."""
    return keyring.sealer.seal(secret, f"tenant/{tenant_id}")


async def seal(
    session: AsyncSession,
    keyring: keys.Keyring,
    tenant_id: str,
    owner_id: str,
    wrapped: bytes,
) -> bytes:
    """Return the key of an object sealed under its tenant's key and bound to its owner's row.

    Args:
        session: in the tenant's scope.
        keyring: of the installation.
        tenant_id: whose object it is.
        owner_id: of the dataset or generation that it belongs to.
        wrapped: the key, as `stores.Store.wrap` returned it.
    """
    sealer = await _sealer(session, keyring, tenant_id)
    return sealer.seal(wrapped, f"object/{owner_id}")


async def unseal(
    session: AsyncSession, keyring: keys.Keyring, tenant_id: str, owner_id: str, sealed: bytes
) -> bytes:
    """Return what `seal` sealed for the same owner, for `stores.Store.unwrap`."""
    sealer = await _sealer(session, keyring, tenant_id)
    return sealer.open(sealed, f"object/{owner_id}")


async def _sealer(session: AsyncSession, keyring: keys.Keyring, tenant_id: str) -> keys.Sealer:
    tenant = await session.get_one(tables.Tenant, tenant_id)
    return keys.Sealer(keyring.sealer.open(tenant.sealed_key, f"tenant/{tenant_id}"))
