"""Alembic's entry: runs the migrations on the connection that `migrate.upgrade` opened."""

from alembic import context

from simulacra.service.database import tables

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=tables.Table.metadata)
with context.begin_transaction():
    context.run_migrations()
