"""What can be done with webhooks, inside one transaction each."""

import dataclasses
import datetime as dt
from collections.abc import Sequence

import httpx
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, keys, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action
from simulacra.service.database import tables
from simulacra.service.database.statuses import DeliveryStatus, DisabledReason
from simulacra.service.identity.principal import Principal
from simulacra.service.webhooks import repository, signing
from simulacra.service.webhooks.events import Outbox
from simulacra.service.webhooks.schemas import (
    RotationRequest,
    WebhookChange,
    WebhookRequest,
    WebhookStatus,
)
from simulacra.service.webhooks.targets import AddressError, Targets

MAX_WEBHOOKS = 10
"""Of one tenant."""
MAX_SECRETS = 4
"""That sign for one webhook at a time; a rotation more ends the oldest."""

_rows, _secrets = tables.Webhook, tables.WebhookSecret


@dataclasses.dataclass(frozen=True)
class Webhooks:
    """The webhooks of all tenants.

    Attributes:
        sealer: of their secrets.
        targets: where they may go.
        outbox: takes the test events.
    """

    database: tenancy.Database
    sealer: keys.Sealer
    targets: Targets
    outbox: Outbox

    async def create(self, caller: Principal, wanted: WebhookRequest) -> tuple[tables.Webhook, str]:
        """Make a webhook and return it with its secret.

        Raises:
            errors.InvalidFieldsError: its URL is none that a webhook may have.
            errors.WebhookAddressError: its host is none that webhooks may go to.
            errors.WebhookExistsError: the tenant has one with this URL.
            errors.WebhookLimitError: the tenant has as many as it may.
        """
        url = await self._checked(wanted.url)
        secret = signing.new_secret()
        async with self.database.transaction(caller.tenant_id) as session:
            await self._make_room(session, caller)
            await _check_new(session, url)
            webhook = _rows(
                id=keys.random_id("wh_"),
                tenant_id=caller.tenant_id,
                client_id=caller.client_id,
                url=url,
                events=list(wanted.events),
                description=wanted.description,
                created_at=await clock.read(session),
            )
            session.add(webhook)
            await session.flush()
            await self._add_secret(session, webhook, secret)
            _record(session, caller, Action.WEBHOOK_CREATED, webhook.id)
        return webhook, secret

    async def read(self, caller: Principal, webhook_id: str) -> tables.Webhook:
        """Return a webhook."""
        async with self.database.transaction(caller.tenant_id) as session:
            return await repository.get(session, webhook_id)

    async def page(
        self, caller: Principal, after: str | None, limit: int
    ) -> tuple[Sequence[tables.Webhook], str | None]:
        """Return a page of the caller's webhooks, and the next page's `after`."""
        async with self.database.transaction(caller.tenant_id) as session:
            return await repository.page(session, after, limit)

    async def deliveries(
        self,
        caller: Principal,
        webhook_id: str,
        status: DeliveryStatus | None,
        after: str | None,
        limit: int,
    ) -> tuple[Sequence[tables.WebhookDelivery], str | None]:
        """Return a page of a webhook's deliveries, and the next page's `after`."""
        async with self.database.transaction(caller.tenant_id) as session:
            await repository.get(session, webhook_id)
            return await repository.deliveries(session, webhook_id, status, after, limit)

    async def change(
        self, caller: Principal, webhook_id: str, wanted: WebhookChange
    ) -> tables.Webhook:
        """Change what `wanted` names, and enable or disable the webhook.

        Raises:
            errors.WebhookNotFoundError: there is no such webhook.
            errors.InvalidFieldsError: the new URL is none that a webhook may have.
            errors.WebhookAddressError: its host is none that webhooks may go to.
            errors.WebhookExistsError: another webhook of the tenant has it.
        """
        named = wanted.model_dump(exclude_unset=True)
        url = None if wanted.url is None else await self._checked(wanted.url)
        async with self.database.transaction(caller.tenant_id) as session:
            webhook = await repository.get(session, webhook_id, lock=True)
            if url is not None and url != webhook.url:
                await self._lock_tenant(session, caller)
                await _check_new(session, url)
                webhook.url = url
            if wanted.events is not None:
                webhook.events = list(wanted.events)
            if "description" in named:
                webhook.description = wanted.description
            if session.is_modified(webhook):
                _record(session, caller, Action.WEBHOOK_CHANGED, webhook_id)
            await self._switch(session, caller, webhook, wanted.status)
        return webhook

    async def _switch(
        self,
        session: AsyncSession,
        caller: Principal,
        webhook: tables.Webhook,
        status: WebhookStatus | None,
    ) -> None:
        actor = entry.client(caller.client_id)
        if status is WebhookStatus.ENABLED:
            repository.enable(session, webhook, actor, caller.client_id)
        elif status is WebhookStatus.DISABLED:
            await session.flush()
            requested = DisabledReason.REQUESTED
            await repository.disable(session, requested, actor, _rows.id == webhook.id)

    async def delete(self, caller: Principal, webhook_id: str) -> None:
        """Remove a webhook with its secrets and deliveries.

        Raises:
            errors.WebhookNotFoundError: there is no such webhook.
        """
        async with self.database.transaction(caller.tenant_id) as session:
            await session.delete(await repository.get(session, webhook_id))
            _record(session, caller, Action.WEBHOOK_DELETED, webhook_id)

    async def rotate(
        self, caller: Principal, webhook_id: str, wanted: RotationRequest
    ) -> tuple[str, dt.datetime]:
        """Replace a webhook's secret; return the new one, and until when the old one signs.

        Raises:
            errors.WebhookNotFoundError: there is no such webhook.
        """
        secret = signing.new_secret()
        async with self.database.transaction(caller.tenant_id) as session:
            webhook = await repository.get(session, webhook_id, lock=True)
            until = await clock.read(session) + dt.timedelta(hours=wanted.overlap_hours)
            await session.execute(
                update(_secrets)
                .where(_secrets.webhook_id == webhook_id)
                .values(signs_until=func.least(_secrets.signs_until, until))
            )
            await self._add_secret(session, webhook, secret)
            await _drop_secrets(session, webhook_id)
            _record(session, caller, Action.WEBHOOK_SECRET_ROTATED, webhook_id)
        return secret, until

    async def test(self, caller: Principal, webhook_id: str) -> tables.WebhookDelivery:
        """Have a test event sent to a webhook.

        Raises:
            errors.WebhookNotFoundError: there is no such webhook.
            errors.WebhookDisabledError: nothing is sent to it.
        """
        async with self.database.transaction(caller.tenant_id) as session:
            webhook = await repository.get(session, webhook_id, lock=True)
            if webhook.disabled_at is not None:
                raise errors.WebhookDisabledError(
                    f"The webhook {webhook_id} is disabled ({webhook.disabled_reason})."
                )
            return await self.outbox.test(session, webhook)

    async def _checked(self, text: str) -> str:
        """Return a URL as it is stored, once it is known to be good."""
        try:
            url = self.targets.parse(text)
        except ValueError as error:
            fault = errors.Fault("/url", f"The address cannot be used: {error}.")
            raise errors.InvalidFieldsError([fault]) from None
        await self._check_address(url)
        return str(url)

    async def _check_address(self, url: httpx.URL) -> None:
        try:
            await self.targets.check(url)
        except AddressError as error:
            fault = errors.Fault("/url", str(error), errors.WebhookAddressError.code)
            raise errors.WebhookAddressError(str(error), faults=[fault]) from None

    async def _make_room(self, session: AsyncSession, caller: Principal) -> None:
        await self._lock_tenant(session, caller)
        number = await session.scalar(select(func.count()).select_from(_rows))
        if (number or 0) >= MAX_WEBHOOKS:
            raise errors.WebhookLimitError(f"There are {number} webhooks; that is the limit.")

    async def _lock_tenant(self, session: AsyncSession, caller: Principal) -> None:
        """Have one webhook of a tenant made at a time, so that they can be counted."""
        await session.get_one(tables.Tenant, caller.tenant_id, with_for_update={"key_share": True})

    async def _add_secret(
        self, session: AsyncSession, webhook: tables.Webhook, secret: str
    ) -> None:
        secret_id = keys.random_id("whs_")
        session.add(
            _secrets(
                id=secret_id,
                tenant_id=webhook.tenant_id,
                webhook_id=webhook.id,
                sealed_secret=signing.seal(self.sealer, secret_id, secret),
                created_at=await clock.read(session),
            )
        )
        await session.flush()


async def _check_new(session: AsyncSession, url: str) -> None:
    known = await session.scalar(select(_rows.id).where(_rows.url == url))
    if known is not None:
        raise errors.WebhookExistsError(f"The webhook {known} has this address already.")


async def _drop_secrets(session: AsyncSession, webhook_id: str) -> None:
    """Remove secrets that sign no more, and the oldest of those that are too many."""
    newest = select(_secrets).where(_secrets.webhook_id == webhook_id)
    rows = await session.scalars(newest.order_by(_secrets.created_at.desc(), _secrets.id))
    now = await clock.read(session)
    for place, row in enumerate(rows.all()):
        if place >= MAX_SECRETS or (row.signs_until is not None and row.signs_until <= now):
            await session.delete(row)


def _record(session: AsyncSession, caller: Principal, action: Action, webhook_id: str) -> None:
    client, owner = entry.client(caller.client_id), caller.tenant_id
    trail.record(session, client, action, webhook_id, tenant_id=owner)
