"""The ends of jobs, announced to the requests that are held for them.

PostgreSQL's LISTEN and NOTIFY carry them. Who is told of an end looks at the job itself, and an
announcement may be lost with a connection; so who waits looks now and then anyway, and an
announcement only makes that sooner.
"""

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence

import psycopg
from psycopg import sql
from sqlalchemy import ARRAY, Text, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import errors, tenancy
from simulacra.service.database import tables
from simulacra.service.database.statuses import JobStatus
from simulacra.service.jobs import repository

CHANNEL = "simulacra_job_ended"
LOOK_SECONDS = 5.0
"""Between two looks that no announcement asks for."""
RETRY_SECONDS = 1.0
"""Until a lost connection is made again."""

logger = logging.getLogger(__name__)


async def announce(session: AsyncSession, jobs: Sequence[tables.Job]) -> None:
    """Tell who waits for some jobs that they have ended, once the transaction commits."""
    if jobs:
        ids = literal([job.id for job in jobs], ARRAY(Text))
        each = func.unnest(ids).column_valued("id")
        await session.execute(select(func.pg_notify(CHANNEL, each)))


class Announcements:
    """What is announced to one process, on a connection of its own that opens at the first wait.

    Args:
        dsn: of the database.
        draining: set when nobody is to wait any more.
    """

    def __init__(self, dsn: str, draining: asyncio.Event) -> None:
        self._dsn, self._draining = dsn, draining
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None

    async def wait(
        self, database: tenancy.Database, tenant_id: str, job_id: str, seconds: float
    ) -> None:
        """Return when a job is final or gone, after `seconds`, or when the process drains."""
        deadline = time.monotonic() + seconds
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        with self._told_of(job_id) as told:
            while (left := deadline - time.monotonic()) > 0 and not self._draining.is_set():
                try:
                    job = await repository.read(database, tenant_id, job_id)
                except errors.JobNotFoundError:
                    return
                if JobStatus(job.status).is_final:
                    return
                await self._either(told, min(left, LOOK_SECONDS))

    async def close(self) -> None:
        """Listen no longer."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    @contextlib.contextmanager
    def _told_of(self, job_id: str) -> Iterator[asyncio.Event]:
        """Yield what is set when the end of a job is announced."""
        told = asyncio.Event()
        self._waiting[job_id].add(told)
        try:
            yield told
        finally:
            self._waiting[job_id].discard(told)
            if not self._waiting[job_id]:
                del self._waiting[job_id]

    async def _either(self, told: asyncio.Event, seconds: float) -> None:
        """Wait for an announcement, or for the process to drain."""
        events = [asyncio.create_task(event.wait()) for event in (told, self._draining)]
        await asyncio.wait(events, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for event in events:
            event.cancel()
        await asyncio.gather(*events, return_exceptions=True)
        told.clear()

    async def _listen(self) -> None:
        """Pass announcements on, until cancelled."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._dsn, autocommit=True
                ) as connection:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
                    self._wake(*self._waiting)  # for what ended before
                    async for announcement in connection.notifies():
                        self._wake(announcement.payload)
            except psycopg.Error as error:
                logger.warning("ends of jobs are not announced: %s", type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)

    def _wake(self, *job_ids: str) -> None:
        for job_id in job_ids:
            for told in self._waiting.get(job_id, ()):
                told.set()
