"""What the service's role may do where another role owns the tables."""

from sqlalchemy import Connection, text

APPEND_ONLY = ("audit_entries", "usage_entries")
MIGRATIONS = "alembic_version"


def apply(connection: Connection, role: str) -> None:
    """Let `role` use the tables as the service does; owning them, it needs no grant."""
    if connection.scalar(text("SELECT current_user")) == role:
        return
    name = connection.dialect.identifier_preparer.quote_identifier(role)
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {name}",
        f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {name}",
        f"REVOKE UPDATE, DELETE ON {', '.join(APPEND_ONLY)} FROM {name}",
        f"REVOKE INSERT, UPDATE, DELETE ON {MIGRATIONS} FROM {name}",
    ):
        connection.execute(text(statement))
