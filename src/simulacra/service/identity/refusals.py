"""Refused tokens and credentials in the audit trail, without letting anyone flood it.

Anyone can send bad tokens as fast as the network carries them. So the first refusal of a kind is
written at once, and those that follow as one entry with their number every few seconds.
"""

import asyncio
import contextlib

from simulacra.service import measures, outages, tenancy
from simulacra.service.audit import entry, origin, trail
from simulacra.service.audit.entry import Action, Detail, Outcome, Reason

PAUSE_SECONDS = 5.0
"""Between two entries of one kind."""
MAX_KINDS = 1000
"""Kinds that are counted apart at a time; what comes beyond them is counted without its client."""

Kind = tuple[Reason, str | None, str | None]


class Refusals:
    """The refusals of one process, counted by reason and client."""

    def __init__(self, database: tenancy.Database, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._database = database
        self._pause = pause_seconds
        self._waiting: dict[Kind, int] = {}
        self._writers: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    async def record(
        self, reason: Reason, client_id: str | None = None, tenant_id: str | None = None
    ) -> None:
        """Count one refusal; the first of its kind is written before this returns.

        Args:
            reason: why.
            client_id: of a client that exists; an unknown name is not written down.
            tenant_id: whose client it is.
        """
        measures.REFUSALS.labels(reason).inc()
        kind: Kind = (reason, client_id, tenant_id)
        if kind not in self._waiting and len(self._waiting) >= MAX_KINDS:
            kind = (reason, None, None)
        if kind in self._waiting:
            self._waiting[kind] += 1
            return
        self._waiting[kind] = 0
        try:
            await self._write(kind, 1)
        except outages.DATABASE:
            self._waiting[kind] += 1
            raise
        finally:
            writer = asyncio.create_task(self._write_those_that_follow(kind))
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)

    async def close(self) -> None:
        """Write what waits; one that the database does not take is lost with the process."""
        self._closing.set()
        await asyncio.gather(*self._writers, return_exceptions=True)

    async def _write_those_that_follow(self, kind: Kind) -> None:
        """Write the number of each pause, until a pause had none."""
        origin.REQUEST_ID.set(None)  # they are of many requests
        try:
            while count := await self._counted_in_a_pause(kind):
                with contextlib.suppress(*outages.DATABASE):  # they wait for the next pause
                    await self._write(kind, count)
                    self._waiting[kind] -= count
                if self._closing.is_set():
                    return
        finally:  # whatever it failed by, the next refusal begins anew
            del self._waiting[kind]

    async def _counted_in_a_pause(self, kind: Kind) -> int:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), self._pause)
        return self._waiting[kind]

    async def _write(self, kind: Kind, count: int) -> None:
        reason, client_id, tenant_id = kind
        async with self._database.transaction(tenancy.SYSTEM) as session:
            trail.record(
                session,
                entry.caller(client_id) if client_id else entry.ANONYMOUS,
                Action.TOKEN_REFUSED,
                client_id,
                tenant_id=tenant_id,
                outcome=Outcome.REFUSED,
                details={Detail.REASON: reason, Detail.COUNT: count},
            )
