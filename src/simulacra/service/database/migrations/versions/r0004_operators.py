"""What operators set for a tenant; their accounts and sessions on the operator's page."""

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"


def _timestamp(name: str, *, default: bool = False) -> sa.Column[object]:
    now = sa.text("now()") if default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=False)


def upgrade() -> None:
    """Add the limits of tenants, and the tables of the operator's page."""
    op.add_column("tenants", sa.Column("subscription_rows", sa.BigInteger))
    op.add_column(
        "tenants",
        sa.Column("subscription_window_days", sa.BigInteger, server_default="30", nullable=False),
    )
    op.add_column("tenants", sa.Column("retention_hours", sa.BigInteger))
    op.create_table(
        "operator_accounts",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("password_hash", sa.Text, nullable=False),
        _timestamp("created_at", default=True),
        _timestamp("password_set_at", default=True),
    )
    op.create_table(
        "operator_sessions",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        sa.Column(
            "account_name",
            sa.Text,
            sa.ForeignKey("operator_accounts.name", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        _timestamp("created_at", default=True),
        _timestamp("seen_at", default=True),
    )
