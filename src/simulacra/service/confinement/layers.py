"""Entering the confinement, layer by layer; each holds where another has a gap."""

import enum
import os
import resource
from collections.abc import Collection
from pathlib import Path

from simulacra.service.confinement import account, files, kernel, system_calls

MIN_THREADS = 512
THREADS_PER_PROCESSOR = 8


class Layer(enum.StrEnum):
    """What keeps a job from what is not its own."""

    FILES = "Landlock"
    SYSTEM_CALLS = "seccomp"
    ACCOUNT = "own account"


REQUIRED = frozenset({Layer.FILES, Layer.SYSTEM_CALLS})
"""Without one of these, code that takes a job over could read the master key, or reach others.

The account is a second lock on the same doors; most containers do not have it to give.
"""


class UnconfinedError(Exception):
    """Not all of `REQUIRED` is there on this machine; the text names what is missing."""


def prepare() -> None:
    """Load what `enter` needs, once for all processes that are forked from this one."""
    files.is_available()


def enter(folder: Path, *, kept_descriptor: int) -> frozenset[Layer]:
    """Give up all that a job does not need, for ever, and return the layers that hold.

    A layer that this machine does not have is left out. Call this in a process of one thread.

    Args:
        folder: what the job may write.
        kept_descriptor: the one way to the worker; others than it and the standard ones are closed.

    Raises:
        Exception: a layer that this machine has could not be entered.
    """
    os.closerange(3, kept_descriptor)
    os.closerange(kept_descriptor + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    kernel.hide_memory()
    kernel.forgo_privileges()
    entered, readable = set(), files.readable()  # as whoever we still are
    if account.adopt(folder, [folder.parent, *readable]):
        entered.add(Layer.ACCOUNT)
        # They are counted by account, and so limited only where nobody else's are counted.
        resource.setrlimit(resource.RLIMIT_NPROC, (max_threads(), max_threads()))
    if files.is_available():
        files.restrict(folder, readable)
        entered.add(Layer.FILES)
    if system_calls.is_available():
        system_calls.restrict()
        entered.add(Layer.SYSTEM_CALLS)
    return frozenset(entered)


def check(entered: Collection[Layer]) -> None:
    """Return if the layers are enough to be called a confinement.

    Raises:
        UnconfinedError: they are not.
    """
    if missing := REQUIRED - set(entered):
        raise UnconfinedError(f"jobs would run without {' and '.join(sorted(missing))}")


def max_threads() -> int:
    """Return how many threads a job may have: far more than libraries start by themselves."""
    return max(MIN_THREADS, THREADS_PER_PROCESSOR * (os.cpu_count() or 1))
