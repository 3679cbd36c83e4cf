"""Bring a database up to the current migration."""

import alembic.command
import alembic.config
from sqlalchemy import create_engine, make_url, pool, text

from simulacra.service.database import grants

MIGRATION_LOCK = 5_318_008
"""Advisory lock that lets one process migrate at a time."""


def upgrade(dsn: str, owner_dsn: str | None = None) -> None:
    """Apply the migrations that a database has not seen yet.

    Args:
        dsn: how the service connects.
        owner_dsn: how the role connects that is to own the tables, if that is another one; the
            service's role is then granted what it needs and no more.
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
        alembic.command.upgrade(config, "head")
        grants.apply(connection, make_url(dsn).username or "")
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
    engine.dispose()
