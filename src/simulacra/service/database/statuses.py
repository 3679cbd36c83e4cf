"""The words that the status columns of jobs, datasets and generations hold."""

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
