"""Jobs that only answer: what they are asked, and what they answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "r0020"
down_revision = "r0019"


def upgrade() -> None:
    """Add the columns."""
    for name in ("asked", "answer"):
        op.add_column("jobs", sa.Column(name, JSONB))
