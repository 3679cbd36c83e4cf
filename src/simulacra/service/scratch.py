"""Temporary folders that do not outlive their process, however it ends.

A process that is killed cannot tidy up. The kernel releases the locks of its folders, by which
other processes on the same disk recognise and remove them.
"""

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from simulacra.service import errors

PREFIX = "simulacra-"
LOCK = "lock"
MIN_AGE_SECONDS = 60.0
"""Younger folders are left alone: between its making and its lock a folder looks deserted."""
MAX_SHARE = 0.5
"""Of the room that is left, what one tenant may have set aside."""


class Space:
    """The room in the temporary folder that this process has set aside.

    What was written into it already is not free any more either. It counts twice until it is given
    back, which errs on the safe side.
    """

    def __init__(self, size_bytes: int | None = None) -> None:
        """Take a folder of `size_bytes`, or of what its disk says, where that is less."""
        self._size_bytes = size_bytes
        self._reserved: Counter[str] = Counter()

    @contextlib.contextmanager
    def reserve(self, tenant_id: str, size_bytes: int) -> Iterator[None]:
        """Set room aside for the body of the statement.

        Raises:
            errors.ScratchFullError: there is none, or it would be too much for one tenant.
        """
        free = shutil.disk_usage(tempfile.gettempdir()).free
        if self._size_bytes is not None:
            free = min(free, self._size_bytes)
        is_full = self._reserved.total() + size_bytes > free
        if is_full or self._reserved[tenant_id] + size_bytes > MAX_SHARE * free:
            raise errors.ScratchFullError
        self._reserved[tenant_id] += size_bytes
        try:
            with translated():
                yield
        finally:
            self._reserved[tenant_id] -= size_bytes
            if not self._reserved[tenant_id]:
                del self._reserved[tenant_id]


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn a full disk, on which other processes write too, into `ScratchFullError`."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise errors.ScratchFullError from None


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Make a folder for the body of the statement."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        descriptor = os.open(Path(name, LOCK), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            with translated():
                yield Path(name)
        finally:
            os.close(descriptor)


def sweep(min_age: float = MIN_AGE_SECONDS) -> int:
    """Remove the folders of processes that are gone; return how many there were."""
    folders = Path(tempfile.gettempdir()).glob(f"{PREFIX}*")
    deserted = [path for path in folders if _is_deserted(path, min_age)]
    for path in deserted:
        shutil.rmtree(path, ignore_errors=True)
    return len(deserted)


def _is_deserted(path: Path, min_age: float) -> bool:
    try:
        if time.time() - path.stat().st_mtime < min_age:
            return False
        descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # it is gone, is not ours to open, or never had a lock: not one of these
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
