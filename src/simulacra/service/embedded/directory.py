"""The data directory: made private, and run by one process at a time."""

import contextlib
import fcntl
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from simulacra.service.embedded import errors

SECRET = (
    *("keys", "keys/master.key", "tls", "tls/authority.pem", "tls/server.pem"),
    *("postgres/password", "postgres/owner-password"),
)
"""What is in a data directory that nobody else may read."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO
ROOT = 0

log = logging.getLogger(__name__)


def write_private(path: Path, content: bytes) -> None:
    """Replace ``path`` by a file of mode 0600, whole or not at all.

    Raises:
        OSError: the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync(path.parent)


def protect(path: Path) -> None:
    """Close a file or folder to other accounts, if it is there and open to them.

    Raises:
        errors.ExposedError: it belongs to another account, which could open it again at any time,
            or its mode cannot be changed.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    if found.st_uid not in (os.geteuid(), ROOT):
        raise errors.ExposedError(
            f"{path} belongs to another account (uid {found.st_uid}), which can read and replace "
            "what is in it. Change its owner with chown, or start the server as that account."
        )
    mode = stat.S_IMODE(found.st_mode)
    if not mode & OTHERS:
        return
    try:
        path.chmod(mode & ~OTHERS)
    except OSError as error:
        raise errors.ExposedError(
            f"{path} is open to other accounts (mode {mode:04o}), and its mode cannot be changed "
            f"({error.strerror}). Take away their access: chmod go= {path}"
        ) from None
    log.warning("%s was open to other accounts (mode %04o); it is closed now", path, mode)


def sync(folder: Path) -> None:
    """Make renames inside ``folder`` outlast a power cut.

    Raises:
        OSError: the folder cannot be opened.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Hold ``data_dir`` for this process alone, making it when it is not there.

    The kernel lets go when the process ends, however it ends.

    Raises:
        errors.DirectoryInUseError: another process holds it.
        errors.ExposedError: other accounts can get at it or its keys, and that cannot be mended.
        OSError: it cannot be made or written.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (data_dir, *(data_dir / name for name in SECRET)):
        protect(path)
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise errors.DirectoryInUseError(
                f"The data directory {data_dir} is in use by another running process."
            ) from None
        yield
    finally:
        os.close(descriptor)
