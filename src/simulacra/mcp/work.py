"""Waiting for a job within a call: with progress, not for too long, and ended when cancelled."""

import anyio

from simulacra.engine.progress import Progress
from simulacra.mcp import setup
from simulacra.mcp.backends.backend import Backend, Work
from simulacra.mcp.setup import Call

CANCEL_SECONDS = 10.0
REPORT_SECONDS, REPORT_STEP = 0.5, 0.02
"""How often progress is reported at most, and how much of it at least."""


async def finished(call: Call, backend: Backend, work: Work, seconds: float | None = None) -> Work:
    """Return a job when it has ended, or as it is when the call has waited long enough.

    A call that is cancelled cancels the job that it has begun.

    Args:
        call: that waits.
        backend: that works.
        work: the job.
        seconds: to wait; by default those of the setup.
    """
    if work.is_done:
        return work
    latest: list[Progress] = []
    wanted = setup.of(call).wait_seconds if seconds is None else seconds
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_report, call, latest)
            ended = await backend.wait(work.job_id, wanted, latest.append)
            group.cancel_scope.cancel()
    except anyio.get_cancelled_exc_class():
        if seconds is None:
            with anyio.CancelScope(shield=True), anyio.move_on_after(CANCEL_SECONDS):
                await backend.cancel(work.job_id)
        raise
    except BaseExceptionGroup as group_error:
        raise group_error.exceptions[0] from None
    return ended


async def _report(call: Call, latest: list[Progress]) -> None:
    """Tell the client how far the job has come, whenever that has changed."""
    next_told = 0.0
    while True:
        if latest:
            newest = latest[-1]
            latest.clear()
            if newest.fraction >= next_told:
                next_told = newest.fraction + REPORT_STEP
                await call.report_progress(round(newest.fraction, 3), 1.0, newest.stage)
        await anyio.sleep(REPORT_SECONDS)
