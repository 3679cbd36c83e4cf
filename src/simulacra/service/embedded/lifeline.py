"""A process that cannot outlive its parent.

`command` wraps a command line so that this file, run as a script, prepares the process and then
becomes the command. An exec shim is used because Python code between fork and exec
(``preexec_fn``) may deadlock. The script imports only the standard library and is run by its
path without ``site``: it costs about 15 ms, and nothing on ``sys.path`` can get in its way.
"""

import argparse
import ctypes
import fcntl
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


@dataclass(frozen=True)
class User:
    """An account to run a child as; only root can use one."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Terms:
    """What is settled before a child becomes its command.

    Attributes:
        death_signal: what the kernel sends the child when its parent dies.
        user: the account to drop to.
        lock: a file the child waits for and then keeps locked. Its own children inherit the
            lock, so whoever holds it next knows that all of them are gone.
        stale: a file that can only be a leftover once ``lock`` is held, and is removed then.
    """

    death_signal: signal.Signals = signal.SIGKILL
    user: User | None = None
    lock: Path | None = None
    stale: Path | None = None


def die_with_parent(death_signal: int = signal.SIGKILL, parent: int | None = None) -> None:
    """Ask the kernel to signal this process when its parent dies.

    The request is tied to the parent's *thread* and is forgotten when this process changes its
    user, so call this last, in a child started by a thread that lives as long as its process.
    Linux only: elsewhere nothing happens.

    Args:
        death_signal: the signal to be sent.
        parent: pid of the parent. When it has died already, before the kernel was asked, this
            process sends itself the signal.

    Raises:
        OSError: the kernel refuses the signal number.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, ctypes.c_ulong(death_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), death_signal)


def command(argv: Sequence[str], terms: Terms) -> list[str]:
    """Return the command line that runs ``argv`` as a child of this very process."""
    options = [f"--signal={terms.death_signal.value}", f"--parent={os.getpid()}"]
    if terms.user is not None:
        options += [f"--uid={terms.user.uid}", f"--gid={terms.user.gid}"]
    if terms.lock is not None:
        options.append(f"--lock={terms.lock}")
    if terms.stale is not None:
        options.append(f"--stale={terms.stale}")
    return [sys.executable, "-I", "-S", __file__, *options, "--", *argv]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Run a command that dies with its parent.")
    parser.add_argument("--signal", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--lock", type=Path)
    parser.add_argument("--stale", type=Path)
    parser.add_argument("command", nargs="+")
    return parser


def _inherit_lock(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.set_inheritable(descriptor, True)  # noqa: FBT003 -- positional only


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def main() -> None:
    """Prepare this process as its options say, then become the command."""
    options = _parser().parse_args()
    die_with_parent(signal.SIGKILL, options.parent)  # while waiting for the lock
    if options.lock is not None:
        _inherit_lock(options.lock)
    if options.stale is not None:
        options.stale.unlink(missing_ok=True)
    if options.uid is not None:
        _become(options.uid, options.gid)
    die_with_parent(options.signal, options.parent)
    os.execvp(options.command[0], options.command)  # noqa: S606 -- the supervisor's own argv


if __name__ == "__main__":
    main()
