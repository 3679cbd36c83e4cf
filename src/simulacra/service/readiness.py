"""Whether a process could serve: the parts it depends on answer."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from simulacra.service import errors, revision, storage, tenancy

ANSWER_SECONDS = 3.0
"""How long a part may take to answer."""
FRESH_SECONDS = 1.0
"""How long an answer is reused: anyone may ask, and that must not load the parts."""

logger = logging.getLogger(__name__)


class Readiness:
    """Asks database and object store."""

    def __init__(self, database: tenancy.Database, objects: storage.Storage) -> None:
        self._database, self._objects = database, objects
        self._asking = asyncio.Lock()
        self._asked_at = -FRESH_SECONDS
        self._failure: errors.NotReadyError | None = None

    async def check(self) -> None:
        """Return if all parts answer.

        Raises:
            errors.NotReadyError: one does not, or the database wants migrating.
        """
        async with self._asking:
            if time.monotonic() - self._asked_at >= FRESH_SECONDS:
                self._failure = await self._ask()
                self._asked_at = time.monotonic()
        if self._failure is not None:
            raise errors.NotReadyError(str(self._failure))

    async def _ask(self) -> errors.NotReadyError | None:
        try:
            await _answer("database", lambda: revision.check(self._database))
            await _answer("object store", self._objects.check)
        except errors.NotReadyError as error:
            return error
        return None


async def _answer(part: str, question: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await question()
    except revision.OutdatedError as error:
        raise errors.NotReadyError(str(error)) from None
    except Exception as error:  # noqa: BLE001 - of several libraries; their texts name addresses
        logger.warning("the %s does not answer: %s", part, type(error).__name__)
        raise errors.NotReadyError(f"The {part} does not answer.") from None
