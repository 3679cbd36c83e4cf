"""Refused tokens and credentials in the audit trail, without letting anyone flood it.

Anyone can send bad tokens as fast as the network carries them. So the first refusal of a kind is
written at once, and those of the next minute as one entry with their number.
"""

import time

from simulacra.service import tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail, Outcome, Reason

PAUSE_SECONDS = 60
MAX_KINDS = 1000


class Refusals:
    """The refusals of one process, counted by reason and client."""

    def __init__(self, database: tenancy.Database, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._database = database
        self._pause = pause_seconds
        self._kinds: dict[tuple[Reason, str | None], tuple[float, int]] = {}

    async def record(
        self, reason: Reason, client_id: str | None = None, tenant_id: str | None = None
    ) -> None:
        """Count one refusal and write it down unless one of its kind was within the last minute.

        Args:
            reason: why.
            client_id: of a client that exists; an unknown name is not written down.
            tenant_id: whose client it is.
        """
        kind, now = (reason, client_id), time.monotonic()
        written, waiting = self._kinds.get(kind, (float("-inf"), 0))
        if now - written < self._pause:
            self._kinds[kind] = (written, waiting + 1)
            return
        self._make_room(now)
        self._kinds[kind] = (now, 0)
        async with self._database.transaction(tenancy.SYSTEM) as session:
            trail.record(
                session,
                entry.client(client_id) if client_id else entry.ANONYMOUS,
                Action.TOKEN_REFUSED,
                client_id,
                tenant_id=tenant_id,
                outcome=Outcome.REFUSED,
                details={Detail.REASON: reason, Detail.COUNT: waiting + 1},
            )

    def _make_room(self, now: float) -> None:
        """Forget kinds that have nothing left to write."""
        if len(self._kinds) >= MAX_KINDS:
            self._kinds = {
                kind: (written, waiting)
                for kind, (written, waiting) in self._kinds.items()
                if waiting or now - written < self._pause
            }
