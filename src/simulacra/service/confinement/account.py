"""An account of its own for each job, or at least none with rights beyond its files.

Root gives the job a user id that no account has, so that the files and processes of all others are
closed to it. Who is not root puts it in a user namespace, where limits count its threads alone.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from simulacra.service.confinement import kernel

FIRST, COUNT = 61_184, 4_336
"""User ids that systemd sets aside for services that need one for a while."""


def adopt(folder: Path, readable: Sequence[Path]) -> bool:
    """Take an account of our own, with all that is in `folder`; tell whether that was possible.

    Capabilities are given up in any case. Where the folders of Python's modules are closed to
    other accounts, the right to read them is kept, which `files` then restricts.

    Raises:
        OSError: the kernel refuses to take capabilities back.
    """
    is_own = _leave_root(folder, readable) if os.geteuid() == 0 else _leave_namespace()
    if not is_own:
        kernel.restrict_capabilities()
    return is_own


def _leave_root(folder: Path, readable: Sequence[Path]) -> bool:
    """Take a user id of our own; those of two jobs at a time differ, as their process ids do."""
    number = FIRST + os.getpid() % COUNT
    try:
        os.setgroups([])
        os.setresgid(number, number, number)
        is_open = _is_open_to(number, readable)
        for path in (folder, *folder.iterdir()):
            os.chown(path, number, number, follow_symlinks=False)
        kernel.keep_capabilities_once()
        os.setresuid(number, number, number)
    except OSError:  # a container that has few ids, or not the capability to take one
        return False
    kernel.restrict_capabilities(*() if is_open else (kernel.CAP_DAC_READ_SEARCH,))
    return True


def _is_open_to(number: int, paths: Sequence[Path]) -> bool:
    os.seteuid(number)
    try:
        return all(os.access(path, os.R_OK, effective_ids=True) for path in paths)
    finally:
        os.seteuid(0)


def _leave_namespace() -> bool:
    try:
        kernel.enter_user_namespace()
    except OSError:
        return False
    kernel.restrict_capabilities()
    return True
