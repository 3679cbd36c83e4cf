"""What an upload says about its columns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "r0002"
down_revision = "r0001"


def upgrade() -> None:
    """Add the options of an upload to its dataset."""
    op.add_column("datasets", sa.Column("options", JSONB, nullable=True))
