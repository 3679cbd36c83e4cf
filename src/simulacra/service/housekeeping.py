"""Recurring work that any worker may do: ending what has expired, removing what is not needed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from simulacra.service import measures, outages, scratch
from simulacra.service.credentials import claims
from simulacra.service.datasets import expiry as datasets
from simulacra.service.generations import expiry as generations
from simulacra.service.idempotency import bindings
from simulacra.service.jobs import service as jobs
from simulacra.service.runtime import Runtime
from simulacra.service.webhooks import upkeep as webhooks

logger = logging.getLogger(__name__)

Chore = Callable[[Runtime], Awaitable[None]]


async def _forget_keys(runtime: Runtime) -> None:
    await bindings.forget(runtime.database)


async def _expire_generations(runtime: Runtime) -> None:
    await generations.sweep(runtime.database, runtime.endings)


async def _announce_expiry(runtime: Runtime) -> None:
    await datasets.announce(runtime.database, runtime.outbox)


async def _expire_datasets(runtime: Runtime) -> None:
    await datasets.sweep(runtime.database, runtime.endings)


async def _retire_jobs(runtime: Runtime) -> None:
    await jobs.forget_answers(runtime.database)
    await jobs.retire(runtime.database, runtime.policy.job_history)


async def _remove_objects(runtime: Runtime) -> None:
    await runtime.objects.sweep()


async def _reconcile_queue(runtime: Runtime) -> None:
    await runtime.endings.admission.reconcile(runtime.database)


async def _expire_claims(runtime: Runtime) -> None:
    await claims.expire(runtime.database)


async def _forget_throttles(runtime: Runtime) -> None:
    await runtime.throttle.forget()


async def _tidy_identity(runtime: Runtime) -> None:
    await runtime.identity.tidy()


async def _tidy_webhooks(runtime: Runtime) -> None:
    await webhooks.tidy(runtime.database)


async def _sweep_scratch(_: Runtime) -> None:
    await asyncio.to_thread(scratch.sweep)


CHORES: tuple[Chore, ...] = (
    _forget_keys,
    _expire_generations,
    _announce_expiry,
    _expire_datasets,
    _retire_jobs,
    _remove_objects,
    _reconcile_queue,
    _expire_claims,
    _forget_throttles,
    _tidy_identity,
    _tidy_webhooks,
    _sweep_scratch,
)
"""In their order: a tombstone outlasts its key, a dataset's its generations', objects go last."""


async def tidy(runtime: Runtime) -> None:
    """Do every chore once; one that fails is left to the next round.

    That holds for unforeseen errors too: otherwise one of them would stop every worker at every
    start, and no job would be carried out any more.
    """
    for chore in CHORES:
        name = chore.__name__.strip("_")
        try:
            await chore(runtime)
        except outages.ANY as error:
            measures.CHORE_FAILURES.labels(name).inc()
            logger.warning("housekeeping: %s met %s", name, type(error).__name__)
        except Exception as error:  # noqa: BLE001 - see above; the text may quote a value
            measures.CHORE_FAILURES.labels(name).inc()
            logger.error("housekeeping: %s failed by %s", name, type(error).__name__)  # noqa: TRY400
