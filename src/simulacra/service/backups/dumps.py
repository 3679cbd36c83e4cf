"""PostgreSQL's own programs for dumping and restoring a database, as streams.

They are those of the embedded PostgreSQL, which can dump servers of its own version and older.
"""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from typing import IO

from psycopg import conninfo

from simulacra.service import errors
from simulacra.service.confinement import environment
from simulacra.service.embedded import binaries

OPTIONS = ("--enable-row-security", "--no-owner", "--no-privileges")
"""Who restores owns the tables; `database.grants` grants what the service's role needs."""
NOT_DUMPED = "throttles"
"""Limits on calls: unlogged, and of no use after a minute."""


@contextlib.contextmanager
def dumping(dsn: str, snapshot: str) -> Iterator[IO[bytes]]:
    """Yield a dump of the database as another transaction sees it, which exported `snapshot`.

    Raises:
        errors.BackupError: the program failed.
        embedded.errors.ClusterError: the program is not installed.
    """
    options = [*OPTIONS, f"--exclude-table-data={NOT_DUMPED}", f"--snapshot={snapshot}"]
    with _running("pg_dump", dsn, "--format=custom", *options) as process:
        assert process.stdout is not None  # noqa: S101 - narrows for mypy
        yield process.stdout


@contextlib.contextmanager
def restoring(dsn: str) -> Iterator[IO[bytes]]:
    """Yield where a dump is to be written; it is restored in one transaction.

    Raises:
        errors.BackupError: the program failed; the database is as before.
        embedded.errors.ClusterError: the program is not installed.
    """
    options = [*OPTIONS, "--single-transaction", "--exit-on-error"]
    with _running("pg_restore", dsn, *options) as process:
        assert process.stdin is not None  # noqa: S101 - narrows for mypy
        # A program that has ended takes no more; its exit code says why.
        with contextlib.suppress(BrokenPipeError):
            yield process.stdin
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


@contextlib.contextmanager
def _running(program: str, dsn: str, *options: str) -> Iterator["subprocess.Popen[bytes]"]:
    where, secrets = _connection(dsn)
    is_source = program == "pg_dump"
    command = [str(binaries.find() / program), *options, f"--dbname={where}"]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603 - a program of the wheel
            command,
            env=_variables() | secrets,
            stdin=subprocess.DEVNULL if is_source else subprocess.PIPE,
            stdout=subprocess.PIPE if is_source else subprocess.DEVNULL,
            stderr=complaints,
        )
        with process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            complaints.seek(0)
            raise errors.BackupError(f"{program} failed: {_first_line(complaints.read())}")


def _variables() -> dict[str, str]:
    """Return what the program may see of our environment: not the master key."""
    of_postgres = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    return environment.harmless(os.environ) | of_postgres


def _connection(dsn: str) -> tuple[str, dict[str, str]]:
    """Return a connection string for everybody's eyes, and variables with what is not."""
    parts = conninfo.conninfo_to_dict(dsn)
    password = parts.pop("password", None)
    parts["options"] = f"{parts.get('options') or ''} -c simulacra.tenant=*".strip()
    return conninfo.make_conninfo("", **parts), {"PGPASSWORD": str(password)} if password else {}


def _first_line(complaint: bytes) -> str:
    """Return the first line: those that follow may quote rows."""
    return complaint.decode(errors="replace").strip().partition("\n")[0]
