"""Deliveries: taken a few at a time, attempted, and recorded.

A worker that takes a delivery leases it: it counts the attempt and puts the next one off until this
one must have ended. So a worker that dies loses nothing, and its message is sent once more, with
the same id. No transaction is open while a receiver takes its time.

A tenant has a few attempts under way at a time, in each worker: its slow receivers keep its own
events waiting and nobody else's.
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import logging
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, keys, measures, outages, tenancy
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.database.statuses import DeliveryStatus, DisabledReason
from simulacra.service.webhooks import repository, schedule, signing
from simulacra.service.webhooks.sending import TIMEOUT_SECONDS, Outcome, Sender

AT_ONCE, AT_ONCE_PER_TENANT = 128, 4
"""Attempts under way in one worker."""
LOOK_SECONDS = 1.0
"""How often a worker looks for what is due."""
PAUSE_SECONDS = 0.05
"""Before the next look when one has ended, so that those that end together are replaced so."""
LEASE = dt.timedelta(seconds=6 * TIMEOUT_SECONDS)
STOP_SECONDS = 5.0
"""What attempts under way get to end when the worker stops; a receiver needs less."""

logger = logging.getLogger(__name__)

_rows, _webhooks, _secrets = tables.WebhookDelivery, tables.Webhook, tables.WebhookSecret


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One try at one delivery.

    Attributes:
        delivery: its row, as it was leased.
        url: that it goes to.
        secrets: that sign it.
    """

    delivery: tables.WebhookDelivery
    url: str
    secrets: Sequence[str]


