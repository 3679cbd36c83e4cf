"""Whether a database has the tables that this code needs.

Migrations only add what older code can do without (expand), and take away what no running code
needs any more in a later version (contract). So a database may be newer than the code: that is
how processes are replaced one by one. It must not be older.
"""

import pkgutil

import psycopg
import sqlalchemy.exc
from sqlalchemy import Text, literal_column, select, text

from simulacra.service import tenancy
from simulacra.service.database.migrations import versions


class OutdatedError(RuntimeError):
    """The database has not seen a migration that this code needs."""


def needed() -> str:
    """Return the revision that this code needs: revisions are named in their order."""
    modules = pkgutil.iter_modules(versions.__path__)
    return max(module.name.partition("_")[0] for module in modules)


def require(dsn: str) -> None:
    """Refuse a database that is older than this code, before anything is made of it; blocks.

    Raises:
        OutdatedError: it has to be migrated first.
        psycopg.OperationalError: it does not answer.
    """
    with psycopg.connect(dsn) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
            row = None
    _compare(None if row is None else row[0])


async def check(database: tenancy.Database) -> None:
    """Refuse a database that is older than this code.

    Raises:
        OutdatedError: it has to be migrated first.
    """
    version = select(literal_column("version_num", Text)).select_from(text("alembic_version"))
    try:
        current = await database.look_up(version)
    except sqlalchemy.exc.ProgrammingError:  # there is no such table
        current = None
    _compare(current)


def _compare(current: str | None) -> None:
    if current is None or current < needed():
        seen = f"is at migration {current}" if current else "has no tables"
        raise OutdatedError(
            f"The database {seen}, and this version needs {needed()}: run `simulacra migrate`."
        )
