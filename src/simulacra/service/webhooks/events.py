"""Events, recorded in the transaction of what they tell of, so that both happen or neither.

For each webhook that wants an event there is one delivery, which a worker makes later. An event
says what happened to which ids and where to read more. It never holds what a customer uploaded or
was given: the address that it goes to is known by a URL alone.
"""

import dataclasses
import datetime as dt
import enum
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, keys
from simulacra.service.database import tables
from simulacra.service.database.statuses import DeliveryStatus, JobStatus

EXPIRY_NOTICE = dt.timedelta(hours=2)
"""How long before the end of its retention a dataset is said to expire."""


class EventType(enum.StrEnum):
    """What webhooks tell of."""

    JOB_COMPLETED = "job.completed"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    JOB_EXPIRED = "job.expired"
    DATASET_EXPIRING = "dataset.expiring"


TEST = "webhook.test"
"""An event that is sent when somebody asks for it, to whichever webhook."""


@dataclasses.dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        tenant_id: whose it is.
        type: an `EventType`, or `TEST`.
        at: when it happened.
        data: ids, words of closed lists, times and links.
    """

    tenant_id: str
    type: str
    at: dt.datetime
    data: Mapping[str, Any]

    def body(self) -> str:
        """Return the event as it is posted."""
        document = {"type": self.type, "timestamp": _written(self.at), "data": self.data}
        return json.dumps(document, separators=(",", ":"))


@dataclasses.dataclass(frozen=True)
class Outbox:
    """Where events are written down until they are delivered.

    Attributes:
        base_url: of the API, which links begin with.
    """

    base_url: str

    async def jobs_ended(self, session: AsyncSession, jobs: Iterable[tables.Job]) -> None:
        """Tell that jobs have ended; their rows say how."""
        await self._record(session, [self._of_job(job) for job in jobs])

    async def datasets_expire(
        self, session: AsyncSession, datasets: Iterable[tables.Dataset]
    ) -> None:
        """Tell that datasets are about to expire."""
        now = await clock.read(session)
        await self._record(session, [self._of_dataset(dataset, now) for dataset in datasets])

    async def test(self, session: AsyncSession, webhook: tables.Webhook) -> tables.WebhookDelivery:
        """Have a test event delivered to a webhook."""
        data = {
            "webhook_id": webhook.id,
            "links": {"webhook": f"{self.base_url}/v1/webhooks/{webhook.id}"},
        }
        event = Event(webhook.tenant_id, TEST, await clock.read(session), data)
        delivery = _delivery(webhook, event)
        session.add(delivery)
        return delivery

    def _of_job(self, job: tables.Job) -> Event:
        assert job.ended_at is not None  # noqa: S101 - narrows for mypy
        data = {
            "job_id": job.id,
            "operation": job.operation,
            "status": job.status,
            "dataset_id": job.dataset_id,
            "generation_id": job.generation_id,
            "code": (job.error or {}).get("code"),
            "links": self._links(job),
        }
        known = {name: value for name, value in data.items() if value is not None}
        return Event(job.tenant_id, f"job.{job.status}", job.ended_at, known)

    def _links(self, job: tables.Job) -> dict[str, str]:
        """Return where to read of a job and, once it is there, of what it made."""
        links = {"job": f"{self.base_url}/v1/jobs/{job.id}"}
        if job.status == JobStatus.COMPLETED:
            links |= (
                {"dataset": f"{self.base_url}/v1/datasets/{job.dataset_id}"}
                if job.generation_id is None
                else {"generation": f"{self.base_url}/v1/generations/{job.generation_id}"}
            )
        return links

    def _of_dataset(self, dataset: tables.Dataset, now: dt.datetime) -> Event:
        data = {
            "dataset_id": dataset.id,
            "expires_at": _written(dataset.expires_at),
            "links": {"dataset": f"{self.base_url}/v1/datasets/{dataset.id}"},
        }
        return Event(dataset.tenant_id, EventType.DATASET_EXPIRING, now, data)

    async def _record(self, session: AsyncSession, events: Sequence[Event]) -> None:
        webhooks = await _enabled(session, {event.tenant_id for event in events})
        session.add_all(
            _delivery(webhook, event)
            for event in events
            for webhook in webhooks
            if webhook.tenant_id == event.tenant_id and event.type in webhook.events
        )
        await session.flush()


async def _enabled(session: AsyncSession, tenant_ids: set[str]) -> Sequence[tables.Webhook]:
    """Return the webhooks of some tenants that are enabled.

    They are locked, so that none is deleted before its deliveries refer to it, which would take
    the end of a job back.
    """
    if not tenant_ids:
        return ()
    rows = tables.Webhook
    enabled = select(rows).where(rows.tenant_id.in_(sorted(tenant_ids)), rows.disabled_at.is_(None))
    locked = enabled.order_by(rows.id).with_for_update(read=True, key_share=True)
    return (await session.scalars(locked)).all()


def _delivery(webhook: tables.Webhook, event: Event) -> tables.WebhookDelivery:
    return tables.WebhookDelivery(
        id=keys.random_id("msg_"),
        tenant_id=webhook.tenant_id,
        webhook_id=webhook.id,
        event=event.type,
        body=event.body(),
        status=DeliveryStatus.WAITING,
        attempts=0,
        created_at=event.at,
        next_attempt_at=event.at,
    )


def _written(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
