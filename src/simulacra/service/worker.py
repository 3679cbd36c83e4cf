"""The worker process: composition root."""

import asyncio
import contextlib
import logging
import os
import re

import procrastinate

from simulacra.service import compose, housekeeping, runtime
from simulacra.service.datasets import tasks as datasets
from simulacra.service.generations import tasks as generations
from simulacra.service.jobs import child
from simulacra.service.settings import Settings

HEARTBEAT_SECONDS = 1.0
STALLED_SECONDS = 5.0
SWEEP_SECONDS = 2.0
TIDY_SECONDS = 30.0
GRACE_SECONDS = 2.0
"""What a stopping worker gives its jobs before it hands them back to the queue."""

SECRET_VARIABLES = re.compile(r"DATABASE_URL|PG.*|SIMULACRA_.*|AWS_.*|AZURE_.*|GOOGLE_.*")

logger = logging.getLogger(__name__)


async def run(settings: Settings) -> None:
    """Carry out jobs until SIGTERM or SIGINT; unfinished ones go back to the queue."""
    running = compose.runtime_of(settings)
    _forget_secrets()
    child.start_server()
    queue = running.queue
    add_tasks(queue)
    try:
        await running.database.check_role()
        # In one group: a sweeper that failed must take the worker down, to be started again.
        async with queue.open_async(), asyncio.TaskGroup() as group:
            sweepers = [
                group.create_task(_sweep(queue)),
                group.create_task(_tidy(running)),
            ]
            logger.info("worker is ready")
            await _work(queue, running, settings.worker_concurrency)
            for sweeper in sweepers:
                sweeper.cancel()
    finally:
        await running.close()


def _forget_secrets() -> None:
    """Take what opens the database and the store out of what job processes inherit."""
    for name in [name for name in os.environ if SECRET_VARIABLES.fullmatch(name)]:
        del os.environ[name]


def add_tasks(queue: procrastinate.App) -> None:
    """Register what this worker can carry out."""
    queue.add_tasks_from(datasets.blueprint, namespace="datasets")
    queue.add_tasks_from(generations.blueprint, namespace="generations")


async def _work(queue: procrastinate.App, running: runtime.Runtime, concurrency: int) -> None:
    await queue.run_worker_async(
        name=f"worker-{os.getpid()}",
        concurrency=concurrency,
        additional_context={"runtime": running},
        delete_jobs="always",  # the jobs table is the record, the queue is not
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=STALLED_SECONDS,
        shutdown_graceful_timeout=GRACE_SECONDS,
    )


async def _sweep(queue: procrastinate.App) -> None:
    """Give the jobs of workers that died back to the queue, for ever."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        with contextlib.suppress(procrastinate.exceptions.ConnectorException):
            await queue.job_manager.prune_stalled_workers(STALLED_SECONDS)
            stalled = await queue.job_manager.get_stalled_jobs(
                seconds_since_heartbeat=STALLED_SECONDS
            )
            for job in stalled:
                logger.warning("queue job %s lost its worker; it goes back to the queue", job.id)
                await queue.job_manager.retry_job(job)


async def _tidy(running: runtime.Runtime) -> None:
    """Keep house, for ever; whichever worker comes first does it."""
    while True:
        await housekeeping.tidy(running)
        await asyncio.sleep(TIDY_SECONDS)
