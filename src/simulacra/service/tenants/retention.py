"""How long what a tenant makes is kept."""

import datetime as dt

from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service.database import tables

TOMBSTONE = dt.timedelta(days=8)
"""How long the ids of what expired or was deleted are kept for retries and for the audit."""


async def of_tenant(session: AsyncSession, tenant_id: str, default: dt.timedelta) -> dt.timedelta:
    """Return how long a dataset or generation that begins now lives, unless it is extended.

    Args:
        session: of any scope.
        tenant_id: whose it is.
        default: how long it lives where nothing is set for the tenant.
    """
    tenant = await session.get_one(tables.Tenant, tenant_id)
    if tenant.retention_hours is None:
        return default
    return dt.timedelta(hours=tenant.retention_hours)
