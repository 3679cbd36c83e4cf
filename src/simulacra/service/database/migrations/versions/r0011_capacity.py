"""What a tenant may take up at a time; NULL is what the settings say."""

import sqlalchemy as sa
from alembic import op

revision = "r0011"
down_revision = "r0010"

LIMITS = ("max_stored_bytes", "max_trainings", "max_uploads", "max_downloads")


def upgrade() -> None:
    """Add the columns."""
    for limit in LIMITS:
        op.add_column("tenants", sa.Column(limit, sa.BigInteger))
