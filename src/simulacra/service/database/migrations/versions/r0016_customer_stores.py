"""Buckets and keys of customers' own, and what lies there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "r0016"
down_revision = "r0015"

SCOPE = "current_setting('simulacra.tenant', true)"


def upgrade() -> None:
    """Add the table, and to what may lie there where it does."""
    op.create_table(
        "customer_stores",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=False, index=True),
        sa.Column("location", JSONB, nullable=False),
        sa.Column("holds_studies", sa.Boolean, nullable=False),
        sa.Column("sealed_credentials", sa.LargeBinary),
        _timestamp("created_at"),
        _timestamp("checked_at"),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "customer_stores_current",
        "customer_stores",
        ["tenant_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.execute("ALTER TABLE customer_stores ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE customer_stores FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY scope ON customer_stores USING ({SCOPE} = '*' OR tenant_id = {SCOPE})"
    )
    for table in ("datasets", "generations", "objects"):
        op.add_column(table, sa.Column("store_id", sa.Text, sa.ForeignKey("customer_stores.id")))


def _timestamp(name: str) -> sa.Column[object]:
    now = sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=now)
