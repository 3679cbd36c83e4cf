"""Bring a database up to the current migration."""

import alembic.command
import alembic.config
from sqlalchemy import create_engine, pool, text

MIGRATION_LOCK = 5_318_008
"""Advisory lock that lets one process migrate at a time."""


def upgrade(dsn: str) -> None:
    """Apply the migrations that the database at `dsn` has not seen yet."""
    config = alembic.config.Config()
    config.set_main_option("script_location", "simulacra.service.database:migrations")
    engine = create_engine(
        dsn.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=pool.NullPool
    )
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, "head")
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
        connection.commit()
    engine.dispose()
