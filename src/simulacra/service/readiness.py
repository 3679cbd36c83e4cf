"""Whether a process could serve: the parts it depends on answer, and its disks have room."""

import asyncio
import logging
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from simulacra.service import errors, revision, storage, tenancy

ANSWER_SECONDS = 3.0
"""How long a part may take to answer."""
FRESH_SECONDS = 1.0
"""How long an answer is reused: anyone may ask, and that must not load the parts."""
MIN_FREE_BYTES = 64 * 1024**2
"""With less room on a disk, what is written next fails half-way. Operators are told long before."""

logger = logging.getLogger(__name__)


class Readiness:
    """Asks database and object store, and looks at the disks of folders."""

    def __init__(
        self,
        database: tenancy.Database,
        objects: storage.Storage,
        folders: Callable[[], Mapping[str, Path]],
    ) -> None:
        """Take the parts; `folders` returns those that this process fills, by what lies there."""
        self._database, self._objects, self._folders = database, objects, folders
        self._asking = asyncio.Lock()
        self._asked_at = -FRESH_SECONDS
        self._failure: errors.NotReadyError | None = None

    async def check(self) -> None:
        """Return if all parts answer and there is room.

        Raises:
            errors.NotReadyError: one does not, the database wants migrating, or a disk is full.
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
            await asyncio.to_thread(_check_room, self._folders())
        except errors.NotReadyError as error:
            return error
        return None


def _check_room(folders: Mapping[str, Path]) -> None:
    for name, folder in folders.items():
        if shutil.disk_usage(folder).free < MIN_FREE_BYTES:
            raise errors.NotReadyError(f"The disk of the {name} folder is full.")


async def _answer(part: str, question: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await question()
    except revision.OutdatedError as error:
        raise errors.NotReadyError(str(error)) from None
    except Exception as error:  # noqa: BLE001 - of several libraries; their texts name addresses
        logger.warning("the %s does not answer: %s", part, type(error).__name__)
        raise errors.NotReadyError(f"The {part} does not answer.") from None
