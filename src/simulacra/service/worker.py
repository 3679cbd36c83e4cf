"""The worker process: composition root."""

import asyncio
import contextlib
import dataclasses
import logging
import os
from collections.abc import Collection

import procrastinate
import procrastinate.worker
from procrastinate import signals

from simulacra.service import (
    canary,
    compose,
    errors,
    housekeeping,
    keys,
    liveness,
    outages,
    scratch,
)
from simulacra.service.confinement import environment, layers
from simulacra.service.database import timeouts
from simulacra.service.jobs import attempts, child, kept, kinds, probe, queues, workers
from simulacra.service.monitoring import exporter, gauges, traces, watch
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from simulacra.service.webhooks import delivery

HEARTBEAT_SECONDS = 1.0
STALLED_SECONDS = 5.0
SWEEP_SECONDS = 2.0
LOOK_SECONDS = 30.0
TIDY_SECONDS = 30.0
FETCH_SECONDS = 1.0
"""How often a worker looks for jobs that came back to the queue, which no message announces."""

logger = logging.getLogger(__name__)


async def run(settings: Settings, names: Collection[str] = queues.ALL) -> None:
    """Carry out the jobs of the queues `names` until SIGTERM or SIGINT, and then drain.

    A draining worker takes no job any more; those that it has get `drain_seconds` to end, after
    which they go back to the queue.

    Raises:
        tenancy.UnboundRoleError: row-level security does not bind the role of the database.
        revision.OutdatedError: the database wants migrating first.
        keys.OtherKeyError: the database was first used with another master key.
        layers.UnconfinedError: jobs could not be confined here, and that is required.
    """
    if settings.require_confinement:
        layers.check(layers.available())
    async with liveness.serving(compose.liveness_address(settings)):
        runtime = compose.runtime_of(settings, compose.keyring_of(settings), timeouts.OF_JOBS)
        # Both need the environment as it is.
        looking = compose.watch_of(settings, runtime)
        delivering = compose.deliveries_of(settings, runtime)
        with traces.sent_to(settings.traces_collector, "worker") as spans:
            own = dataclasses.replace(
                runtime,
                tracer=spans.get_tracer("simulacra"),
                children=kept.Children(settings.kept_models),
            )
            await _run(own, settings, names, looking, delivering)


async def _run(
    runtime: Runtime,
    settings: Settings,
    names: Collection[str],
    looking: watch.Watch,
    delivering: delivery.Deliveries,
) -> None:
    environment.restrict(os.environ)  # which job processes inherit
    child.start_server(kind.function for kind in runtime.job_kinds.values())
    queue = runtime.queue
    add_tasks(queue, runtime.job_kinds)
    collector = gauges.StateCollector(lambda: runtime.database.connections)
    try:
        await asyncio.to_thread(scratch.sweep)  # rows in plain text that a killed process left
        await runtime.database.check_role()
        await canary.check(runtime.database, runtime.keyring)
        # In one group: a sweeper that failed must take the worker down, to be started again.
        async with (
            queue.open_async(),
            exporter.serving(collector, compose.metrics_address(settings)),
            asyncio.TaskGroup() as group,
        ):
            held = await _confinement(runtime)
            loops = (
                _sweep(runtime),
                _tidy(runtime),
                _report(runtime, held),
                _look(looking, collector),
                looking.records.keep_checking(),
                delivering.run(),
            )
            sweepers = [group.create_task(loop) for loop in loops]
            logger.info("worker is ready for %s", ", ".join(names))
            await work(runtime, names, settings.worker_concurrency, settings.drain_seconds)
            for sweeper in sweepers:
                sweeper.cancel()
    finally:
        await runtime.close()


async def _confinement(runtime: Runtime) -> Collection[layers.Layer]:
    """Return the layers that confine jobs here, and log them.

    Raises:
        layers.UnconfinedError: they are not enough, and that is required.
    """
    try:
        held = await probe.run(runtime.resources.limits)
    except (errors.JobFailedError, child.ChildFaultError, child.KilledError) as error:
        logger.warning("the first job failed: %s", error)
        held = frozenset()
    if runtime.policy.require_confinement:
        layers.check(held)
    missing = set(layers.Layer) - held
    if layers.REQUIRED & missing:
        logger.warning(
            "jobs run without %s: code in a hostile file could reach what the worker can; see "
            "SECURITY.md",
            " and ".join(sorted(missing)),
        )
    else:
        logger.info("jobs are confined by %s", ", ".join(sorted(held)))
    return held


def add_tasks(queue: procrastinate.App, job_kinds: kinds.Kinds) -> None:
    """Register what this worker can carry out."""
    for kind in job_kinds.values():
        add = queue.task(name=kind.task, queue=kind.queue, pass_context=True, retry=attempts.RETRY)
        add(_carry_out)