@dataclasses.dataclass
class Deliveries:
    """The deliveries that one worker makes.

    Attributes:
        sealer: of the secrets.
        sender: posts the messages.
    """

    database: tenancy.Database
    sealer: keys.Sealer
    sender: Sender
    _busy: Counter[str] = dataclasses.field(default_factory=Counter)  # by tenant
    _under_way: set[asyncio.Task[None]] = dataclasses.field(default_factory=set)

    async def run(self) -> None:
        """Deliver what is due, until cancelled; then let what is under way end, or hand it back."""
        try:
            while True:
                for attempt in await self._take_safely():
                    self._start(attempt)
                await self._wait()
        finally:
            await self._stop()

    async def take(self) -> list[Attempt]:
        """Lease what is due, as much as there is room for; the tenants in turn."""
        room = AT_ONCE - self._busy.total()
        if room <= 0:
            return []
        async with self.database.transaction(tenancy.SYSTEM) as session:
            now = await clock.read(session)
            rows = (await session.scalars(_due(session, self._busy, room))).all()
            for row in rows:
                row.attempts += 1
                row.last_attempt_at, row.next_attempt_at = now, now + LEASE
            urls, secrets = await self._of_webhooks(session, {row.webhook_id for row in rows})
        return [Attempt(row, urls[row.webhook_id], secrets[row.webhook_id]) for row in rows]

    async def make(self, attempt: Attempt) -> None:
        """Send a message, and record what became of it."""
        delivery = attempt.delivery
        try:
            at = dt.datetime.now(dt.UTC)
            signed = signing.headers(attempt.secrets, delivery.id, at, delivery.body)
            outcome = await self.sender.send(attempt.url, signed, delivery.body)
        except BaseException:  # the worker stops, or has a fault
            await asyncio.shield(self._hand_back(delivery))
            raise
        measures.WEBHOOK_DELIVERIES.labels(outcome.failure or "delivered").inc()
        await self._record(delivery, outcome)

    async def _take_safely(self) -> list[Attempt]:
        """Take what is due; whatever goes wrong, the next look may go well."""
        try:
            return await self.take()
        except outages.ANY as error:
            logger.warning("webhooks: a look for deliveries met %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - it must not take the worker down
            logger.error("webhooks: a look failed by %s", type(error).__name__)  # noqa: TRY400 - the text may quote a URL
        return []

    def _start(self, attempt: Attempt) -> None:
        tenant_id = attempt.delivery.tenant_id
        task = asyncio.create_task(self.make(attempt))
        self._busy[tenant_id] += 1
        self._under_way.add(task)

        def end(task: asyncio.Task[None]) -> None:
            self._under_way.discard(task)
            self._busy[tenant_id] -= 1
            if not self._busy[tenant_id]:
                del self._busy[tenant_id]
            error = None if task.cancelled() else task.exception()
            if error is not None:  # its lease ends by itself
                logger.warning("webhooks: %s met %s", attempt.delivery.id, type(error).__name__)

        task.add_done_callback(end)

    async def _wait(self) -> None:
        """Return when there may be something to take."""
        if not self._under_way:
            await asyncio.sleep(LOOK_SECONDS)
            return
        await asyncio.wait(
            self._under_way, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        await asyncio.sleep(PAUSE_SECONDS)

    async def _stop(self) -> None:
        if not self._under_way:
            return
        _, late = await asyncio.wait(self._under_way, timeout=STOP_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _of_webhooks(
        self, session: AsyncSession, webhook_ids: set[str]
    ) -> tuple[dict[str, str], dict[str, list[str]]]:
        """Return the URLs of webhooks, and the secrets that sign for them, the newest first."""
        if not webhook_ids:
            return {}, {}
        chosen = sorted(webhook_ids)
        found = await session.execute(
            select(_webhooks.id, _webhooks.url).where(_webhooks.id.in_(chosen))
        )
        urls: dict[str, str] = {row.id: row.url for row in found}
        signs = or_(_secrets.signs_until.is_(None), _secrets.signs_until > clock.now(session))
        signing_now = select(_secrets).where(_secrets.webhook_id.in_(chosen), signs)
        secrets: dict[str, list[str]] = {webhook_id: [] for webhook_id in chosen}
        for row in await session.scalars(signing_now.order_by(_secrets.created_at.desc())):
            secrets[row.webhook_id].append(signing.unseal(self.sealer, row))
        return urls, secrets

    async def _hand_back(self, delivery: tables.WebhookDelivery) -> None:
        """Let another worker try at once."""
        with contextlib.suppress(*outages.DATABASE):
            async with self.database.transaction(delivery.tenant_id) as session:
                row = await _leased(session, delivery)
                if row is not None:
                    row.next_attempt_at = await clock.read(session)

    async def _record(self, delivery: tables.WebhookDelivery, outcome: Outcome) -> None:
        async with self.database.transaction(delivery.tenant_id) as session:
            # The webhook before the delivery, as everywhere.
            webhook = await session.get(_webhooks, delivery.webhook_id, with_for_update=_KEY_SHARE)
            row = None if webhook is None else await _leased(session, delivery)
            if webhook is None or row is None:
                return
            row.response_status, row.failure = outcome.status, outcome.failure
            now = await clock.read(session)
            if outcome.failure is None:
                row.status, row.ended_at = DeliveryStatus.DELIVERED, now
                webhook.failing_since = None
            elif row.status == DeliveryStatus.WAITING:
                await _fail(session, webhook, row, now)


_KEY_SHARE = {"key_share": True}


async def _fail(
    session: AsyncSession,
    webhook: tables.Webhook,
    row: tables.WebhookDelivery,
    now: dt.datetime,
) -> None:
    """Put a delivery off or give it up, and its webhook if it is to take nothing any more."""
    webhook.failing_since = webhook.failing_since or now
    is_gone = row.response_status == 410
    pause = None if is_gone else schedule.pause(row.attempts)
    if pause is None:
        row.status, row.ended_at = DeliveryStatus.FAILED, now
    else:
        row.next_attempt_at = now + pause
    is_hopeless = now - webhook.failing_since > schedule.PATIENCE
    if is_gone or is_hopeless:
        await session.flush()
        reason = DisabledReason.GONE if is_gone else DisabledReason.FAILING
        await repository.disable(session, reason, entry.SYSTEM, _webhooks.id == webhook.id)
        logger.info("webhook %s of %s is disabled: %s", webhook.id, webhook.tenant_id, reason)


async def _leased(
    session: AsyncSession, delivery: tables.WebhookDelivery
) -> tables.WebhookDelivery | None:
    """Return the row of a delivery, locked; None if another attempt has begun or it is gone."""
    row = await session.get(_rows, delivery.id, with_for_update=True)
    return row if row is not None and row.attempts == delivery.attempts else None


def _due(session: AsyncSession, busy: Counter[str], room: int) -> Select[tables.WebhookDelivery]:
    """Return the query for what is due, a tenant's few after each other's first.

    It looks at the first few of each webhook alone, however many deliveries wait.
    """
    is_due = (_rows.status == DeliveryStatus.WAITING) & (
        _rows.next_attempt_at <= clock.now(session)
    )
    active = select(_webhooks.id, _webhooks.tenant_id).where(repository.is_active()).subquery()
    few = (
        select(_rows.id, _rows.next_attempt_at)
        .where(_rows.webhook_id == active.c.id, is_due)
        .order_by(_rows.next_attempt_at, _rows.id)
        .limit(literal_column(str(AT_ONCE_PER_TENANT), Integer))  # which the planner has to know
        .lateral()
    )
    order = (few.c.next_attempt_at, few.c.id)
    place = func.row_number().over(partition_by=active.c.tenant_id, order_by=order)
    placed = (place + _number_of(busy, active.c.tenant_id)).label("place")
    ranked = select(few.c.id, placed).select_from(active.join(few, true())).subquery()
    is_within = ranked.c.place <= AT_ONCE_PER_TENANT
    chosen = select(ranked.c.id).where(is_within).order_by(ranked.c.place).limit(room)
    # Another worker may be taking them; who waited for it would wait for what is taken.
    return select(_rows).where(_rows.id.in_(chosen), is_due).with_for_update(skip_locked=True)


def _number_of(busy: Counter[str], tenant_id: ColumnElement[str]) -> ColumnElement[int]:
    """Return how many attempts a tenant has under way."""
    if not busy:
        return literal(0)
    return case(dict(busy), value=tenant_id, else_=0)
