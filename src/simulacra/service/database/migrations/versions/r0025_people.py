"""People of tenants, who use the study page, and the browsers in which they are signed in."""

import sqlalchemy as sa
from alembic import op

revision = "r0025"
down_revision = "r0024"

SCOPE = "current_setting('simulacra.tenant', true)"


def _timestamp(name: str, *, default: bool = False) -> sa.Column[object]:
    now = sa.text("now()") if default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=not default)


def upgrade() -> None:
    """Add the two tables; only the service itself reads them."""
    op.create_table(
        "people",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=False, index=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_key", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text),
        sa.Column("issuer_subject", sa.Text),
        sa.Column("invitation_hash", sa.LargeBinary, unique=True),
        _timestamp("invitation_ends_at"),
        _timestamp("created_at", default=True),
        _timestamp("joined_at"),
        _timestamp("removed_at"),
    )
    op.create_index(
        "people_alive",
        "people",
        ["email_key"],
        unique=True,
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "person_sessions",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        sa.Column(
            "person_id",
            sa.Text,
            sa.ForeignKey("people.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        _timestamp("created_at", default=True),
        _timestamp("seen_at", default=True),
    )
    for table in ("people", "person_sessions"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY scope ON {table} USING ({SCOPE} = '*')")
