"""Object keys under tenant keys under the installation's key."""

from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import keys, storage
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
    key: storage.ObjectKey,
) -> bytes:
    """Return `key` sealed under its tenant's key and bound to the row that owns it."""
    sealer = await _sealer(session, keyring, tenant_id)
    return sealer.seal(key.to_bytes(), f"object/{owner_id}")


async def unseal(
    session: AsyncSession, keyring: keys.Keyring, tenant_id: str, owner_id: str, sealed: bytes
) -> storage.ObjectKey:
    """Return the key that `seal` sealed for the same owner."""
    sealer = await _sealer(session, keyring, tenant_id)
    return storage.ObjectKey.from_bytes(sealer.open(sealed, f"object/{owner_id}"))


async def _sealer(session: AsyncSession, keyring: keys.Keyring, tenant_id: str) -> keys.Sealer:
    tenant = await session.get_one(tables.Tenant, tenant_id)
    return keys.Sealer(keyring.sealer.open(tenant.sealed_key, f"tenant/{tenant_id}"))
