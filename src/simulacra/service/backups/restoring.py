"""Making an installation from a backup, in a place where there is none."""

import dataclasses
import shutil
from pathlib import Path

import psycopg

from simulacra.service import errors, keys, revision, storage
from simulacra.service.backups import archive, dumps, making
from simulacra.service.database import migrate
from simulacra.service.embedded import directory, postgres


def check(path: Path, keyring: keys.Keyring) -> archive.Manifest:
    """Verify a backup and return its manifest, before anything is written.

    Raises:
        errors.BackupError: this is no backup, it is not whole, or of a later version.
        keys.OtherKeyError: it was made under another master key.
    """
    manifest = archive.verify(path, keyring)
    if manifest.revision > revision.needed():
        raise errors.BackupError(
            f"{path} was made by version {manifest.version}, which is later than this one; restore "
            "it with that one."
        )
    return manifest


def check_is_new(data_dir: Path) -> None:
    """Refuse a data directory that has a database, before one is made there.

    Raises:
        errors.BackupError: it has one.
    """
    if postgres.Cluster(data_dir).folder.exists():
        raise errors.BackupError(
            f"There is a database in {data_dir}; restore into a directory that has nothing but "
            "keys/master.key."
        )


def _check_is_empty(dsn: str, store: storage.Storage) -> None:
    tables = "SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1"
    with psycopg.connect(dsn) as connection:
        if connection.execute(tables).fetchone():
            raise errors.BackupError("The database has tables; restore into an empty one.")
    if not store.is_empty():
        raise errors.BackupError("The object store has objects; restore into an empty one.")


@dataclasses.dataclass(frozen=True)
class Place:
    """Where an installation is to be.

    Attributes:
        dsn: how the service will connect.
        owner_dsn: how the role connects that is to own the tables; None: it is the same.
        store: for the objects.
        data_dir: gets the certificate authority, if the backup has one.
    """

    dsn: str
    owner_dsn: str | None
    store: storage.Storage
    data_dir: Path


def restore(path: Path, keyring: keys.Keyring, place: Place) -> None:
    """Restore a backup that was checked into an empty place, and migrate it; blocks.

    The objects come first. The database follows in one transaction, so that there is an
    installation only when all of it is there.

    Raises:
        errors.BackupError: the place is not empty, the file is damaged, or the database cannot be
            restored.
        errors.StorageUnavailableError: the store does not answer.
        OSError: the data directory cannot be written.
        psycopg.OperationalError: the database does not answer.
    """
    owner_dsn = place.owner_dsn or place.dsn
    _check_is_empty(owner_dsn, place.store)
    with archive.reading(path, keyring) as members, dumps.restoring(owner_dsn) as dump:
        for name, content in members:
            if name.startswith(making.OBJECTS):
                place.store.write_sealed(name.removeprefix(making.OBJECTS), content)
            elif name.startswith(making.DATABASE):
                shutil.copyfileobj(content, dump, storage.CHUNK_BYTES)
            elif name == making.AUTHORITY:
                file = place.data_dir / name
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                directory.write_private(file, content.read())
    migrate.upgrade(place.dsn, place.owner_dsn)  # grants, too, which are not in the dump
