"""The files of a job: Landlock leaves it its own folder, and lets it read what Python needs."""

import os
import site
import sysconfig
import zoneinfo
from collections.abc import Iterable, Iterator
from pathlib import Path

import py_landlock
from py_landlock import AccessFs

MIN_ABI = 3
"""Before it (Linux 6.2) nothing keeps a process from truncating a file that it may not write."""

PACKAGE = Path(__file__).parents[2]
READ = AccessFs.READ_FILE | AccessFs.READ_DIR
OWN = (
    READ
    | AccessFs.WRITE_FILE
    | AccessFs.TRUNCATE
    | AccessFs.MAKE_REG
    | AccessFs.MAKE_DIR
    | AccessFs.REMOVE_FILE
    | AccessFs.REMOVE_DIR
)
"""No links and no pipes, by which the worker could be led elsewhere when it collects results."""

SYSTEM = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"),
    *("/usr/share/zoneinfo", "/etc/localtime"),
    *("/sys/devices/system/cpu", "/sys/devices/system/node", "/dev/urandom"),
)
PROC = ("/proc/cpuinfo", "/proc/meminfo", "/proc/self/maps")
"""What processors and memory there are, and which libraries this process has loaded."""


def is_available() -> bool:
    """Tell whether the kernel has a Landlock that is new enough; slow at the first call."""
    try:
        return py_landlock.get_abi_version() >= MIN_ABI
    except py_landlock.LandlockError:
        return False


def readable() -> list[Path]:
    """Return what every job may read, as far as we may: nothing of it is secret."""
    return list(dict.fromkeys(path for path in _candidates() if os.access(path, os.R_OK)))


def restrict(folder: Path, readable: Iterable[Path]) -> None:
    """Deny this process all files but those in `folder`, and reading below `readable`; for ever.

    It also loses signals to processes beyond itself, abstract sockets and TCP, as far as the
    kernel's Landlock knows them.

    Raises:
        py_landlock.LandlockError: the kernel refuses.
        OSError: a path went away.
    """
    rules = py_landlock.Landlock(strict=False)
    rules.add_path_rule(folder, access=OWN)
    rules.add_path_rule("/dev/null", access=AccessFs.READ_FILE | AccessFs.WRITE_FILE)
    for path in readable:
        rules.add_path_rule(path, access=READ if path.is_dir() else AccessFs.READ_FILE)
    for name in PROC:
        os.open(
            name, os.O_PATH
        )  # left open: these files change their identity when nobody has them
        rules.add_path_rule(name, access=AccessFs.READ_FILE)
    rules.apply()


def _candidates() -> Iterator[Path]:
    """Yield the folders of Python's modules and the system's.

    The module path itself is no guide: it may begin with the working directory, and thus with the
    data directory.
    """
    places = sysconfig.get_paths()
    yield from (Path(places[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    yield from map(Path, site.getsitepackages())
    if site.ENABLE_USER_SITE:
        yield Path(site.getusersitepackages())
    yield PACKAGE
    yield from map(Path, (*SYSTEM, *zoneinfo.TZPATH))
    if cache := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(cache)
