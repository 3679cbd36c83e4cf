"""What was refitted for margins of error, kept beside what scenarios fitted."""

import sqlalchemy as sa
from alembic import op

revision = "r0023"
down_revision = "r0020"


def upgrade() -> None:
    """Add the column."""
    op.add_column(
        "scenario_fits", sa.Column("refits", sa.BigInteger, server_default="0", nullable=False)
    )
