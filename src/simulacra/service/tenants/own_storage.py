"""Storage of a tenant's own: what operators see of it and set for it; every change is on record."""

import asyncio
import dataclasses

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, keys, tenancy
from simulacra.service.audit import trail
from simulacra.service.audit.entry import Action, Actor
from simulacra.service.database import tables
from simulacra.service.stores import directory
from simulacra.service.stores.directory import Stores
from simulacra.service.stores.location import Credentials, Location
from simulacra.service.tenants import administration


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What a tenant's storage is to be.

    Attributes:
        location: bucket and key, and the ways to them.
        credentials: of the tenant's; None: those of the service itself, or of a role.
        holds_studies: whether seed files and models go there too, not artifacts alone.
    """

    location: Location
    credentials: Credentials | None
    holds_studies: bool


@dataclasses.dataclass(frozen=True)
class Holdings:
    """One storage of a tenant's own, and what lies there.

    Attributes:
        row: of the storage.
        objects: how many there are, those that are being removed among them.
    """

    row: tables.CustomerStore
    objects: int


async def listed(session: AsyncSession, tenant_id: str) -> list[Holdings]:
    """Return the present storage of a tenant and those before it that hold something."""
    stores, kept = tables.CustomerStore, tables.StoredObject
    count = select(func.count()).where(kept.store_id == stores.id).scalar_subquery()
    query = select(stores, count).where(stores.tenant_id == tenant_id)
    rows = await session.execute(query.order_by(stores.created_at.desc()))
    return [Holdings(row, number) for row, number in rows if number or row.ended_at is None]


async def set_up(
    database: tenancy.Database, stores: Stores, tenant_id: str, wanted: Wanted, actor: Actor
) -> tables.CustomerStore:
    """Try a storage, and have the tenant's data lie there from now on.

    What the tenant has stays where it is. Where bucket and key are those that it has already, the
    storage is changed in place: new credentials then hold for what lies there too.

    Raises:
        errors.TenantNotFoundError: there is none of this id.
        errors.StorageError: the storage does not work; nothing is changed.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        await administration.get(session, tenant_id)
        before = await directory.current(session, tenant_id)
    is_same = before is not None and _is_same_place(before, wanted.location)
    store_id = before.id if before is not None and is_same else keys.random_id("sto_")
    row = tables.CustomerStore(
        id=store_id,
        tenant_id=tenant_id,
        location=wanted.location.model_dump(mode="json", exclude_none=True),
        holds_studies=wanted.holds_studies,
        sealed_credentials=None
        if wanted.credentials is None
        else stores.seal(store_id, wanted.credentials),
    )
    await _try(stores, row)
    async with database.transaction(tenancy.SYSTEM) as session:
        tenant = await administration.get(session, tenant_id, lock=True)
        present = await directory.current(session, tenant_id)
        if (present and present.id) != (before and before.id):
            raise errors.StorageError(
                f"The storage of {tenant.company_name} was changed by somebody else just now; "
                "look at it and try again."
            )
        row.checked_at = now = await clock.read(session)
        if present is not None and not is_same:
            present.ended_at = now
            await session.flush()
        row = await session.merge(row) if is_same else row
        session.add(row)
        changed = Action.STORAGE_CHANGED
        trail.record(session, actor, changed, store_id, tenant_id=tenant_id)
    return row


async def check(database: tenancy.Database, stores: Stores, tenant_id: str) -> tables.CustomerStore:
    """Wrap a key, and write, read and delete an object in the tenant's storage.

    Raises:
        errors.TenantNotFoundError: there is none of this id.
        errors.StorageError: the tenant has no storage of its own, or it does not work.
    """
    row = await _present(database, tenant_id)
    await _try(stores, row)
    async with database.transaction(tenancy.SYSTEM) as session:
        row = await session.get_one(tables.CustomerStore, row.id)
        row.checked_at = await clock.read(session)
    return row


async def remove(database: tenancy.Database, tenant_id: str, actor: Actor) -> None:
    """Have the tenant's data lie in the installation's store from now on.

    What lies in its own stays there until it expires or is deleted.

    Raises:
        errors.TenantNotFoundError: there is none of this id.
        errors.StorageError: the tenant has no storage of its own.
    """
    row = await _present(database, tenant_id)
    async with database.transaction(tenancy.SYSTEM) as session:
        row = await session.get_one(tables.CustomerStore, row.id, with_for_update=True)
        if row.ended_at is None:
            row.ended_at = await clock.read(session)
            trail.record(session, actor, Action.STORAGE_REMOVED, row.id, tenant_id=tenant_id)


async def _present(database: tenancy.Database, tenant_id: str) -> tables.CustomerStore:
    async with database.transaction(tenancy.SYSTEM) as session:
        tenant = await administration.get(session, tenant_id)
        row = await directory.current(session, tenant_id)
    if row is None:
        raise errors.StorageError(f"{tenant.company_name} has no storage of its own.")
    return row


async def _try(stores: Stores, row: tables.CustomerStore) -> None:
    try:
        store = await stores.open(row)
        await asyncio.to_thread(store.check)
    except errors.CustomerStorageError as error:
        raise errors.StorageError(f"The storage does not work: {error}.") from None


def _is_same_place(row: tables.CustomerStore, location: Location) -> bool:
    known = Location.model_validate(row.location)
    return (known.bucket, known.key) == (location.bucket, location.key)
