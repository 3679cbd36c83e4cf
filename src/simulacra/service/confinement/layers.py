"""Entering the confinement, layer by layer; each holds where another has a gap."""

import contextlib
import enum
import os
import resource
import sys
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


_entered: set[Layer] = set()


def available() -> frozenset[Layer]:
    """Return what of `REQUIRED` this machine has."""
    has = {Layer.FILES: files.is_available(), Layer.SYSTEM_CALLS: system_calls.is_available()}
    return frozenset(layer for layer in REQUIRED if has[layer])


def entered() -> frozenset[Layer]:
    """Return the layers that confine this process."""
    return frozenset(_entered)


def prepare() -> None:
    """Load what `enter` needs, once for all processes that are forked from this one."""
    files.is_available()


def enter(folder: Path, *, kept_descriptor: int) -> frozenset[Layer]:
    """Give up all that a job does not need, for ever, and return the layers that hold.

    A layer that this machine does not have is left out; systems other than Linux have none. Call
    this in a process of one thread.

    Args:
        folder: what the job may write.
        kept_descriptor: the one way to the worker; others than it and the standard ones are closed.

    Raises:
        Exception: a layer that this machine has could not be entered.
    """
    if sys.platform != "linux":
        return entered()
    _close_others(kept_descriptor)
    kernel.hide_memory()
    kernel.forgo_privileges()
    readable = files.readable()  # as whoever we still are
    if account.adopt(folder, [folder.parent, *readable]):
        _entered.add(Layer.ACCOUNT)
        # They are counted by account, and so limited only where nobody else's are counted.
        resource.setrlimit(resource.RLIMIT_NPROC, (max_threads(), max_threads()))
    if files.is_available():
        files.restrict(folder, readable)
        _entered.add(Layer.FILES)
    if system_calls.is_available():
        system_calls.restrict()
        _entered.add(Layer.SYSTEM_CALLS)
    return entered()


def check(held: Collection[Layer]) -> None:
    """Return if the layers are enough to be called a confinement.

    Raises:
        UnconfinedError: they are not.
    """
    if missing := REQUIRED - set(held):
        raise UnconfinedError(
            f"Jobs would run without {' and '.join(sorted(missing))}, and require_confinement is "
            "set; SECURITY.md says what each of them needs."
        )


def _close_others(kept_descriptor: int) -> None:
    for number in {int(path.name) for path in Path("/proc/self/fd").iterdir()}:
        if number > 2 and number != kept_descriptor:
            with contextlib.suppress(OSError):  # of the listing itself
                os.close(number)


def max_threads() -> int:
    """Return how many threads a job may have: far more than libraries start by themselves."""
    return max(MIN_THREADS, THREADS_PER_PROCESSOR * (os.cpu_count() or 1))
