"""Artifacts with the columns of the seed file."""

import sqlalchemy as sa
from alembic import op

revision = "r0023"
down_revision = "r0022"


def upgrade() -> None:
    """Add the column."""
    layout = sa.Column("output_layout", sa.Text, server_default="schema", nullable=False)
    op.add_column("generations", layout)
