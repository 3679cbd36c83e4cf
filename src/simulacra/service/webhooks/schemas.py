"""Webhooks as the API shows and takes them."""

import datetime as dt
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, field_validator

from simulacra.service.database import tables
from simulacra.service.database.statuses import DeliveryFailure, DeliveryStatus, DisabledReason
from simulacra.service.fields import Body, Text, WholeNumber
from simulacra.service.webhooks.events import EventType
from simulacra.service.webhooks.targets import MAX_URL_LENGTH

DEFAULT_OVERLAP_HOURS, MAX_OVERLAP_HOURS = 24, 168
MAX_DESCRIPTION_LENGTH = 200


def _each_once(events: list[EventType]) -> list[EventType]:
    return [event for event in EventType if event in events]


Url = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=MAX_URL_LENGTH,
        json_schema_extra={"format": "uri", "pattern": r"^[Hh][Tt][Tt][Pp][Ss]?://"},
    ),
]
Events = Annotated[list[EventType], Field(min_length=1, max_length=50), AfterValidator(_each_once)]
Description = Annotated[Text, Field(max_length=MAX_DESCRIPTION_LENGTH)]


class WebhookStatus(StrEnum):
    """Whether events are sent to a webhook."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class WebhookRequest(Body):
    """A new webhook."""

    url: Url = Field(
        description="Where events are posted to: https, without user name and fragment.",
        examples=["https://hooks.example.com/simulacra"],
    )
    events: Events = Field(description="Of which to tell.")
    description: Description | None = Field(default=None, description="For people.")


class WebhookChange(Body):
    """What is to be different; what is left out stays."""

    url: Url | None = Field(default=None, description="Where events are posted to from now on.")
    events: Events | None = Field(default=None, description="Of which to tell from now on.")
    description: Description | None = Field(default=None, description="For people.")
    status: WebhookStatus | None = Field(
        default=None, description="disabled: events from now on are not sent, not even later."
    )

    @field_validator("url", "events", "status", mode="before")
    @classmethod
    def _is_something(cls, value: object) -> object:
        if value is None:
            raise ValueError("give a value, or leave it out")
        return value


class RotationRequest(Body):
    """How the secret is replaced."""

    overlap_hours: Annotated[int, Field(strict=True, ge=0, le=MAX_OVERLAP_HOURS), WholeNumber] = (
        Field(
            default=DEFAULT_OVERLAP_HOURS,
            description="How long the old secret signs too; 0 if it is known to others.",
        )
    )


class WebhookDocument(BaseModel):
    """A webhook; its secret is not shown."""

    webhook_id: str
    url: str
    events: list[EventType]
    description: str | None = None
    status: WebhookStatus
    created_at: dt.datetime
    failing_since: dt.datetime | None = Field(
        None, description="The first attempt that failed since one succeeded."
    )
    disabled_at: dt.datetime | None = None
    disabled_reason: DisabledReason | None = Field(
        None,
        description="requested, gone (answered 410), failing (for days), backlog (too much waits), "
        "client_revoked (the client that made it), or operator.",
    )


class WebhookSecretDocument(BaseModel):
    """A secret that signs from now on. It is shown this once: store it now."""

    webhook_id: str
    secret: str = Field(description="Begins with whsec_; libraries of Standard Webhooks take it.")
    old_secret_signs_until: dt.datetime | None = Field(
        None, description="Until then each message has a signature by the old secret as well."
    )


class NewWebhookDocument(WebhookDocument):
    """A webhook that was just made, with its secret. It is shown this once: store it now."""

    secret: str = Field(description="Begins with whsec_; libraries of Standard Webhooks take it.")


class WebhookList(BaseModel):
    """One page of webhooks, the newest first."""

    webhooks: list[WebhookDocument]
    next_after: str | None = Field(None, description="`after` of the next page.")


class DeliveryDocument(BaseModel):
    """An event on its way to a webhook."""

    delivery_id: str = Field(description="`webhook-id` of the message, the same at each attempt.")
    webhook_id: str
    event: str = Field(description="`type` of the message.")
    status: DeliveryStatus
    attempts: int
    created_at: dt.datetime
    last_attempt_at: dt.datetime | None = None
    next_attempt_at: dt.datetime | None = Field(None, description="Of a delivery that waits.")
    ended_at: dt.datetime | None = None
    response_status: int | None = Field(None, description="Of the last answer, if there was one.")
    failure: DeliveryFailure | None = Field(
        None,
        description="Of the last attempt: status (no 2xx), timeout, connection, tls, address "
        "(unknown or not allowed), protocol (no HTTP), or disabled.",
    )


class DeliveryList(BaseModel):
    """One page of deliveries, the newest first."""

    deliveries: list[DeliveryDocument]
    next_after: str | None = Field(None, description="`after` of the next page.")


def document(webhook: tables.Webhook) -> WebhookDocument:
    """Return the public form of a webhook."""
    is_enabled = webhook.disabled_at is None
    reason = webhook.disabled_reason
    return WebhookDocument(
        webhook_id=webhook.id,
        url=webhook.url,
        events=[EventType(event) for event in webhook.events],
        description=webhook.description,
        status=WebhookStatus.ENABLED if is_enabled else WebhookStatus.DISABLED,
        created_at=webhook.created_at,
        failing_since=webhook.failing_since,
        disabled_at=webhook.disabled_at,
        disabled_reason=None if reason is None else DisabledReason(reason),
    )


def new_document(webhook: tables.Webhook, secret: str) -> NewWebhookDocument:
    """Return the public form of a webhook that was just made."""
    return NewWebhookDocument(**document(webhook).model_dump(), secret=secret)


def delivery_document(delivery: tables.WebhookDelivery) -> DeliveryDocument:
    """Return the public form of a delivery."""
    status = DeliveryStatus(delivery.status)
    is_waiting = status is DeliveryStatus.WAITING
    failure = delivery.failure
    return DeliveryDocument(
        delivery_id=delivery.id,
        webhook_id=delivery.webhook_id,
        event=delivery.event,
        status=status,
        attempts=delivery.attempts,
        created_at=delivery.created_at,
        last_attempt_at=delivery.last_attempt_at,
        next_attempt_at=delivery.next_attempt_at if is_waiting else None,
        ended_at=delivery.ended_at,
        response_status=delivery.response_status,
        failure=None if failure is None else DeliveryFailure(failure),
    )
