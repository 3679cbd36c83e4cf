"""The root key of an installation: random, and sealed by the master key in the database.

Whatever is sealed or hashed hangs from the root key, so that another master key takes no more than
to seal this one key again. Processes that run go on meanwhile, since they hold the root key.

In an installation from before there were root keys, the first master key goes on as the root key.
"""

import contextlib

import psycopg

from simulacra.service import errors, keys

CANARY = (b"simulacra", "canary")
"""A known text, and the context under which the root key's sealer seals it; see `canary`."""
USED = ("installation", "audit_entries", "signing_keys", "tenants")

_ROW = "SELECT sealed_root, sealed_canary FROM installation WHERE id = 1"


def load(dsn: str, master: keys.Keyring, *, may_make: bool = True) -> keys.Keyring:
    """Return the keys of an installation; blocks.

    Args:
        dsn: of its database, which has been migrated.
        master: keys of the master key.
        may_make: whether to make the root key of a database that is new.

    Raises:
        keys.OtherKeyError: the root key is sealed under another master key.
        psycopg.OperationalError: the database does not answer.
    """
    with _connected(dsn) as connection:
        row = connection.execute(_ROW).fetchone()
        if row is None and may_make:
            if not _is_used(connection):
                _make(connection, master)
            row = connection.execute(_ROW).fetchone()  # another process may have been the first
    if row is None or row[0] is None:
        return master  # whether it is the right one, `canary` tells
    return _open(*row, master)


def rotate(dsn: str, present: keys.Keyring, successor: keys.Keyring) -> None:
    """Seal the root key under another master key. Blocks, and may be repeated after a crash.

    Args:
        dsn: of the database, which has been migrated.
        present: keys of the master key until now.
        successor: keys of the next one.

    Raises:
        errors.OperatorError: no server has used the database.
        keys.OtherKeyError: the root key is sealed under neither.
        psycopg.OperationalError: the database does not answer.
    """
    with _connected(dsn) as connection:
        row = connection.execute(f"{_ROW} FOR UPDATE").fetchone()
        if row is None:
            raise errors.OperatorError("No server has used the database: start one first.")
        sealed = successor.seal_root(_open(*row, present, successor))
        connection.execute("UPDATE installation SET sealed_root = %s WHERE id = 1", [sealed])


def _open(sealed: bytes | None, canary: bytes, *masters: keys.Keyring) -> keys.Keyring:
    """Return the keys of the root key, whichever of the master keys seals it, or is it."""
    for master in masters:
        with contextlib.suppress(keys.OtherKeyError):
            if sealed is not None:
                return master.open_root(sealed)
            master.sealer.open(canary, CANARY[1])
            return master
    raise _other_key()


def is_used(dsn: str) -> bool:
    """Tell whether some master key belongs to a database already.

    Raises:
        psycopg.OperationalError: it does not answer.
    """
    with _connected(dsn) as connection:
        return _is_used(connection)


def _connected(dsn: str) -> psycopg.Connection:
    connection = psycopg.connect(dsn)
    connection.execute("SELECT set_config('simulacra.tenant', '*', false)")
    return connection


def _is_used(connection: psycopg.Connection) -> bool:
    for table in USED:
        there = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [table]).fetchone()
        if there == (True,) and connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():  # noqa: S608 - names of ours
            return True
    return False


def _make(connection: psycopg.Connection, master: keys.Keyring) -> None:
    root = keys.Keyring.generate()
    connection.execute(
        "INSERT INTO installation (id, sealed_canary, sealed_root) VALUES (1, %s, %s)"
        " ON CONFLICT DO NOTHING",
        [root.sealer.seal(*CANARY), master.seal_root(root)],
    )


def _other_key() -> keys.OtherKeyError:
    return keys.OtherKeyError(
        "This is not the master key of the database; nothing was written. Set "
        "SIMULACRA_MASTER_KEY to that one, or put its file back to keys/master.key. If a rotation "
        "of the master key broke off, run `simulacra operator rotate-master-key` again."
    )
