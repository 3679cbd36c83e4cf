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
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from simulacra.service import errors

PREFIX = "simulacra-"
LOCK = "lock"
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
    with translated():
        path, descriptor = _make()
    try:
        with translated():
            yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def _make() -> tuple[Path, int]:
    """Return a new folder and the descriptor that locks it.

    Between its making and its lock a folder looks deserted. Whoever sweeps it away in that moment
    holds the lock until it is gone, so that we see it once we have the lock, and make another.
    """
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX))
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(path / LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if (path / LOCK).exists():
                return path, descriptor
            os.close(descriptor)


def sweep() -> int:
    """Remove the folders of processes that are gone; return how many there were."""
    return sum(map(_remove_deserted, Path(tempfile.gettempdir()).glob(f"{PREFIX}*")))


def _remove_deserted(path: Path) -> bool:
    try:
        descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # it is gone, is not ours to open, or never had a lock: not one of these
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
