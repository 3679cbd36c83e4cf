"""Windows: fixed lengths of time, one after the other, over which a subscription counts.

The first begins when the tenant does. A window is stored when something is booked in it; between
two stored ones lie whole windows in which nothing was. The length that was set when a window began
holds until it ends.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock
from simulacra.service.database import tables


def containing(
    base: dt.datetime, length: dt.timedelta, now: dt.datetime
) -> tuple[dt.datetime, dt.datetime]:
    """Return start and end of the window that holds `now`, whole lengths away from `base`."""
    base = base.astimezone(dt.UTC)  # a zone with daylight saving has days of other lengths
    starts_at = base + (now - base) // length * length
    return starts_at, starts_at + length


async def current(session: AsyncSession, tenant: tables.Tenant) -> tables.UsageWindow:
    """Return the window that holds now; one that is not stored yet is not in the session."""
    stored, now = tables.UsageWindow, clock.now(session)
    last = await session.scalar(
        select(stored)
        .where(stored.tenant_id == tenant.id, stored.starts_at <= now)
        .order_by(stored.starts_at.desc())
        .limit(1)
    )
    moment = (await session.execute(select(now))).scalar_one()
    if last is not None and moment < last.ends_at:
        return last
    base = tenant.created_at if last is None else last.ends_at
    starts_at, ends_at = containing(base, dt.timedelta(tenant.subscription_window_days), moment)
    return stored(
        tenant_id=tenant.id, starts_at=starts_at, ends_at=ends_at, rows_reserved=0, rows_used=0
    )


async def store(session: AsyncSession, window: tables.UsageWindow) -> None:
    """Store a window unless it is, or somebody else has just done so."""
    if window not in session:
        names = ("tenant_id", "starts_at", "ends_at")
        values = {name: getattr(window, name) for name in names}
        await session.execute(insert(tables.UsageWindow).values(**values).on_conflict_do_nothing())


async def lock(session: AsyncSession, tenant_id: str, starts_at: dt.datetime) -> tables.UsageWindow:
    """Return a stored window as it is now, locked until the transaction ends."""
    key = (tenant_id, starts_at)
    return await session.get_one(
        tables.UsageWindow, key, with_for_update=True, populate_existing=True
    )


async def all_of(
    session: AsyncSession,
    tenant_id: str,
    *,
    before: dt.datetime | None = None,
    limit: int | None = None,
) -> Sequence[tables.UsageWindow]:
    """Return the stored windows of a tenant, the newest first; or some that begin `before`."""
    stored = tables.UsageWindow
    query = select(stored).where(stored.tenant_id == tenant_id)
    if before is not None:
        query = query.where(stored.starts_at < before)
    return (await session.scalars(query.order_by(stored.starts_at.desc()).limit(limit))).all()


def remaining(tenant: tables.Tenant, window: tables.UsageWindow) -> int | None:
    """Return the rows that are neither used nor reserved, at least 0; None: no limit."""
    if tenant.subscription_rows is None:
        return None
    return max(0, tenant.subscription_rows - window.rows_used - window.rows_reserved)
