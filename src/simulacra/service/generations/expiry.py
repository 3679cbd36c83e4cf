"""The end of generations: what is shredded, what stays, and who sees to it that it happens."""

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, objects, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action
from simulacra.service.database import tables
from simulacra.service.database.statuses import GenerationStatus
from simulacra.service.generations import repository
from simulacra.service.idempotency import bindings
from simulacra.service.jobs import repository as jobs
from simulacra.service.jobs import transitions
from simulacra.service.tenants import retention

_rows = tables.Generation


async def sweep(database: tenancy.Database, endings: transitions.Endings) -> None:
    """Expire the generations whose time is over, and remove tombstones that nothing needs."""
    async with database.transaction(tenancy.SYSTEM) as session:
        is_due = _is_alive() & (_rows.expires_at <= clock.now(session))
        due = (await session.scalars(select(_rows.id).where(is_due))).all()
    for generation_id in due:
        await _expire(database, endings, generation_id)
    async with database.transaction(tenancy.SYSTEM) as session:
        is_old = _rows.expires_at <= clock.now(session) - retention.TOMBSTONE
        is_needed = bindings.is_kept(_rows.job_id)
        await session.execute(delete(_rows).where(~_is_alive(), is_old, ~is_needed))


def _is_alive() -> ColumnElement[bool]:
    return _rows.status != GenerationStatus.EXPIRED


async def _expire(
    database: tenancy.Database, endings: transitions.Endings, generation_id: str
) -> None:
    over = errors.GenerationNotFoundError("The generation expired before that.")
    end = transitions.End(entry.SYSTEM, over)
    async with database.transaction(tenancy.SYSTEM) as session:
        makes_it = tables.Job.generation_id == generation_id
        await endings.expire(session, end, makes_it | _asks_of(generation_id))
        query = select(_rows).where(_rows.id == generation_id, _is_alive()).with_for_update()
        generation = await session.scalar(query)
        if generation is None:  # another sweeper was here
            return
        await _shred(session, generation)
        trail.record(
            session,
            entry.SYSTEM,
            Action.GENERATION_EXPIRED,
            generation_id,
            tenant_id=generation.tenant_id,
        )


def _asks_of(generation_id: str) -> ColumnElement[bool]:
    """Return which jobs are tables or comparisons of a generation."""
    asked = tables.Job.asked
    names = ("generation_id", "with")
    return or_(*(asked[name].astext == generation_id for name in names))


async def _shred(session: AsyncSession, generation: tables.Generation) -> None:
    """Leave of a generation its tombstone, and nothing in the store."""
    repository.strip(generation)
    asks = _asks_of(generation.id)
    await jobs.redact(session, (tables.Job.id == generation.job_id) | asks)
    await jobs.forget_answers(session, asks)
    await objects.doom(session, generation.id)
