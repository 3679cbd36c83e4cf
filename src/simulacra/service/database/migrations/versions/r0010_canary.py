"""A text that is sealed by the installation's key, by which a process knows that it has that key.

The first process that has this table writes it. Those of the version before do not look at it.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0010"
down_revision = "r0009"


def upgrade() -> None:
    """Create the table, which has one row."""
    op.create_table(
        "installation",
        sa.Column("id", sa.SmallInteger, sa.CheckConstraint("id = 1"), primary_key=True),
        sa.Column("sealed_canary", sa.LargeBinary, nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
    )
