"""`wait_seconds`: how long a request may be held until its work is done."""

from typing import Annotated

from fastapi import Query, Response

from simulacra.service.fields import MAX_WAIT_SECONDS

RETRY_AFTER_SECONDS = "2"

WaitSeconds = Annotated[
    int,
    Query(
        ge=0,
        le=MAX_WAIT_SECONDS,
        description="Hold the answer for up to so many seconds until the work is done.",
    ),
]


def announce(response: Response, job_id: str, *, is_done: bool, is_replayed: bool) -> None:
    """Set status and headers of an operation that starts work: 200 when done, 202 until then."""
    response.status_code = 200 if is_done else 202
    if is_replayed:
        response.headers["Idempotent-Replayed"] = "true"
    if not is_done:
        response.headers["Location"] = f"/v1/jobs/{job_id}"
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
