"""Margins of error of generations: whether they are asked for, and what they are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "r0019"
down_revision = "r0018"


def upgrade() -> None:
    """Add both; generations that there are asked for none."""
    op.add_column("generations", sa.Column("margins_asked", sa.Text))
    op.add_column("generations", sa.Column("margins", JSONB))
