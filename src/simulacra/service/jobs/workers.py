"""The workers that there are, and the layers that confine their jobs.

Each worker notes itself again and again, since only it knows what its machine has.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, tenancy
from simulacra.service.confinement import layers
from simulacra.service.confinement.layers import Layer
from simulacra.service.database import tables

MAX_SILENCE = dt.timedelta(minutes=2)
"""Who has not been seen for longer is gone; a worker notes itself twice a minute."""


async def note(database: tenancy.Database, worker_id: str, held: Collection[Layer]) -> None:
    """Record that a worker is there, and forget those that are gone."""
    async with database.transaction(tenancy.SYSTEM) as session:
        now = clock.now(session)
        row = insert(tables.Worker).values(
            id=worker_id, layers=sorted(held), started_at=now, seen_at=now
        )
        await session.execute(
            row.on_conflict_do_update(index_elements=["id"], set_={"seen_at": row.excluded.seen_at})
        )
        await session.execute(delete(tables.Worker).where(~_is_alive(now)))


async def alive(session: AsyncSession) -> Sequence[tables.Worker]:
    """Return the workers, in the order of their start."""
    workers = select(tables.Worker).where(_is_alive(clock.now(session)))
    return (await session.scalars(workers.order_by(tables.Worker.started_at))).all()


async def forget(database: tenancy.Database, worker_id: str) -> None:
    """Remove a worker that ends."""
    async with database.transaction(tenancy.SYSTEM) as session:
        await session.execute(delete(tables.Worker).where(tables.Worker.id == worker_id))


def confinement(workers: Iterable[tables.Worker]) -> str:
    """Return ``full`` or ``partial``, as the least confined is, or ``unknown`` if there is none."""
    lacking = [layers.REQUIRED - set(worker.layers) for worker in workers]
    if not lacking:
        return "unknown"
    return "partial" if any(lacking) else "full"


def _is_alive(now: ColumnElement[dt.datetime]) -> ColumnElement[bool]:
    return tables.Worker.seen_at > now - MAX_SILENCE
