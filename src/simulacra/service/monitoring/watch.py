"""Looks at an installation again and again, and tells operators what somebody should look at."""

import dataclasses
from pathlib import Path

from simulacra.service import tenancy, throttling
from simulacra.service.monitoring import alerts, notices, records, state

REPEAT = throttling.Limit("alerts", calls=1, seconds=6 * 3600)
"""A cause that lasts is told of again after six hours."""
ONCE = throttling.Limit("alerts-once", calls=1, seconds=30 * 24 * 3600)
"""What happened once, such as a request for access, is told of once."""


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
        seen = await self.read()
        broken = await self.records.broken()
        found = list(alerts.raised(seen, broken, self.job_seconds))
        for alert in found:
            limit = ONCE if alert.severity is alerts.Severity.INFO else REPEAT
            standing = await self.throttle.hit(limit, alert.key)
            if not standing.is_refused and not await notices.deliver(self.channels, alert):
                await self.throttle.take_back(limit, alert.key)  # to be tried again
        return found
