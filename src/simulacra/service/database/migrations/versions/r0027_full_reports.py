"""Full reports: what changed, distributions and the disclosure card, kept with a generation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "r0027"
down_revision = "r0026"


def upgrade() -> None:
    """Add the column; generations that are there have none."""
    op.add_column("generations", sa.Column("figures", postgresql.JSONB))
