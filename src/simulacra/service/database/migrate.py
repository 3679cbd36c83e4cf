"""Bring a database up to the current migration."""

import logging
import time

import alembic.command
import alembic.config
import psycopg
import sqlalchemy.exc
from sqlalchemy import Connection, create_engine, make_url, pool, text

from simulacra.service.database import grants

MIGRATION_LOCK = 5_318_008
"""Advisory lock that lets one process migrate at a time."""
LOCK_SECONDS = 3
"""How long a statement waits for a lock; later statements queue behind it."""
TRIES = 10
PAUSE_SECONDS = 2.0

logger = logging.getLogger(__name__)


class BlockedError(RuntimeError):
    """A long transaction holds what a migration needs."""


def upgrade(dsn: str, owner_dsn: str | None = None) -> None:
    """Apply the migrations that a database has not seen yet.

    Args:
        dsn: how the service connects.
        owner_dsn: how the role connects that is to own the tables, if that is another one; the
            service's role is then granted what it needs and no more.

    Raises:
        BlockedError: other transactions held a table all the time.
    """
    config = alembic.config.Config()
    config.set_main_option("script_location", "simulacra.service.database:migrations")
    engine = create_engine(
        (owner_dsn or dsn).replace("postgresql://", "postgresql+psycopg://", 1),
        poolclass=pool.NullPool,
    )
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
        config.attributes["connection"] = connection
        connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
        connection.commit()
        _retry(config, connection)
        grants.apply(connection, make_url(dsn).username or "")
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
    engine.dispose()


def _retry(config: alembic.config.Config, connection: Connection) -> None:
    """Migrate in one transaction; one without its locks lets others through and tries again."""
    for tries in range(1, TRIES + 1):
        try:
            return alembic.command.upgrade(config, "head")
        except sqlalchemy.exc.OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise
        connection.rollback()
        logger.warning("a migration waits for a lock (try %d of %d)", tries, TRIES)
        time.sleep(PAUSE_SECONDS)
    raise BlockedError(
        f"Another transaction held a table during {TRIES} tries; nothing was changed. Find it in "
        "pg_stat_activity and try again."
    )
