"""Usage as the API shows it."""

import datetime as dt

from pydantic import BaseModel, Field

from simulacra.service.database import tables
from simulacra.service.usage import windows


class UsageDocument(BaseModel):
    """The current window of the subscription and what is left of it."""

    window_starts_at: dt.datetime
    window_ends_at: dt.datetime = Field(description="When the next window begins.")
    subscription_rows: int | None = Field(description="Rows of one window; null: no limit.")
    rows_used: int = Field(description="Rows billed in this window.")
    rows_reserved: int = Field(description="Rows held for generations that have not ended yet.")
    rows_remaining: int | None = Field(
        description="Rows neither used nor reserved; null: no limit."
    )
    max_rows_per_request: int = Field(description="Cap of one request.")
    generations: int = Field(description="Generations billed in this window.")


def document(tenant: tables.Tenant, window: tables.UsageWindow, generations: int) -> UsageDocument:
    """Return the public form of a window."""
    return UsageDocument(
        window_starts_at=window.starts_at,
        window_ends_at=window.ends_at,
        subscription_rows=tenant.subscription_rows,
        rows_used=window.rows_used,
        rows_reserved=window.rows_reserved,
        rows_remaining=windows.remaining(tenant, window),
        max_rows_per_request=tenant.max_rows_per_request,
        generations=generations,
    )
