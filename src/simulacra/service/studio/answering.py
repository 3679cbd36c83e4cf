"""Jobs that only answer, such as previews: waited for as long as a browser does."""

import asyncio
from typing import Any

from fastapi import Request

from simulacra.service import errors
from simulacra.service.database import tables
from simulacra.service.fields import MAX_WAIT_SECONDS
from simulacra.service.generations import service
from simulacra.service.http import serving, waiting
from simulacra.service.jobs import service as jobs
from simulacra.service.people.sessions import SignedIn

LOOK_SECONDS = 0.1
"""Between two looks whether a browser still waits."""


async def wait_for(
    request: Request, runtime: serving.Runtime, person: SignedIn, job: tables.Job
) -> dict[str, Any] | None:
    """Return what a job answers; None if the browser does not wait any more: it is cancelled then.

    Raises:
        problems.Problem: it failed.
        errors.TooManyAtOnceError: it takes longer than a request is held.
    """
    announced = runtime.announcements.wait(
        runtime.database, person.tenant_id, job.id, MAX_WAIT_SECONDS
    )
    waited = asyncio.create_task(announced)
    while not waited.done():
        await asyncio.wait({waited}, timeout=LOOK_SECONDS)
        if not waited.done() and await request.is_disconnected():
            await jobs.cancel(runtime.database, runtime.endings, person.caller, job.id)
            await waited
            return None
    await waited
    job = await jobs.read(runtime.database, person.caller, job.id)
    waiting.refuse_failure(job.error, job_id=job.id)
    if job.answer is None:
        raise errors.TooManyAtOnceError(
            "This takes longer than half a minute: others are before it. Try again.",
            retry_after=service.OPEN_SECONDS,
        )
    return dict(job.answer)
