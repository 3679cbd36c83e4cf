"""Whether the records that must not change are whole: the audit trail, and the ledger of rows."""

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from simulacra.service import outages, tenancy
from simulacra.service.usage import verification

if TYPE_CHECKING:
    from collections.abc import Mapping

ALL = TRAIL, LEDGER = "audit trail", "ledger of rows"
PAUSE_SECONDS = 6 * 3600.0
"""Between two checks: a check reads all of both records."""

logger = logging.getLogger(__name__)


class Records:
    """Checks them now and then, and remembers what was found.

    Attributes:
        found: by name of a record, whether the last check found a fault; empty before the first.
    """

    def __init__(self, database: tenancy.Database) -> None:
        self._database = database
        self.found: Mapping[str, bool] = {}

    @property
    def broken(self) -> tuple[str, ...]:
        """The names of the records in which the last check found a fault."""
        return tuple(name for name, is_broken in self.found.items() if is_broken)

    async def check(self) -> None:
        """Read both records.

        Raises:
            outages.DATABASE: the database does not answer.
        """
        trail = await self._database.verify_trail()
        ledger = await verification.verify(self._database)
        self.found = {TRAIL: trail.fault is not None, LEDGER: bool(ledger.faults)}

    async def keep_checking(self, pause_seconds: float = PAUSE_SECONDS) -> None:
        """Check them again and again, until cancelled; a check that fails waits for the next.

        The first comes after a random part of the pause, so that workers that start together do
        not all read both records at once, and not before they take their first job.
        """
        pause = random.uniform(0.0, pause_seconds)  # noqa: S311 - it spreads load
        while True:
            await asyncio.sleep(pause)
            pause = pause_seconds
            try:
                await self.check()
            except outages.ANY as error:
                logger.warning("the records were not checked: %s", type(error).__name__)
            except Exception as error:  # noqa: BLE001 - a fault here must not end the worker
                logger.error("the records were not checked: %s", type(error).__name__)  # noqa: TRY400 - the text may quote a value
