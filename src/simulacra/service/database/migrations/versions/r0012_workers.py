"""Which workers there are, and how their jobs are confined."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "r0012"
down_revision = "r0011"


def _timestamp(name: str) -> sa.Column[object]:
    kind = sa.DateTime(timezone=True)
    return sa.Column(name, kind, server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "workers",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("layers", postgresql.ARRAY(sa.Text), nullable=False),
        _timestamp("started_at"),
        _timestamp("seen_at"),
    )
