"""The end of datasets: what is shredded, what stays, and who sees to it that it happens."""

import contextlib

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, objects, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action
from simulacra.service.database import tables
from simulacra.service.database.statuses import DatasetStatus
from simulacra.service.datasets import repository, saved_scenarios, scenario_fits
from simulacra.service.idempotency import bindings
from simulacra.service.jobs import repository as jobs
from simulacra.service.jobs import transitions
from simulacra.service.tenants import retention
from simulacra.service.webhooks.events import EXPIRY_NOTICE, Outbox

MOST_AT_ONCE = 1000
"""Datasets that one round tells of."""
ENDED = (DatasetStatus.EXPIRED, DatasetStatus.DELETED)

_rows = tables.Dataset


class _ExtendedError(Exception):
    """The dataset was extended or deleted meanwhile."""


async def shred(session: AsyncSession, dataset: tables.Dataset, status: DatasetStatus) -> None:
    """Leave of a dataset its tombstone, and nothing in the store."""
    repository.strip(dataset, status)
    dataset.deleted_at = await clock.read(session)
    of_it = tables.Job.dataset_id == dataset.id
    # Generations may outlive their dataset; the errors of their jobs end with them.
    await jobs.redact(session, of_it, tables.Job.generation_id.is_(None))
    await jobs.forget_answers(session, of_it)
    await scenario_fits.forget(session, dataset.id)
    await saved_scenarios.end(session, dataset.id)
    await objects.doom(session, dataset.id)


async def announce(database: tenancy.Database, outbox: Outbox) -> None:
    """Tell once of each dataset that its end is near; one that is extended has another end."""
    async with database.transaction(tenancy.SYSTEM) as session:
        now, until = clock.now(session), _rows.expires_at
        is_near = (until > now) & (until <= now + EXPIRY_NOTICE)
        is_told = _rows.announced_expiry.is_not_distinct_from(until)
        is_ready = _rows.status == DatasetStatus.READY
        near = select(_rows).where(is_ready, is_near, ~is_told).limit(MOST_AT_ONCE)
        # Who has locked one is changing it, or tells of it.
        locked = near.with_for_update(key_share=True, skip_locked=True)
        datasets = (await session.scalars(locked)).all()
        for dataset in datasets:
            dataset.announced_expiry = dataset.expires_at
        await session.flush()
        await outbox.datasets_expire(session, datasets)


async def sweep(database: tenancy.Database, endings: transitions.Endings) -> None:
    """Expire the datasets whose time is over, and remove tombstones that nothing needs."""
    async with database.transaction(tenancy.SYSTEM) as session:
        is_due = (_rows.status.in_(repository.ALIVE)) & (_rows.expires_at <= clock.now(session))
        due = (await session.scalars(select(_rows.id).where(is_due))).all()
    for dataset_id in due:
        await _expire(database, endings, dataset_id)
    async with database.transaction(tenancy.SYSTEM) as session:
        is_old = _rows.status.in_(ENDED) & (
            _rows.deleted_at <= clock.now(session) - retention.TOMBSTONE
        )
        is_needed = bindings.is_kept(_rows.job_id) | exists().where(
            tables.Generation.dataset_id == _rows.id
        )
        await session.execute(delete(_rows).where(is_old, ~is_needed))


async def _expire(
    database: tenancy.Database, endings: transitions.Endings, dataset_id: str
) -> None:
    over = errors.DatasetNotFoundError("The dataset expired before that.")
    end = transitions.End(entry.SYSTEM, over)
    with contextlib.suppress(_ExtendedError):  # which takes back what was done to the jobs
        async with database.transaction(tenancy.SYSTEM) as session:
            # Jobs before datasets, see `service.delete`.
            await endings.expire(session, end, tables.Job.dataset_id == dataset_id)
            dataset = await _due(session, dataset_id)
            await shred(session, dataset, DatasetStatus.EXPIRED)
            owner = dataset.tenant_id
            expired = Action.DATASET_EXPIRED
            trail.record(session, entry.SYSTEM, expired, dataset_id, tenant_id=owner)


async def _due(session: AsyncSession, dataset_id: str) -> tables.Dataset:
    is_due = (_rows.id == dataset_id) & _rows.status.in_(repository.ALIVE)
    due = select(_rows).where(is_due, _rows.expires_at <= clock.now(session))
    dataset = await session.scalar(due.with_for_update(key_share=True))  # as `repository.get`
    if dataset is None:
        raise _ExtendedError
    return dataset
