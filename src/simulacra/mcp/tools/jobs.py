"""Jobs that go on after a call, and what is left of the subscription."""

from typing import Annotated

from mcp.types import CallToolResult
from pydantic import Field

from simulacra.mcp import setup, work
from simulacra.mcp.answers import JobAnswer, UsageAnswer, text_of
from simulacra.mcp.arguments import JobId
from simulacra.mcp.backends import backend as backends
from simulacra.mcp.backends.backend import Backend, Work
from simulacra.mcp.setup import Call
from simulacra.mcp.tools import scenarios, studies


async def check_job(
    job_id: JobId,
    ctx: Call,
    wait_seconds: Annotated[
        int, Field(ge=0, le=45, description="How long to wait for its end.")
    ] = 45,
) -> Annotated[CallToolResult, JobAnswer]:
    """See how far an upload or a generation is that another tool has answered with a job_id."""
    async with setup.backend(ctx) as backend:
        begun = await backend.wait(job_id, 0)
        job = await work.finished(ctx, backend, begun, wait_seconds)
        answer = JobAnswer(
            job_id=job_id,
            status="completed" if job.is_done else "processing",
            operation=job.operation,
            fraction=round(job.fraction, 3),
            dataset_id=job.dataset_id if job.is_done else None,
            generation_id=job.generation_id if job.is_done else None,
        )
        if not job.is_done:
            return answer.told(f"{job.stage}, {job.fraction:.0%} done. Call check_job again.")
        return answer.told("Completed.", await _made(ctx, backend, job))


async def _made(call: Call, backend: Backend, job: Work) -> str:
    """Return what the tool that began a job would have said of its result."""
    if job.operation == backends.GENERATE and job.generation_id is not None:
        return text_of(await scenarios.told(call, backend, job.generation_id, 0))
    if job.operation == backends.UPLOAD and job.dataset_id is not None:
        return text_of(await studies.overview(backend, job.dataset_id, is_new=True))
    return ""


async def cancel_job(job_id: JobId, ctx: Call) -> Annotated[CallToolResult, JobAnswer]:
    """End an upload or a generation that is under way. Its work is lost; nothing is billed."""
    async with setup.backend(ctx) as backend:
        await backend.cancel(job_id)
    return JobAnswer(job_id=job_id, status="cancelling").told(
        f"The job {job_id} ends, unless it has ended already."
    )


async def show_usage(ctx: Call) -> Annotated[CallToolResult, UsageAnswer]:
    """See how many synthetic rows the subscription has left."""
    async with setup.backend(ctx) as backend:
        room = await backend.room()
    answer = UsageAnswer(
        rows_used=room.rows_used,
        rows_remaining=room.rows_remaining,
        max_rows_per_request=room.max_rows_per_request,
        window_ends_at=room.window_ends_at,
    )
    left = "no limit" if room.rows_remaining is None else f"{room.rows_remaining:,} rows are left"
    return answer.told(
        f"{room.rows_used:,} rows were used, {left} until {room.window_ends_at}; one call may ask "
        f"for {room.max_rows_per_request:,}."
    )
