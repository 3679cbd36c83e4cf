"""Temporary folders that do not outlive their process, however it ends.

A process that is killed cannot tidy up. The kernel releases the locks of its folders, by which
other processes on the same disk recognise and remove them.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PREFIX = "simulacra-"
LOCK = "lock"
MIN_AGE_SECONDS = 60.0
"""Younger folders are left alone: between its making and its lock a folder looks deserted."""


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Make a folder for the body of the statement."""
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name:
        descriptor = os.open(Path(name, LOCK), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
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
