"""Webhooks of tenants, and deliveries made step by step."""

import dataclasses
import ipaddress
from collections.abc import Sequence

from simulacra.service.database import tables
from simulacra.service.identity.principal import Principal
from simulacra.service.runtime import Runtime
from simulacra.service.webhooks import delivery, schemas, service
from simulacra.service.webhooks.events import EventType
from simulacra.service.webhooks.sending import Outcome, Sender
from simulacra.service.webhooks.targets import Targets

ALL = list(EventType)
LOOPBACK = Targets([ipaddress.ip_network("127.0.0.0/8")])


def webhooks_of(runtime: Runtime) -> service.Webhooks:
    """The service, which lets webhooks reach this machine."""
    return dataclasses.replace(runtime.webhooks, targets=LOOPBACK)


def deliveries_of(runtime: Runtime) -> delivery.Deliveries:
    """A worker's deliveries, to this machine."""
    return delivery.Deliveries(runtime.database, runtime.keyring.sealer, Sender(LOOPBACK))


@dataclasses.dataclass(frozen=True)
class Answering(Sender):
    """Sends nothing, and says how it ended."""

    outcome: Outcome = dataclasses.field(default_factory=lambda: Outcome(204))

    async def send(self, *_: object) -> Outcome:
        return self.outcome


def answering(runtime: Runtime, outcome: Outcome) -> delivery.Deliveries:
    sender = Answering(LOOPBACK, outcome=outcome)
    return delivery.Deliveries(runtime.database, runtime.keyring.sealer, sender)


async def webhook(
    runtime: Runtime,
    caller: Principal,
    url: str = "http://127.0.0.1:9999/x",
    events: Sequence[EventType] = ALL,
) -> tuple[tables.Webhook, str]:
    """A new webhook and its secret."""
    wanted = schemas.WebhookRequest(url=url, events=[*events])
    return await webhooks_of(runtime).create(caller, wanted)


async def sent(runtime: Runtime, tenant_id: str) -> Sequence[tables.WebhookDelivery]:
    """The deliveries of a tenant, the oldest first."""
    async with runtime.database.transaction(tenant_id) as session:
        rows = tables.WebhookDelivery
        query = rows.__table__.select().order_by(rows.created_at, rows.id)
        found = await session.execute(query)
        return [rows(**row._mapping) for row in found]


async def read(runtime: Runtime, row: tables.Webhook) -> tables.Webhook:
    async with runtime.database.transaction(row.tenant_id) as session:
        return await session.get_one(tables.Webhook, row.id)


async def deliver(by: delivery.Deliveries) -> int:
    """Make what is due now, once; return how many attempts there were."""
    taken = await by.take()
    for attempt in taken:
        await by.make(attempt)
    return len(taken)
