"""Whether the records that must not change are whole: the audit trail, and the ledger of rows."""

import asyncio
import random
import time

from simulacra.service import tenancy
from simulacra.service.usage import verification

ALL = TRAIL, LEDGER = "audit trail", "ledger of rows"
PAUSE_SECONDS = 6 * 3600.0
"""Between two checks: a check reads all of both records."""


class Records:
    """Checks them now and then, and remembers what was found.

    The first check comes after a random part of the pause, so that workers that start together do
    not all read both records at once, and not before they take their first job.
    """

    def __init__(self, database: tenancy.Database, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._database = database
        self._pause = pause_seconds
        self._checked = time.monotonic() - random.uniform(0.0, pause_seconds)  # noqa: S311 - it spreads load
        self._checking = asyncio.Lock()
        self._broken: tuple[str, ...] = ()

    async def broken(self) -> tuple[str, ...]:
        """Return the names of the records in which the last check found a fault.

        Raises:
            outages.DATABASE: a check is due, and the database does not answer.
        """
        async with self._checking:
            if time.monotonic() - self._checked >= self._pause:
                trail = await self._database.verify_trail()
                ledger = await verification.verify(self._database)
                faults = {TRAIL: trail.fault is not None, LEDGER: bool(ledger.faults)}
                self._broken = tuple(name for name, is_broken in faults.items() if is_broken)
                self._checked = time.monotonic()
        return self._broken
