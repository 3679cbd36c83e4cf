"""How many uploads and downloads each tenant has under way in this process.

Each of them takes up memory, a thread or a part of the temporary folder for as long as its client
likes, whatever the limits on calls say.
"""

import contextlib
import enum
from collections import Counter
from collections.abc import Iterator

from simulacra.service import errors

RETRY_SECONDS = 5


class Direction(enum.StrEnum):
    """Which way the bytes go."""

    UPLOADS = "uploads"
    DOWNLOADS = "downloads"


class Transfers:
    """Counts what is under way."""

    def __init__(self) -> None:
        self._open: Counter[tuple[Direction, str]] = Counter()

    @contextlib.contextmanager
    def one(self, direction: Direction, tenant_id: str, most: int) -> Iterator[None]:
        """Count one more for the body of the statement.

        Raises:
            errors.TooManyAtOnceError: `most` are under way.
        """
        key = direction, tenant_id
        if self._open[key] >= most:
            raise errors.TooManyAtOnceError(
                f"{most} {direction} of the tenant are under way, which is as many as may be at a "
                "time.",
                retry_after=RETRY_SECONDS,
            )
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]
