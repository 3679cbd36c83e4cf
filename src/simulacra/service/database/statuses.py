"""The words that the status columns hold."""

from enum import StrEnum


class JobStatus(StrEnum):
    """States of a job; the last four are final.

    A job is `expired` if what it was to make expired first, or if it ended so long ago that only
    its id and its times are kept.
    """

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the job will not change any more."""
        return self not in OPEN


OPEN = frozenset({JobStatus.QUEUED, JobStatus.PROCESSING})
"""States of jobs that have not ended."""


class DatasetStatus(StrEnum):
    """States of a dataset."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"
    DELETED = "deleted"


class GenerationStatus(StrEnum):
    """States of a generation; `partial` has fewer rows than were asked for."""

    PROCESSING = "processing"
    READY = "ready"
    PARTIAL = "partial"
    FAILED = "failed"
    EXPIRED = "expired"


class DeliveryStatus(StrEnum):
    """States of the delivery of an event to a webhook; the last two are final."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class DeliveryFailure(StrEnum):
    """Why the last attempt at a delivery did not succeed."""

    STATUS = "status"  # the answer was no 2xx
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TLS = "tls"
    ADDRESS = "address"  # unknown, or one that webhooks may not go to
    PROTOCOL = "protocol"  # the answer was not HTTP
    DISABLED = "disabled"  # its webhook was, before it was delivered


class DisabledReason(StrEnum):
    """Why a webhook was disabled."""

    REQUESTED = "requested"  # by a client of the tenant
    GONE = "gone"  # the receiver answered 410
    FAILING = "failing"  # the receiver took nothing for days
    BACKLOG = "backlog"  # too many deliveries wait
    CLIENT_REVOKED = "client_revoked"
    OPERATOR = "operator"
