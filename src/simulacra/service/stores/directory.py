"""Finds the store of a dataset, a generation or an object."""

import asyncio
import dataclasses
import json
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import keys, storage
from simulacra.service.database import tables
from simulacra.service.stores.location import Credentials, Location
from simulacra.service.stores.store import Store

_rows = tables.CustomerStore


class _Known(NamedTuple):
    """A store whose clients are open, and what its row said when they were opened."""

    version: tuple[object, ...]
    store: Store


@dataclasses.dataclass(frozen=True)
class Stores:
    """The stores of one installation.

    The clients of a customer's store stay open, since opening them takes longer than using them.
    The row is read for every use: where another process has changed it, they are opened anew.

    Attributes:
        own: the installation's store.
        sealer: of the customers' credentials.
    """

    own: Store
    sealer: keys.Sealer
    _known: dict[str, _Known] = dataclasses.field(default_factory=dict)

    async def of(self, session: AsyncSession, store_id: str | None) -> Store:
        """Return a store by its id; None is the installation's own.

        Args:
            session: in the scope of its tenant, or of `tenancy.SYSTEM`.
            store_id: of a dataset, generation or object.
        """
        if store_id is None:
            return self.own
        return await self.open(await session.get_one(_rows, store_id))

    async def for_artifacts(self, session: AsyncSession, tenant_id: str) -> str | None:
        """Return the id of the store for what a tenant generates from now on."""
        row = await current(session, tenant_id)
        return None if row is None else row.id

    async def for_studies(self, session: AsyncSession, tenant_id: str) -> Store:
        """Return the store for what a tenant uploads from now on."""
        row = await current(session, tenant_id)
        return self.own if row is None or not row.holds_studies else await self.open(row)

    async def open(self, row: tables.CustomerStore) -> Store:
        """Return the store of a row."""
        version = (row.location, row.sealed_credentials)
        known = self._known.get(row.id)
        if known is None or known.version != version:
            known = _Known(version, await asyncio.to_thread(self._connect, row))
            self._known[row.id] = known
        return known.store

    def _connect(self, row: tables.CustomerStore) -> Store:
        credentials = None
        if row.sealed_credentials is not None:
            opened = self.sealer.open(row.sealed_credentials, _context(row.id))
            credentials = Credentials.model_validate_json(opened)
        from simulacra.service.stores import customer  # noqa: PLC0415 - for those who have one

        return customer.connect(row.id, Location.model_validate(row.location), credentials)

    def seal(self, store_id: str, credentials: Credentials) -> bytes:
        """Return credentials as they are stored in the row of a store."""
        document = {
            "access_key_id": credentials.access_key_id,
            "secret_access_key": credentials.secret_access_key.get_secret_value(),
        }
        return self.sealer.seal(json.dumps(document).encode(), _context(store_id))

    @classmethod
    def of_installation(cls, own: storage.Storage, keyring: keys.Keyring) -> "Stores":
        """Return the stores of the installation whose own is `own`."""
        return cls(Store(None, own), keyring.sealer)


async def current(session: AsyncSession, tenant_id: str) -> tables.CustomerStore | None:
    """Return the store of its own that a tenant has now, if any."""
    return await session.scalar(
        select(_rows).where(_rows.tenant_id == tenant_id, _rows.ended_at.is_(None))
    )


def _context(store_id: str) -> str:
    return f"store/{store_id}"
