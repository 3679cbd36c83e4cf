"""What becomes of webhooks' records in time."""

from sqlalchemy import delete, func, select

from simulacra.service import clock, policy, tenancy
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.database.statuses import DeliveryStatus, DisabledReason
from simulacra.service.webhooks import repository

MAX_ENDED = 10_000
"""Ended deliveries that are kept of one tenant; the oldest go first."""
MAX_WAITING = 10_000
"""Deliveries that may wait for one webhook; then it is disabled."""

_rows, _secrets = tables.WebhookDelivery, tables.WebhookSecret


async def tidy(database: tenancy.Database) -> None:
    """Forget old deliveries and secrets, and disable webhooks that too much waits for."""
    async with database.transaction(tenancy.SYSTEM) as session:
        now = clock.now(session)
        await session.execute(
            delete(_rows).where(_rows.created_at <= now - policy.DELIVERY_HISTORY)
        )
        await session.execute(delete(_secrets).where(_secrets.signs_until <= now))
    await _forget_surplus(database)
    async with database.transaction(tenancy.SYSTEM) as session:
        waiting = select(_rows.webhook_id).where(_rows.status == DeliveryStatus.WAITING)
        crowded = waiting.group_by(_rows.webhook_id).having(func.count() > MAX_WAITING)
        backlog, is_crowded = DisabledReason.BACKLOG, tables.Webhook.id.in_(crowded)
        await repository.disable(session, backlog, entry.SYSTEM, is_crowded)


async def _forget_surplus(database: tenancy.Database) -> None:
    has_ended = _rows.status != DeliveryStatus.WAITING
    async with database.transaction(tenancy.SYSTEM) as session:
        ended = select(_rows.tenant_id).where(has_ended).group_by(_rows.tenant_id)
        tenants = (await session.scalars(ended.having(func.count() > MAX_ENDED))).all()
    for tenant_id in tenants:
        async with database.transaction(tenant_id) as session:
            newest = select(_rows.id).where(_rows.tenant_id == tenant_id, has_ended)
            surplus = newest.order_by(_rows.created_at.desc(), _rows.id.desc()).offset(MAX_ENDED)
            await session.execute(delete(_rows).where(_rows.id.in_(surplus)))
