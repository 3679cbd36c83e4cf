"""Whether a process has the master key of its database.

The database keeps a canary: a known text, sealed by the installation's key. Who cannot open it has
another key, and what they wrote nobody else could read; the audit trail would be broken for good.
"""

import hmac

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import keys, root_key, tenancy
from simulacra.service.audit import chain
from simulacra.service.database import tables

TEXT, CONTEXT = root_key.CANARY


async def check(database: tenancy.Database, keyring: keys.Keyring) -> None:
    """Refuse another master key than the database was first used with; the first one is noted.

    Raises:
        keys.OtherKeyError: it is another one.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        if await _has_canary(session, keyring):
            return
        await _check_trail(session, keyring)  # used before there were canaries
        sealed = keyring.sealer.seal(TEXT, CONTEXT)
        first = insert(tables.Installation).values(id=1, sealed_canary=sealed)
        await session.execute(first.on_conflict_do_nothing())
        await _has_canary(session, keyring)  # another process may have been the first


async def verify(database: tenancy.Database, keyring: keys.Keyring) -> None:
    """Check like `check`, and write nothing.

    Raises:
        keys.OtherKeyError: it is another one.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        if not await _has_canary(session, keyring):
            await _check_trail(session, keyring)


async def _has_canary(session: AsyncSession, keyring: keys.Keyring) -> bool:
    """Tell whether there is a canary, which opens."""
    sealed = await session.scalar(select(tables.Installation.sealed_canary))
    if sealed is None:
        return False
    try:
        keyring.sealer.open(sealed, CONTEXT)
    except keys.OtherKeyError:
        raise _other_key() from None
    return True


async def _check_trail(session: AsyncSession, keyring: keys.Keyring) -> None:
    newest = select(tables.AuditEntry).order_by(tables.AuditEntry.number.desc()).limit(1)
    entry = await session.scalar(newest)
    if entry and not hmac.compare_digest(entry.hash, chain.seal(keyring.derive("audit"), entry)):
        raise _other_key()


def _other_key() -> keys.OtherKeyError:
    return keys.OtherKeyError(
        "This is not the master key that the database was first used with; nothing was written. "
        "Set SIMULACRA_MASTER_KEY to that one, or put its file back to keys/master.key."
    )