async def _carry_out(context: procrastinate.JobContext, *, tenant_id: str, job_id: str) -> None:
    resources: attempts.Resources = context.additional_context["resources"]
    await attempts.carry_out(resources, tenant_id, job_id)


class Worker(procrastinate.worker.Worker):
    """procrastinate's worker, with a heart that beats until its last job has ended.

    The original's stops when the worker begins to drain, and so everyone would take it for dead,
    and its jobs for lost, after `STALLED_SECONDS`.
    """

    async def run(self) -> None:
        """Work until `stop` is called, and drain."""
        ended = asyncio.Event()
        beating = asyncio.create_task(self._keep_beating(ended))
        try:
            await super().run()  # type: ignore[no-untyped-call]  # as procrastinate left it
        finally:
            ended.set()  # and not cancelled, which could cost the pool a connection
            await beating

    async def _keep_beating(self, ended: asyncio.Event) -> None:
        while not ended.is_set():
            if self.worker_id is not None:
                with contextlib.suppress(procrastinate.exceptions.ConnectorException):
                    await self.app.job_manager.update_heartbeat(self.worker_id)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), HEARTBEAT_SECONDS)


async def work(
    runtime: Runtime, names: Collection[str], concurrency: int, drain_seconds: float
) -> None:
    """Carry out jobs of the queues `names`; the queue must be open.

    Args:
        runtime: what jobs are carried out with.
        names: the queues.
        concurrency: jobs at a time, with one interactive one more if there are other queues too.
        drain_seconds: how long jobs may go on after SIGTERM or SIGINT.
    """
    workers_of_queue = [
        Worker(
            runtime.queue,
            queues=taken,
            name=f"worker-{os.getpid()}",
            concurrency=places,
            additional_context={"resources": runtime.resources},
            delete_jobs="always",  # the jobs table is the record, the queue is not
            fetch_job_polling_interval=FETCH_SECONDS,
            stalled_worker_timeout=STALLED_SECONDS,
            shutdown_graceful_timeout=drain_seconds,
            install_signal_handlers=False,  # each would take those of the other away
        )
        for taken, places in _lanes(names, concurrency)
    ]

    def stop() -> None:
        for each in workers_of_queue:
            each.stop()  # type: ignore[no-untyped-call]  # as procrastinate left it

    with signals.on_stop(stop):
        async with asyncio.TaskGroup() as group:
            for each in workers_of_queue:
                group.create_task(each.run())


def _lanes(names: Collection[str], concurrency: int) -> list[tuple[Collection[str] | None, int]]:
    """Return the queues to take jobs of, side by side, and how many at a time.

    Who takes interactive jobs and others has one place more that only the interactive ones may
    have; with the others they take turns, first come, first served.
    """
    # None takes entries without one of our names, too: made by an older version, say.
    taken = None if set(names) == set(queues.ALL) else sorted(names)
    lanes: list[tuple[Collection[str] | None, int]] = [(taken, concurrency)]
    if queues.INTERACTIVE in names and len(names) > 1:
        lanes.append(([queues.INTERACTIVE], 1))
    return lanes


async def _sweep(runtime: Runtime) -> None:
    """Return the jobs of workers that died to the queue, until cancelled."""
    manager = runtime.queue.job_manager
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        with contextlib.suppress(*outages.DATABASE):
            await manager.prune_stalled_workers(STALLED_SECONDS)
            stalled = await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
            for entry in stalled:
                logger.warning("queue job %s lost its worker; it goes back to the queue", entry.id)
                await runtime.endings.admission.replace(runtime.database, entry)


async def _report(runtime: Runtime, held: Collection[layers.Layer]) -> None:
    """Note again and again that this worker is there, until cancelled."""
    worker_id = keys.random_id("wrk_")
    try:
        while True:
            with contextlib.suppress(*outages.DATABASE):
                await workers.note(runtime.database, worker_id, held)
            await asyncio.sleep(TIDY_SECONDS)
    finally:
        with contextlib.suppress(*outages.DATABASE):
            await workers.forget(runtime.database, worker_id)


async def _tidy(runtime: Runtime) -> None:
    """Do the housekeeping again and again, until cancelled; any worker may do it."""
    while True:
        await housekeeping.tidy(runtime)
        await asyncio.sleep(TIDY_SECONDS)


async def _look(looking: watch.Watch, collector: gauges.StateCollector) -> None:
    """Tell operators what is the matter, until cancelled; whichever worker sees it first."""
    while True:
        try:
            await looking.look()
            collector.broken_records = looking.records.found
        except outages.ANY as error:
            logger.warning("the watch met %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the watch must outlast what it watches
            logger.error("the watch failed by %s", type(error).__name__)  # noqa: TRY400 - the text may quote a value
        await asyncio.sleep(LOOK_SECONDS)
