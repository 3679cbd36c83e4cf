"""What is posted to a webhook, as the API describes it; `events` writes it."""

import datetime as dt
from typing import Literal

from pydantic import BaseModel, Field

from simulacra.service.webhooks.events import TEST, EventType

AT = Field(description="When it happened.")


class JobLinks(BaseModel):
    """Where to read more of a job, with a token."""

    job: str
    dataset: str | None = Field(None, description="Of a training that is completed.")
    generation: str | None = Field(None, description="Of a generation that is completed.")


class JobEventData(BaseModel):
    """What happened to which job."""

    job_id: str
    operation: str = Field(description="The operation that started it, such as createDataset.")
    status: str = Field(description="The state in which it ended.")
    dataset_id: str
    generation_id: str | None = None
    code: str | None = Field(None, description="Of the error, if there is one.")
    links: JobLinks


class JobMessage(BaseModel):
    """A job has ended. Members may be added."""

    type: Literal["job.completed", "job.failed", "job.cancelled", "job.expired"]
    timestamp: dt.datetime = AT
    data: JobEventData


class DatasetLinks(BaseModel):
    """Where to read more of a dataset, with a token."""

    dataset: str


class DatasetEventData(BaseModel):
    """Which dataset is about to expire."""

    dataset_id: str
    expires_at: dt.datetime
    links: DatasetLinks


class DatasetMessage(BaseModel):
    """A dataset is about to expire. Members may be added."""

    type: Literal["dataset.expiring"]
    timestamp: dt.datetime = AT
    data: DatasetEventData


class WebhookLinks(BaseModel):
    """Where to read more of a webhook, with a token."""

    webhook: str


class TestEventData(BaseModel):
    """Which webhook is tested."""

    webhook_id: str
    links: WebhookLinks


class TestMessage(BaseModel):
    """Somebody asked for a test. Members may be added."""

    type: Literal["webhook.test"]
    timestamp: dt.datetime = AT
    data: TestEventData


OF_EVENTS: dict[str, type[BaseModel]] = {
    EventType.JOB_COMPLETED: JobMessage,
    EventType.JOB_FAILED: JobMessage,
    EventType.JOB_CANCELLED: JobMessage,
    EventType.JOB_EXPIRED: JobMessage,
    EventType.DATASET_EXPIRING: DatasetMessage,
    TEST: TestMessage,
}
"""The message of each type of event."""
