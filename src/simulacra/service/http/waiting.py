"""`wait_seconds`: how long a request may be held until its work is done."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query, Response

from simulacra.service import errors
from simulacra.service.fields import MAX_WAIT_SECONDS
from simulacra.service.http import problems

RETRY_AFTER_SECONDS = "2"

OF_FAILED_JOBS = ("simio_job_limit_exceeded", "simio_job_cancelled")
"""Codes of any work that ends while its request is held; each kind has others."""

WaitSeconds = Annotated[
    int,
    Query(
        ge=0,
        le=MAX_WAIT_SECONDS,
        description="Hold the answer for up to so many seconds until the work is done.",
    ),
]


def refuse_failure(error: Mapping[str, Any] | None, **ids: str) -> None:
    """Answer with the problem of work that has failed while its request was held.

    A 200 whose body says that there is nothing would be taken for a success.

    Args:
        error: what the job ended with, if it failed.
        ids: of the job and of what it was to make, by the members of the problem.

    Raises:
        problems.Problem: the one that the job ended with, if it did.
    """
    if error is None:
        return
    faults = [
        errors.Fault(
            it.get("parameter") or it["pointer"],
            it["detail"],
            it["code"],
            is_parameter="parameter" in it,
            pointer=it.get("pointer") if "parameter" in it else None,
        )
        for it in error.get("errors", ())
    ]
    raise problems.Problem(error["code"], error["detail"], faults=faults, extensions=ids)


def announce(response: Response, job_id: str, *, is_done: bool, is_replayed: bool) -> None:
    """Set status and headers of an operation that starts work: 200 when done, 202 until then."""
    response.status_code = 200 if is_done else 202
    if is_replayed:
        response.headers["Idempotent-Replayed"] = "true"
    if not is_done:
        response.headers["Location"] = f"/v1/jobs/{job_id}"
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
