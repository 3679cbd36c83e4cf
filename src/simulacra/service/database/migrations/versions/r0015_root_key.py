"""The root key, sealed by the master key; none where the master key is the root key."""

import sqlalchemy as sa
from alembic import op

revision = "r0015"
down_revision = "r0014"


def upgrade() -> None:
    """Add the column."""
    op.add_column("installation", sa.Column("sealed_root", sa.LargeBinary))
