"""Which objects are in the store, so that none is left there without an owner.

Whoever is about to write an object announces it first; the transaction that makes it part of
something keeps it; the one that ends its owner dooms it. What is doomed, or was announced and never
kept, `sweep` removes. A path is written once: who tries again announces another one.

The thread that writes an object cannot be stopped. Until it is known to have ended the object stays
announced, whatever becomes of its owner; it would else be removed before it is there.
"""

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, outages, runtime, storage, tenancy
from simulacra.service.database import tables

BATCH = 100
GRACE = dt.timedelta(hours=1)
"""How much longer than a job may take an object may stay announced."""

_rows = tables.StoredObject


class UnannouncedError(RuntimeError):
    """An object was to be kept that is not there any more, since its writer took too long."""


async def announce(running: runtime.Runtime, tenant_id: str, owner_id: str, path: str) -> None:
    """Say that an object of `owner_id` is about to be written to `path`."""
    async with running.database.transaction(tenant_id) as session:
        session.add(
            _rows(
                path=path,
                tenant_id=tenant_id,
                owner_id=owner_id,
                state="announced",
                changed_at=clock.now(session),
            )
        )


@contextlib.asynccontextmanager
async def written(
    running: runtime.Runtime,
    tenant_id: str,
    owner_id: str,
    path: str,
    write: Callable[[], storage.Digest],
) -> AsyncIterator[storage.Digest]:
    """Announce an object, `write` it in a thread, and discard it after the statement unless kept.

    Yields:
        What `write` returns.
    """
    await announce(running, tenant_id, owner_id, path)
    digest = await asyncio.to_thread(write)  # who is cancelled here leaves the object to `sweep`
    try:
        yield digest
    finally:
        await asyncio.shield(discard(running, tenant_id, path))


async def keep(session: AsyncSession, path: str) -> None:
    """Make an announced object last, if the transaction commits.

    Raises:
        UnannouncedError: it was swept meanwhile.
    """
    mine = and_(_rows.path == path, _rows.state == "announced")
    kept = update(_rows).where(mine).values(state="kept", changed_at=clock.now(session))
    if await session.scalar(kept.returning(_rows.path)) is None:
        raise UnannouncedError(path)


async def doom(session: AsyncSession, *owner_ids: str) -> None:
    """Have every object kept for some owners removed, if the transaction commits."""
    lost = update(_rows).where(_rows.owner_id.in_(owner_ids), _rows.state == "kept")
    await session.execute(lost.values(state="doomed", changed_at=clock.now(session)))


async def discard(running: runtime.Runtime, tenant_id: str, path: str) -> None:
    """Have an object removed that was written, unless it was kept; in an outage, later."""
    mine = and_(_rows.path == path, _rows.state == "announced")
    with contextlib.suppress(*outages.ANY):
        async with running.database.transaction(tenant_id) as session:
            await session.execute(update(_rows).where(mine).values(state="doomed"))


async def remove(running: runtime.Runtime, owner_id: str) -> None:
    """Remove the doomed objects of one owner now; in an outage `sweep` will."""
    with contextlib.suppress(*outages.ANY):
        await _sweep_batch(running, _rows.owner_id == owner_id)


async def sweep(running: runtime.Runtime) -> int:
    """Remove what nobody keeps from the store, then its row; return how many objects.

    Raises:
        errors.StorageUnavailableError: the store does not answer; the rows stay for the next time.
            The object that it was asked to remove then goes last, so that it does not hold up the
            others.
    """
    removed = 0
    while found := await _sweep_batch(running):
        removed += found
    return removed


async def _sweep_batch(running: runtime.Runtime, *which: ColumnElement[bool]) -> int:
    longest = dt.timedelta(seconds=running.policy.job_seconds) + GRACE
    async with running.database.transaction(tenancy.SYSTEM) as session:
        is_forgotten = and_(
            _rows.state == "announced", _rows.changed_at < clock.now(session) - longest
        )
        lost = select(_rows.path).where(or_(_rows.state == "doomed", is_forgotten), *which)
        chosen = lost.order_by(_rows.changed_at).limit(BATCH).with_for_update(skip_locked=True)
        paths = (await session.scalars(chosen)).all()
        removed, failure = await _remove(running, paths)
        await session.execute(delete(_rows).where(_rows.path.in_(removed)))
        if failure is not None:
            refused = update(_rows).where(_rows.path == paths[len(removed)])
            await session.execute(refused.values(state="doomed", changed_at=clock.now(session)))
    if failure is not None:
        raise failure
    return len(paths)


async def _remove(
    running: runtime.Runtime, paths: Sequence[str]
) -> tuple[Sequence[str], errors.StorageUnavailableError | None]:
    """Remove objects from the store up to one that cannot be; return which, and what it met."""
    for number, path in enumerate(paths):
        try:
            await asyncio.to_thread(running.storage.delete, path)
        except errors.StorageUnavailableError as error:
            return paths[:number], error
    return paths, None
