"""Looks at an installation again and again, and tells operators what somebody should look at."""

import asyncio
import dataclasses
import logging
from pathlib import Path

from simulacra.service import tenancy, throttling
from simulacra.service.monitoring import alerts, notices, records, state

REPEAT = throttling.Limit("alerts", calls=1, seconds=6 * 3600)
"""A cause that lasts is told of again after six hours."""
ONCE = throttling.Limit("alerts-once", calls=1, seconds=30 * 24 * 3600)
"""What happened once, such as a request for access, is told of once."""
LOG = "log"
"""The channel that is always there."""

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Watch:
    """What looking takes.

    Several processes may look: the throttle, which they share, lets one of them tell.

    Attributes:
        database: of the installation.
        throttle: shared by all processes.
        records: that are checked now and then.
        channels: to the operator.
        data_dir: of the installation.
        certificate: the API's own, if it is on this machine.
        job_seconds: how long a job may run.
    """

    database: tenancy.Database
    throttle: throttling.Throttle
    records: records.Records
    channels: tuple[notices.Channel, ...]
    data_dir: Path
    certificate: Path | None
    job_seconds: float

    async def read(self) -> state.State:
        """Return the present state.

        Raises:
            outages.DATABASE: the database does not answer.
        """
        folders = state.folders_of(self.data_dir)
        return await state.read(self.database, folders, self.certificate)

    async def look(self) -> list[alerts.Alert]:
        """Return what is the matter, having told operators of it unless somebody just did.

        Raises:
            outages.DATABASE: the database does not answer.
        """
        situation = alerts.Situation(await self.read(), self.records.broken, self.job_seconds)
        found = list(alerts.raised(situation))
        for alert in found:
            await self._tell(alert)
        return found

    async def _tell(self, alert: alerts.Alert) -> None:
        """Tell by the log, and by every channel; one that fails is tried again at the next look."""
        is_news = alert.severity is alerts.Severity.INFO
        limit = ONCE if is_news else REPEAT
        if not (await self.throttle.hit(limit, LOG, alert.key)).is_refused:
            level = logging.INFO if is_news else logging.WARNING
            logger.log(level, "alert %s: %s", alert.key, alert.text)
        for channel in self.channels:
            if (await self.throttle.hit(limit, channel.name, alert.key)).is_refused:
                continue
            sent = False
            try:
                sent = await notices.is_sent(channel, alert)
            finally:  # also where the worker is stopped meanwhile
                if not sent:
                    taking_back = self.throttle.take_back(limit, channel.name, alert.key)
                    await asyncio.shield(taking_back)
