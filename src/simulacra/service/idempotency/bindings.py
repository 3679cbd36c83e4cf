"""Keys and what they are bound to: for a while to a request, then to the job it began.

A key is bound to its job in the transaction that makes the job, so that one cannot be without the
other. Before that an upload holds a *lease* on its key, renewed while the body arrives: a second
request has to wait, and the lease of a process that died runs out by itself.
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import logging
from collections.abc import AsyncIterator

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from simulacra.service import clock, errors, keys, outages, policy, tenancy
from simulacra.service.database import tables
from simulacra.service.identity.principal import Principal

LEASE = dt.timedelta(seconds=15)
RENEWAL_SECONDS = 4.0
RETRY_SECONDS = 2

logger = logging.getLogger(__name__)

_rows = tables.IdempotencyKey


@dataclasses.dataclass(frozen=True)
class Key:
    """A key as somebody sent it, in its scope; `lease_token` if the request holds a lease."""

    tenant_id: str
    operation: str
    key: str
    lease_token: str | None = None

    @property
    def row(self) -> ColumnElement[bool]:
        """The condition that finds its row."""
        return and_(
            _rows.tenant_id == self.tenant_id,
            _rows.operation == self.operation,
            _rows.key == self.key,
        )


def of(caller: Principal, operation: str, key: str | None) -> Key | None:
    """Return what the header says in the scope of its caller, or None if there is no header."""
    return Key(caller.tenant_id, operation, key) if key is not None else None


async def bind(
    session: AsyncSession, key: Key | None, fingerprint: bytes, job_id: str
) -> str | None:
    """Bind a key to the job that this transaction makes, or return the job that it has.

    Of requests that come at once the first to get here goes on, and the others wait for the end
    of its transaction. Without a key there is nothing to find and nothing to bind.

    Raises:
        errors.IdempotencyConflictError: the key belongs to another request.
        errors.IdempotencyInFlightError: the body of the first request is still arriving.
    """
    if key is None:
        return None
    now = clock.now(session)
    bound = {
        "fingerprint": fingerprint,
        "job_id": job_id,
        "lease_token": None,
        "leased_until": None,
        "expires_at": now + policy.IDEMPOTENCY_KEY_LIFE,
    }
    scope = {"tenant_id": key.tenant_id, "operation": key.operation, "key": key.key}
    is_free = or_(
        and_(_rows.job_id.is_(None), _rows.lease_token == key.lease_token), _is_over(session)
    )
    taken = insert(_rows).values(**scope, **bound)
    taken = taken.on_conflict_do_update(index_elements=list(scope), set_=bound, where=is_free)
    if await session.scalar(taken.returning(_rows.key)) is not None:
        return None
    held = await session.scalar(select(_rows).where(key.row))
    return _rejoin(held, fingerprint)


async def find(session: AsyncSession, key: Key, fingerprint: bytes) -> str:
    """Return the job that a key is bound to.

    Raises:
        errors.IdempotencyConflictError: the key belongs to another request.
        errors.IdempotencyInFlightError: the body of the first request is still arriving.
    """
    return _rejoin(await session.scalar(select(_rows).where(key.row)), fingerprint)


@contextlib.asynccontextmanager
async def lease(database: tenancy.Database, key: Key | None) -> AsyncIterator[Key | None]:
    """Hold a key while the body of its request arrives; yields the key for `bind`.

    A key that is bound to a job already is not held: `bind` will find the job. What a request
    that fails leaves behind is nothing.

    Raises:
        errors.IdempotencyInFlightError: another request holds the key.
    """
    if key is None:
        yield None
        return
    held = dataclasses.replace(key, lease_token=keys.random_id())
    if not await _take(database, held):
        yield key
        return
    renewal = asyncio.create_task(_renew(database, held))
    try:
        yield held
    finally:
        renewal.cancel()
        await asyncio.shield(_release(database, held))


async def forget(database: tenancy.Database) -> None:
    """Remove keys whose time is over."""
    async with database.transaction(tenancy.SYSTEM) as session:
        await session.execute(delete(_rows).where(_is_over(session)))


def is_kept(job_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Return the condition that a key is bound to the job, whose traces it needs."""
    return exists().where(_rows.job_id == job_id)


def _is_over(session: AsyncSession) -> ColumnElement[bool]:
    """Whether the time of a key is over: of a lease if it is not renewed, else after a day."""
    now = clock.now(session)
    is_lapsed = and_(_rows.job_id.is_(None), _rows.leased_until <= now)
    return or_(is_lapsed, _rows.expires_at <= now)


def _rejoin(held: tables.IdempotencyKey | None, fingerprint: bytes) -> str:
    if held is None or held.job_id is None:  # it has just been given up, or is another's lease
        raise errors.IdempotencyInFlightError(
            "The first request with this Idempotency-Key is still being received. Retry with the "
            "same key.",
            retry_after=RETRY_SECONDS,
        )
    if held.fingerprint != fingerprint:
        raise errors.IdempotencyConflictError(
            "This Idempotency-Key was used for another request: the fields or the file differ. "
            "Send the same request, or use a new key.",
        )
    return held.job_id


async def _take(database: tenancy.Database, key: Key) -> bool:
    """Take the lease and return True, or False if the key has its job already."""
    async with database.transaction(key.tenant_id) as session:
        until = clock.now(session) + LEASE
        scope = {"tenant_id": key.tenant_id, "operation": key.operation, "key": key.key}
        leased = {
            "fingerprint": None,
            "job_id": None,
            "lease_token": key.lease_token,
            "leased_until": until,
            "expires_at": until + policy.IDEMPOTENCY_KEY_LIFE,
        }
        taken = insert(_rows).values(**scope, **leased)
        taken = taken.on_conflict_do_update(
            index_elements=list(scope), set_=leased, where=_is_over(session)
        )
        if await session.scalar(taken.returning(_rows.key)) is not None:
            return True
        held = await session.scalar(select(_rows).where(key.row))
    if held is None or held.job_id is None:
        _rejoin(None, b"")
    return False


async def _renew(database: tenancy.Database, key: Key) -> None:
    """Prolong a lease until cancelled; one that was lost is noticed by `bind`."""
    while True:
        await asyncio.sleep(RENEWAL_SECONDS)
        with contextlib.suppress(*outages.DATABASE):
            async with database.transaction(key.tenant_id) as session:
                until = clock.now(session) + LEASE
                mine = and_(key.row, _rows.lease_token == key.lease_token)
                await session.execute(update(_rows).where(mine).values(leased_until=until))


async def _release(database: tenancy.Database, key: Key) -> None:
    """Give a lease up; bound to a job, the key has none any more. What fails here, lapses."""
    with contextlib.suppress(*outages.DATABASE):
        async with database.transaction(key.tenant_id) as session:
            await session.execute(
                delete(_rows).where(key.row, _rows.lease_token == key.lease_token)
            )
