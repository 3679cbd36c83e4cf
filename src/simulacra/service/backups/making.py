"""Making a backup while the service runs.

The database is dumped as of one moment. The objects that it refers to at that moment are copied as
they lie in the store, encrypted under keys that the dump holds, sealed. An object is written once,
under a path of its own, so it is the same whenever it is copied; and none is removed meanwhile,
since who sweeps the store leaves it alone while a backup is being made (`objects.SWEEPING`).
"""

import importlib.metadata
import io
from pathlib import Path
from typing import Any

import psycopg

from simulacra.service import keys, objects, storage
from simulacra.service.backups import archive, dumps

BLOCK_BYTES = 4 * 1024**2
"""Length of the members that a dump is cut into, since its own length is known only at its end."""
OBJECTS, DATABASE = "objects/", "database/"
AUTHORITY = "tls/authority.pem"
"""Our certificate authority, which customers' programs go on trusting after a restoration."""


def make(
    path: Path, dsn: str, store: storage.Storage, keyring: keys.Keyring, data_dir: Path
) -> archive.Manifest:
    """Write a backup to `path`; blocks.

    Args:
        path: of the file; there must be none.
        dsn: of the database, as its owner or as the service.
        store: with the objects.
        keyring: of the installation.
        data_dir: of the server, whose certificate authority is taken along if it has one.

    Raises:
        errors.BackupError: there is such a file, or the database cannot be dumped.
        errors.StorageUnavailableError: the store does not answer.
        OSError: the file cannot be written.
        psycopg.OperationalError: the database does not answer.
    """
    with psycopg.connect(dsn, autocommit=True) as connection, archive.writing(path, keyring) as to:
        connection.execute("SELECT set_config('simulacra.tenant', '*', false)")
        connection.execute("SELECT pg_advisory_lock(%s)", [objects.SWEEPING])
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot, made_at, revision = _one(
            connection,
            "SELECT pg_export_snapshot(), clock_timestamp(), version_num FROM alembic_version",
        )
        head = connection.execute(
            "SELECT number, hash FROM audit_entries ORDER BY number DESC LIMIT 1"
        ).fetchone()
        if (data_dir / AUTHORITY).is_file():
            content = (data_dir / AUTHORITY).read_bytes()
            to.add(AUTHORITY, len(content), io.BytesIO(content))
        missing = _add_objects(connection, store, to)
        _add_dump(dsn, snapshot, to)
        connection.execute("ROLLBACK")  # and the lock goes with the connection
        manifest = archive.Manifest(
            made_at=made_at,
            version=importlib.metadata.version("simulacra"),
            revision=revision,
            trail_head=None if head is None else f"{head[0]}:{bytes(head[1]).hex()}",
            missing=missing,
            members=dict(to.members),
        )
        document = manifest.model_dump_json().encode()
        to.add(archive.MANIFEST, len(document), io.BytesIO(document))
    return manifest


def _add_objects(
    connection: psycopg.Connection, store: storage.Storage, to: archive.Writer
) -> list[str]:
    """Add every object that is kept in our store; return those that are not there.

    What lies in the bucket of a customer stays there, under keys that this backup holds sealed.
    """
    missing = []
    kept = "SELECT path FROM objects WHERE state = 'kept' AND store_id IS NULL ORDER BY path"
    for (path,) in connection.execute(kept).fetchall():
        try:
            size, source = store.open_sealed(path)
        except FileNotFoundError:
            missing.append(path)
        else:
            to.add(f"{OBJECTS}{path}", size, source)
    return missing


def _add_dump(dsn: str, snapshot: str, to: archive.Writer) -> None:
    with dumps.dumping(dsn, snapshot) as dump:
        number = 0
        while block := dump.read(BLOCK_BYTES):
            to.add(f"{DATABASE}{number:08}", len(block), io.BytesIO(block))
            number += 1


def _one(connection: psycopg.Connection, query: str) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    if row is None:
        raise psycopg.OperationalError("the database has no revision")
    return row
