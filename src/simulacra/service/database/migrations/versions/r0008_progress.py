"""Which step of how many a job has come to."""

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"


def upgrade() -> None:
    """Add the columns."""
    for name in ("step", "steps"):
        op.add_column("jobs", sa.Column(name, sa.BigInteger))
