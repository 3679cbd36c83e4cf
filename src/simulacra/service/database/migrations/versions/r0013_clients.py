"""Names and scopes of clients, what they did last, and which of their tokens still count."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "r0013"
down_revision = "r0012"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("clients", sa.Column("name", sa.Text))
    op.add_column("clients", sa.Column("scopes", postgresql.ARRAY(sa.Text)))
    for name in ("tokens_valid_from", "last_minted_at", "last_rotated_at"):
        op.add_column("clients", sa.Column(name, sa.DateTime(timezone=True)))
