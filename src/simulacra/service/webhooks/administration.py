"""What operators see of webhooks and do with them; every look and every change is on record."""

import dataclasses
from collections.abc import Sequence

import httpx
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import errors, tenancy
from simulacra.service.audit import trail
from simulacra.service.audit.entry import Action, Actor
from simulacra.service.database import tables
from simulacra.service.database.statuses import DeliveryStatus, DisabledReason
from simulacra.service.webhooks import repository

_rows, _deliveries = tables.Webhook, tables.WebhookDelivery


@dataclasses.dataclass(frozen=True)
class Listed:
    """A webhook as operators see it.

    Attributes:
        row: of the webhook.
        waiting: deliveries that wait for it.
    """

    row: tables.Webhook
    waiting: int

    @property
    def origin(self) -> str:
        """Where it goes, without the path and query, which may hold a secret of the customer's."""
        url = httpx.URL(self.row.url)
        return str(url.copy_with(raw_path=b"/"))


async def listed(session: AsyncSession, tenant_id: str, actor: Actor) -> Sequence[Listed]:
    """Return the webhooks of a tenant, the oldest first; the look is put on record."""
    is_waiting = _deliveries.status == DeliveryStatus.WAITING
    waiting = (
        select(func.count()).where(_deliveries.webhook_id == _rows.id, is_waiting).scalar_subquery()
    )
    query = select(_rows, waiting).where(_rows.tenant_id == tenant_id)
    found = await session.execute(query.order_by(_rows.created_at, _rows.id))
    trail.record(session, actor, Action.WEBHOOK_VIEWED, tenant_id=tenant_id)
    return [Listed(row, number) for row, number in found]


async def disable(database: tenancy.Database, webhook_id: str, actor: Actor) -> None:
    """Have nothing sent to a webhook any more, until a client of its tenant enables it again.

    Raises:
        errors.WebhookError: there is none of this id, or it is disabled.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        reason = DisabledReason.OPERATOR
        if not await repository.disable(session, reason, actor, _rows.id == webhook_id):
            raise errors.WebhookError(f"There is no webhook {webhook_id!r} that is enabled.")
