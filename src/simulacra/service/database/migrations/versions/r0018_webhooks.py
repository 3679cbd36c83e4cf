"""Webhooks with their secrets and deliveries, and an index for the list of jobs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "r0018"
down_revision = "r0017"

SCOPE = "current_setting('simulacra.tenant', true)"
NOW = sa.text("now()")


def upgrade() -> None:
    """Create the tables; rows that end from now on are told of."""
    op.create_table(
        "webhooks",
        _text("id", primary_key=True),
        _tenant(),
        sa.Column("client_id", sa.Text, sa.ForeignKey("clients.id"), nullable=False, index=True),
        _text("url"),
        sa.Column("events", ARRAY(sa.Text), nullable=False),
        _text("description", nullable=True),
        _timestamp("created_at", default=True),
        _timestamp("failing_since"),
        _timestamp("disabled_at"),
        _text("disabled_reason", nullable=True),
    )
    op.create_index("webhooks_url", "webhooks", ["tenant_id", "url"], unique=True)
    op.create_table(
        "webhook_secrets",
        _text("id", primary_key=True),
        _tenant(),
        _webhook(index=True),
        sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
        _timestamp("created_at", default=True),
        _timestamp("signs_until"),
    )
    _create_deliveries()
    for table in ("webhooks", "webhook_secrets", "webhook_deliveries"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY scope ON {table} USING ({SCOPE} = '*' OR tenant_id = {SCOPE})")
    op.add_column("datasets", _timestamp("announced_expiry"))
    op.create_index("jobs_listed", "jobs", ["tenant_id", "created_at", "id"])


def _create_deliveries() -> None:
    statuses = "status IN ('waiting', 'delivered', 'failed')"
    op.create_table(
        "webhook_deliveries",
        _text("id", primary_key=True),
        _tenant(),
        _webhook(index=False),
        _text("event"),
        _text("body"),
        sa.Column("status", sa.Text, sa.CheckConstraint(statuses), nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False, server_default="0"),
        _timestamp("created_at", default=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        _timestamp("last_attempt_at"),
        _timestamp("ended_at"),
        sa.Column("response_status", sa.BigInteger),
        _text("failure", nullable=True),
    )
    op.create_index(
        "webhook_deliveries_of", "webhook_deliveries", ["webhook_id", "created_at", "id"]
    )
    op.create_index("ix_webhook_deliveries_created_at", "webhook_deliveries", ["created_at"])
    op.create_index(
        "webhook_deliveries_waiting",
        "webhook_deliveries",
        ["webhook_id", "next_attempt_at", "id"],
        postgresql_where=sa.text("status = 'waiting'"),
    )


def _text(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=primary_key)


def _tenant() -> sa.Column[str]:
    tenants = sa.ForeignKey("tenants.id")
    return sa.Column("tenant_id", sa.Text, tenants, nullable=False, index=True)


def _webhook(*, index: bool) -> sa.Column[str]:
    webhooks = sa.ForeignKey("webhooks.id", ondelete="CASCADE")
    return sa.Column("webhook_id", sa.Text, webhooks, nullable=False, index=index)


def _timestamp(name: str, *, default: bool = False) -> sa.Column[object]:
    kind = sa.DateTime(timezone=True)
    return sa.Column(name, kind, nullable=not default, server_default=NOW if default else None)
