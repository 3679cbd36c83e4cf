"""How long what a tenant makes is kept."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import runtime
from simulacra.service.database import tables

LONGEST = dt.timedelta(days=7)
"""Of a dataset from its creation, however often it is extended."""
TOMBSTONE = dt.timedelta(days=8)
"""How long the ids of what expired or was deleted are kept for retries and for the audit."""


async def of_tenant(
    session: AsyncSession, running: runtime.Runtime, tenant_id: str
) -> dt.timedelta:
    """Return how long a dataset or generation that begins now lives, unless it is extended."""
    tenant = await session.get_one(tables.Tenant, tenant_id)
    if tenant.retention_hours is None:
        return running.policy.retention
    return dt.timedelta(hours=tenant.retention_hours)
