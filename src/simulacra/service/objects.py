"""Which objects are in the store, so that none is left there without an owner.

An object is announced before it is written. The transaction that makes it part of a dataset or
generation keeps it, and the one that ends its owner dooms it. `sweep` removes what is doomed, and
what was announced and never kept. A path is written once: another attempt announces another path.

The thread that writes an object cannot be stopped. Until it is known to have ended, the object
stays announced, even if its owner has ended; otherwise it might be removed before it is there.
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, outages, storage, tenancy
from simulacra.service.database import tables

SWEEPING = 7_265_005
"""Advisory lock that who sweeps shares; who makes a backup holds it alone, so that all stays."""
BATCH = 100
GRACE = dt.timedelta(hours=1)
"""How much longer than a job may take an object may stay announced."""

_rows = tables.StoredObject


class UnannouncedError(RuntimeError):
    """An object was to be kept that is not there any more, since its writer took too long."""


@dataclasses.dataclass(frozen=True)
class Register:
    """The objects of one store, as the database knows them.

    Attributes:
        database: holds the register.
        store: holds the objects.
        longest_job: no object is written for longer than this.
    """

    database: tenancy.Database
    store: storage.Storage
    longest_job: dt.timedelta

    async def announce(self, tenant_id: str, owner_id: str, path: str) -> None:
        """Say that an object of `owner_id` is about to be written to `path`."""
        async with self.database.transaction(tenant_id) as session:
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
        self, tenant_id: str, owner_id: str, path: str, write: Callable[[], storage.Digest]
    ) -> AsyncIterator[storage.Digest]:
        """Announce an object, `write` it in a thread, and discard it after the statement if unkept.

        Yields:
            What `write` returns.
        """
        await self.announce(tenant_id, owner_id, path)
        digest = await asyncio.to_thread(write)  # if this is cancelled, `sweep` finds the object
        try:
            yield digest
        finally:
            await asyncio.shield(self.discard(tenant_id, path))

    async def discard(self, tenant_id: str, path: str) -> None:
        """Have an object removed that was written, unless it was kept; in an outage, later."""
        is_unkept = and_(_rows.path == path, _rows.state == "announced")
        with contextlib.suppress(*outages.ANY):
            async with self.database.transaction(tenant_id) as session:
                await session.execute(update(_rows).where(is_unkept).values(state="doomed"))

    async def remove(self, owner_id: str) -> None:
        """Remove the doomed objects of one owner now; in an outage `sweep` will."""
        with contextlib.suppress(*outages.ANY):
            await self._sweep_batch(_rows.owner_id == owner_id)

    async def sweep(self) -> int:
        """Remove what nobody keeps from the store, then its row; return how many objects.

        Raises:
            errors.StorageUnavailableError: the store does not answer; the rows stay for the next
                time. The object that it was asked to remove then goes last, so that it does not
                hold up the others.
        """
        removed = 0
        while count := await self._sweep_batch():
            removed += count
        return removed

    async def _sweep_batch(self, *which: ColumnElement[bool]) -> int:
        async with self.database.transaction(tenancy.SYSTEM) as session:
            if not await session.scalar(select(func.pg_try_advisory_xact_lock_shared(SWEEPING))):
                return 0
            is_forgotten = and_(
                _rows.state == "announced",
                _rows.changed_at < clock.now(session) - self.longest_job - GRACE,
            )
            lost = select(_rows.path).where(or_(_rows.state == "doomed", is_forgotten), *which)
            batch = lost.order_by(_rows.changed_at).limit(BATCH).with_for_update(skip_locked=True)
            paths = (await session.scalars(batch)).all()
            removed, failure = await self._remove(paths)
            await session.execute(delete(_rows).where(_rows.path.in_(removed)))
            if failure is not None:
                refused = update(_rows).where(_rows.path == paths[len(removed)])
                await session.execute(refused.values(state="doomed", changed_at=clock.now(session)))
        if failure is not None:
            raise failure
        return len(paths)

    async def _remove(
        self, paths: Sequence[str]
    ) -> tuple[Sequence[str], errors.StorageUnavailableError | None]:
        """Remove objects up to one that cannot be removed; return which, and what went wrong."""
        for number, path in enumerate(paths):
            try:
                await asyncio.to_thread(self.store.delete, path)
            except errors.StorageUnavailableError as error:
                return paths[:number], error
        return paths, None


async def keep(session: AsyncSession, path: str) -> None:
    """Make an announced object last, if the transaction commits.

    Raises:
        UnannouncedError: it was swept meanwhile.
    """
    is_announced = and_(_rows.path == path, _rows.state == "announced")
    keeping = update(_rows).where(is_announced)
    keeping = keeping.values(state="kept", changed_at=clock.now(session))
    if await session.scalar(keeping.returning(_rows.path)) is None:
        raise UnannouncedError(path)


async def doom(session: AsyncSession, *owner_ids: str) -> None:
    """Have every object kept for some owners removed, if the transaction commits."""
    await _doom(session, _rows.owner_id.in_(owner_ids))


async def doom_paths(session: AsyncSession, *paths: str) -> None:
    """Have some objects removed whose owner lives on, if the transaction commits."""
    await _doom(session, _rows.path.in_(paths))


async def _doom(session: AsyncSession, which: ColumnElement[bool]) -> None:
    lost = update(_rows).where(which, _rows.state == "kept")
    await session.execute(lost.values(state="doomed", changed_at=clock.now(session)))
