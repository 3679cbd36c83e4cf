"""How long what a tenant makes is kept."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import runtime
from simulacra.service.database import tables


async def expiry(session: AsyncSession, running: runtime.Runtime, tenant_id: str) -> dt.datetime:
    """Return when a dataset or generation that begins now ends, unless it is extended."""
    tenant = await session.get_one(tables.Tenant, tenant_id)
    if tenant.retention_hours is None:
        return dt.datetime.now(dt.UTC) + running.policy.retention
    return dt.datetime.now(dt.UTC) + dt.timedelta(hours=tenant.retention_hours)
