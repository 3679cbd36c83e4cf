"""Rows billed day by day, for whoever looks at all tenants at once."""

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, policy
from simulacra.service.database import tables
from simulacra.service.usage.ledger import Kind

DAY = dt.timedelta(days=1)
LONGEST_LAG = dt.timedelta(hours=policy.MAX_RETENTION_HOURS)
"""How long after the end of its window a reservation may be closed: as long as its study lives."""


async def billed(
    session: AsyncSession, days: int, tenant_id: str | None = None
) -> Mapping[str, Sequence[int]]:
    """Return by tenant the rows billed on each of the last days in UTC, today the last.

    Tenants without any are left out. The session is of the scope `tenancy.SYSTEM`.

    Args:
        session: a transaction.
        days: how many, today included.
        tenant_id: None: of every tenant.
    """
    moment = (await clock.read(session)).astimezone(dt.UTC)
    today = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - (days - 1) * DAY
    entries, windows = tables.UsageEntry, tables.UsageWindow
    day = func.date_trunc("day", entries.at, "UTC")
    # Entries are found by their window, for which there is an index: the ledger keeps all of them.
    is_of_window = and_(
        entries.tenant_id == windows.tenant_id, entries.window_starts_at == windows.starts_at
    )
    query = (
        select(entries.tenant_id, day, func.sum(entries.used_delta))
        .join(windows, is_of_window)
        .where(windows.ends_at > first - LONGEST_LAG)
        .where(entries.kind == Kind.SETTLED, entries.at >= first)
        .group_by(entries.tenant_id, day)
    )
    if tenant_id is not None:
        query = query.where(entries.tenant_id == tenant_id)
    by_tenant: dict[str, list[int]] = {}
    for owner, on, rows in await session.execute(query):
        of_days = by_tenant.setdefault(owner, [0] * days)
        of_days[min((on - first) // DAY, days - 1)] += int(rows)
    return by_tenant
