"""Artifacts with codes in their cells, and files of rows that exist in another format."""

import sqlalchemy as sa
from alembic import op

revision = "r0024"
down_revision = "r0023"


def upgrade() -> None:
    """Add the columns."""
    values = sa.Column("output_values", sa.Text, server_default="labels", nullable=False)
    op.add_column("generations", values)
    op.add_column("generations", sa.Column("copy_of", sa.Text))
    op.create_index("ix_generations_copy_of", "generations", ["copy_of"])
