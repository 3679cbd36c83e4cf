"""Webhook rows: read, enabled and disabled.

Where both are locked, a webhook is locked before its deliveries.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors
from simulacra.service.audit import trail
from simulacra.service.audit.entry import Action, Actor, Detail
from simulacra.service.database import paging, tables
from simulacra.service.database.statuses import DeliveryFailure, DeliveryStatus, DisabledReason

_rows, _deliveries = tables.Webhook, tables.WebhookDelivery


async def get(session: AsyncSession, webhook_id: str, *, lock: bool = False) -> tables.Webhook:
    """Return a webhook of the session's tenant.

    Raises:
        errors.WebhookNotFoundError: there is none of this id.
    """
    query = select(_rows).where(_rows.id == webhook_id)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    webhook = await session.scalar(query)
    if webhook is None:
        raise errors.WebhookNotFoundError(f"There is no webhook {webhook_id!r}.")
    return webhook


async def page(
    session: AsyncSession, after: str | None, limit: int
) -> tuple[Sequence[tables.Webhook], str | None]:
    """Return up to `limit` webhooks behind the one named `after`, and the next `after`."""
    return await paging.page(session, _rows, select(_rows), after, limit)


async def deliveries(
    session: AsyncSession,
    webhook_id: str,
    status: DeliveryStatus | None,
    after: str | None,
    limit: int,
) -> tuple[Sequence[tables.WebhookDelivery], str | None]:
    """Return a page of a webhook's deliveries, the newest first."""
    query = select(_deliveries).where(_deliveries.webhook_id == webhook_id)
    if status is not None:
        query = query.where(_deliveries.status == status)
    return await paging.page(session, _deliveries, query, after, limit)


def is_active() -> ColumnElement[bool]:
    """Return the condition that something may be sent to a webhook."""
    clients, tenants = tables.Client, tables.Tenant
    return and_(
        _rows.disabled_at.is_(None),
        _rows.client_id.in_(select(clients.id).where(clients.revoked_at.is_(None))),
        _rows.tenant_id.in_(select(tenants.id).where(tenants.status == "active")),
    )


def is_deliverable() -> ColumnElement[bool]:
    """Return the condition that a delivery waits and may be made."""
    is_waiting = _deliveries.status == DeliveryStatus.WAITING
    return is_waiting & _deliveries.webhook_id.in_(select(_rows.id).where(is_active()))


async def disable(
    session: AsyncSession, reason: DisabledReason, actor: Actor, *which: ColumnElement[bool]
) -> Sequence[tables.Webhook]:
    """Have nothing sent to some webhooks any more; what waits for them has failed."""
    found = select(_rows).where(_rows.disabled_at.is_(None), *which).order_by(_rows.id)
    locked = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    webhooks = (await session.scalars(locked)).all()
    now = await clock.read(session)
    for webhook in webhooks:
        webhook.disabled_at, webhook.disabled_reason = now, reason
        trail.record(
            session,
            actor,
            Action.WEBHOOK_DISABLED,
            webhook.id,
            tenant_id=webhook.tenant_id,
            details={Detail.REASON: reason},
        )
    await session.flush()
    await session.execute(
        update(_deliveries)
        .where(
            _deliveries.webhook_id.in_([webhook.id for webhook in webhooks]),
            _deliveries.status == DeliveryStatus.WAITING,
        )
        .values(status=DeliveryStatus.FAILED, failure=DeliveryFailure.DISABLED, ended_at=now)
    )
    return webhooks


def enable(session: AsyncSession, webhook: tables.Webhook, actor: Actor, client_id: str) -> None:
    """Have events sent to a webhook again, which acts for this client from now on."""
    if webhook.disabled_at is None:
        return
    webhook.disabled_at = webhook.disabled_reason = webhook.failing_since = None
    webhook.client_id = client_id
    trail.record(session, actor, Action.WEBHOOK_ENABLED, webhook.id, tenant_id=webhook.tenant_id)
