"""Generations whose rows have a support weight."""

import sqlalchemy as sa
from alembic import op

revision = "r0021"
down_revision = "r0020"


def upgrade() -> None:
    """Add the column; generations that there are have none."""
    added = sa.Column("support_weight", sa.Boolean, nullable=False, server_default=sa.text("false"))
    op.add_column("generations", added)
