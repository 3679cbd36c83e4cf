"""Problem documents (RFC 9457) as they are published, and the pages that explain their codes."""

import datetime as dt

from pydantic import BaseModel, Field


class FaultDocument(BaseModel):
    """One field at fault."""

    pointer: str | None = Field(
        None, description="RFC 6901 pointer into the JSON body, or into a form."
    )
    parameter: str | None = Field(None, description="Name of the query, path or form field.")
    detail: str
    code: str


class QuotaDocument(BaseModel):
    """The figures behind a refused `row_count`."""

    row_count: int = Field(description="Rows that the request asked for.")
    max_rows_per_request: int | None = Field(default=None, description="Cap of one request.")
    subscription_rows: int | None = Field(default=None, description="Rows of one window.")
    rows_used: int | None = Field(default=None, description="Rows billed in this window.")
    rows_reserved: int | None = Field(
        default=None, description="Rows held for generations that have not ended yet."
    )
    rows_remaining: int | None = Field(default=None, description="Rows neither used nor reserved.")
    window_starts_at: dt.datetime | None = None
    window_ends_at: dt.datetime | None = Field(
        default=None, description="When the next window begins."
    )


class ProblemDocument(BaseModel):
    """RFC 9457 problem; `code` and `type` are stable."""

    type: str = Field(description="Address of the page that explains the code.")
    title: str
    status: int
    detail: str
    instance: str | None = Field(None, description="Path of the request.")
    code: str
    request_id: str | None = Field(None, description="Quote it to support.")
    retryable: bool = Field(description="Whether the same request may succeed later.")
    errors: list[FaultDocument] | None = None
    job_id: str | None = Field(None, description="The job that failed within `wait_seconds`.")
    dataset_id: str | None = Field(None, description="The dataset that this job was to train.")
    generation_id: str | None = Field(None, description="The generation that it was to make.")
    quota: QuotaDocument | None = Field(None, description="With codes about row quotas.")


class CodeDocument(BaseModel):
    """What a code means, why it happens, and what to do."""

    code: str
    status: int = Field(description="The HTTP status that it comes with.")
    title: str
    meaning: str
    cause: str
    fix: str
    retryable: bool = Field(description="Whether the same request may succeed later.")
    retry: str = Field(description="The same in words.")
    support: str = Field(description="Whom to write to, and what to quote.")
    example: ProblemDocument = Field(description="A problem with this code.")


class CatalogDocument(BaseModel):
    """Every code that there is."""

    errors: list[CodeDocument]
