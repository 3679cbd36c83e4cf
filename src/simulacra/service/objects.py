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
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, outages, storage, tenancy
from simulacra.service.database import tables
from simulacra.service.stores.directory import Stores
from simulacra.service.stores.store import Store

SWEEPING = 7_265_005
"""Advisory lock that who sweeps shares; who makes a backup holds it alone, so that all stays."""
BATCH = 100
GRACE = dt.timedelta(hours=1)
"""How much longer than a job may take an object may stay announced."""

_rows = tables.StoredObject

logger = logging.getLogger(__name__)


class UnannouncedError(RuntimeError):
    """An object was to be kept that is not there any more, since its writer took too long."""


@dataclasses.dataclass(frozen=True)
class Register:
    """The objects of all stores, as the database knows them.

    Attributes:
        database: holds the register.
        stores: hold the objects.
        longest_job: no object is written for longer than this.
    """

    database: tenancy.Database
    stores: Stores
    longest_job: dt.timedelta

    async def announce(self, tenant_id: str, owner_id: str, store: Store, path: str) -> None:
        """Say that an object of `owner_id` is about to be written to `path` of a store."""
        async with self.database.transaction(tenant_id) as session:
            session.add(
                _rows(
                    path=path,
                    tenant_id=tenant_id,
                    owner_id=owner_id,
                    store_id=store.id,
                    state="announced",
                    changed_at=clock.now(session),
                )
            )

    @contextlib.asynccontextmanager
    async def written(
        self,
        tenant_id: str,
        owner_id: str,
        store: Store,
        path: str,
        write: Callable[[], storage.Digest],
    ) -> AsyncIterator[storage.Digest]:
        """Announce an object, `write` it in a thread, and discard it after the statement if unkept.

        Yields:
            What `write` returns.
        """
        await self.announce(tenant_id, owner_id, store, path)
        digest = await asyncio.to_thread(write)  # if this is cancelled, `sweep` finds the object
        try:
            yield digest
        finally:
            await asyncio.shield(self.discard(tenant_id, path))

    async def discard(self, tenant_id: str, *paths: str) -> None:
        """Have objects removed that were written, unless they were kept; in an outage, later."""
        with contextlib.suppress(*outages.ANY):
            async with self.database.transaction(tenant_id) as session:
                await doom_unkept(session, *paths)

    async def remove(self, owner_id: str) -> None:
        """Remove the doomed objects of one owner now; in an outage `sweep` will."""
        with contextlib.suppress(*outages.ANY):
            await self._sweep_batch(_Failures(), _rows.owner_id == owner_id)

    async def sweep(self) -> int:
        """Remove what nobody keeps from its store, then its row; return how many objects.

        A store that fails is left alone until the next sweep, and the object that it was asked to
        remove then goes last: neither one object nor one customer's store holds up the others.

        Raises:
            errors.StorageUnavailableError: our own store fails; what a customer's store says goes
                to the log.
        """
        removed, failures = 0, _Failures()
        while batch := await self._sweep_batch(failures):
            removed += batch.removed
        if None in failures:
            raise failures[None]
        return removed

    async def _sweep_batch(self, failures: "_Failures", *which: ColumnElement[bool]) -> "_Swept":
        async with self.database.transaction(tenancy.SYSTEM) as session:
            if not await session.scalar(select(func.pg_try_advisory_xact_lock_shared(SWEEPING))):
                return _Swept(0, 0)
            is_forgotten = and_(
                _rows.state == "announced",
                _rows.changed_at < clock.now(session) - self.longest_job - GRACE,
            )
            lost = select(_rows).where(
                or_(_rows.state == "doomed", is_forgotten), failures.elsewhere(), *which
            )
            lost = lost.order_by(_rows.changed_at).limit(BATCH).with_for_update(skip_locked=True)
            batch = (await session.scalars(lost)).all()
            removed, refused = await self._remove(session, batch, failures)
            await session.execute(delete(_rows).where(_rows.path.in_(removed)))
            later = update(_rows).where(_rows.path.in_(refused))
            await session.execute(later.values(state="doomed", changed_at=clock.now(session)))
        return _Swept(len(batch), len(removed))

    async def _remove(
        self,
        session: AsyncSession,
        batch: Sequence[tables.StoredObject],
        failures: "_Failures",
    ) -> tuple[list[str], list[str]]:
        """Remove objects, up to the first of each store that cannot be; return both kinds."""
        removed: list[str] = []
        refused: list[str] = []
        for row in batch:
            if row.store_id in failures:
                continue
            store = await self.stores.of(session, row.store_id)
            try:
                await asyncio.to_thread(store.objects.delete, row.path)
                removed.append(row.path)
            except errors.StorageUnavailableError as error:
                logger.warning(
                    "an object of %s that nobody keeps stays for now: %s", row.owner_id, error
                )
                failures[row.store_id] = error
                refused.append(row.path)
        return removed, refused


class _Swept(NamedTuple):
    """How many objects a batch had, and how many of them were removed."""

    size: int
    removed: int

    def __bool__(self) -> bool:
        return self.size > 0


class _Failures(dict[str | None, errors.StorageUnavailableError]):
    """What went wrong in one sweep, by the id of the store."""

    def elsewhere(self) -> ColumnElement[bool]:
        """Return the condition that an object is in none of these stores."""
        theirs = [store_id for store_id in self if store_id is not None]
        is_ours = _rows.store_id.is_(None)
        return and_(
            or_(is_ours, _rows.store_id.not_in(theirs)), or_(~is_ours, literal(None not in self))
        )


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


async def doom_unkept(session: AsyncSession, *paths: str) -> None:
    """Have objects removed that were written and not kept, if the transaction commits."""
    is_unkept = and_(_rows.path.in_(paths), _rows.state == "announced")
    await session.execute(update(_rows).where(is_unkept).values(state="doomed"))


async def doom(session: AsyncSession, *owner_ids: str) -> None:
    """Have every object kept for some owners removed, if the transaction commits."""
    await _doom(session, _rows.owner_id.in_(owner_ids))


async def doom_paths(session: AsyncSession, *paths: str) -> None:
    """Have some objects removed whose owner lives on, if the transaction commits."""
    await _doom(session, _rows.path.in_(paths))


async def _doom(session: AsyncSession, which: ColumnElement[bool]) -> None:
    lost = update(_rows).where(which, _rows.state == "kept")
    await session.execute(lost.values(state="doomed", changed_at=clock.now(session)))
