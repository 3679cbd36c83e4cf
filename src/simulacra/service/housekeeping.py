"""What is done again and again, whoever comes first: end what has expired, remove what is over."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from simulacra.service import objects, outages, runtime, scratch
from simulacra.service.credentials import claims
from simulacra.service.datasets import expiry as datasets
from simulacra.service.generations import expiry as generations
from simulacra.service.idempotency import bindings
from simulacra.service.jobs import admission
from simulacra.service.jobs import service as jobs

logger = logging.getLogger(__name__)

Chore = Callable[[runtime.Runtime], Awaitable[object]]


async def _forget_throttles(running: runtime.Runtime) -> None:
    await running.throttle.forget()


async def _tidy_identity(running: runtime.Runtime) -> None:
    await running.identity.tidy()


async def _sweep_scratch(_: runtime.Runtime) -> None:
    await asyncio.to_thread(scratch.sweep)


CHORES: tuple[Chore, ...] = (
    bindings.forget,
    generations.sweep,
    datasets.sweep,
    jobs.retire,
    objects.sweep,
    admission.reconcile,
    claims.expire,
    _forget_throttles,
    _tidy_identity,
    _sweep_scratch,
)
"""In their order: a tombstone outlasts its key, a dataset's its generations', objects go last."""


async def tidy(running: runtime.Runtime) -> None:
    """Do every chore once; one that fails is left to the next round.

    Even if it fails for a reason that nobody foresaw: it would do so in every worker, at every
    start, and no job would be carried out any more.
    """
    for chore in CHORES:
        name = f"{chore.__module__}.{chore.__qualname__}"
        try:
            await chore(running)
        except outages.ANY as error:
            logger.warning("housekeeping: %s met %s", name, type(error).__name__)
        except Exception as error:  # noqa: BLE001 - see above; the text may quote a value
            logger.error("housekeeping: %s failed by %s", name, type(error).__name__)  # noqa: TRY400
