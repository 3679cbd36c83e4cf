"""What was refitted for margins of error, kept beside what scenarios fitted."""

import sqlalchemy as sa
from alembic import op

revision = "r0022"
down_revision = "r0021"


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "scenario_fits", sa.Column("refits", sa.BigInteger, server_default="0", nullable=False)
    )
