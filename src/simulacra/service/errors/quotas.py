"""Requests for more rows than the tenant may have, with the figures that explain the refusal."""

import dataclasses
import datetime as dt

from simulacra.service.errors.base import Fault, ServiceError


@dataclasses.dataclass(frozen=True)
class Quota:
    """The figures behind a refused number of rows; None where a figure does not matter.

    Attributes:
        row_count: rows that the request asked for.
        max_rows_per_request: the cap of one request.
        subscription_rows: rows of one window.
        rows_used: rows billed in this window.
        rows_reserved: rows held for generations that have not ended yet.
        rows_remaining: rows neither used nor reserved.
        window_starts_at: when the window began.
        window_ends_at: when the next one begins.
    """

    row_count: int
    max_rows_per_request: int | None = None
    subscription_rows: int | None = None
    rows_used: int | None = None
    rows_reserved: int | None = None
    rows_remaining: int | None = None
    window_starts_at: dt.datetime | None = None
    window_ends_at: dt.datetime | None = None


class QuotaError(ServiceError):
    """The tenant may not have so many rows, for the reason that a subclass names."""

    def __init__(self, detail: str, quota: Quota, *, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(detail, faults=faults)
        self.quota = quota


class RowCapExceededError(QuotaError):
    """One request asks for more rows than any may."""

    code = "simio_row_cap_exceeded"


class QuotaExceededError(QuotaError):
    """The subscription does not have so many rows before its next window."""

    code = "simio_quota_exceeded"


class StorageQuotaError(ServiceError):
    """The tenant stores as many bytes as it may."""

    code = "simio_storage_quota_exceeded"


class ReservationConflictError(QuotaError):
    """The rows may be free once other requests or generations of the tenant have ended."""

    code = "simio_quota_reservation_conflict"

    def __init__(self, detail: str, quota: Quota, *, retry_after: int) -> None:
        super().__init__(detail, quota)
        self.retry_after = retry_after
