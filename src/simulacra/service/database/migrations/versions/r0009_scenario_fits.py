"""What scenarios have fitted beyond the models of their datasets.

A process of the version before ends a dataset without a word to this table. So a row goes with its
dataset's at the latest, and does not keep that from being removed.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"

SCOPE = "current_setting('simulacra.tenant', true)"


def _timestamp(name: str) -> sa.Column[object]:
    kind = sa.DateTime(timezone=True)
    return sa.Column(name, kind, server_default=sa.text("now()"), nullable=False)


def upgrade() -> None:
    """Create the table."""
    datasets = sa.ForeignKey("datasets.id", ondelete="CASCADE")
    op.create_table(
        "scenario_fits",
        sa.Column("dataset_id", sa.Text, datasets, primary_key=True),
        sa.Column("columns", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=False, index=True),
        sa.Column("path", sa.Text, nullable=False),
        _timestamp("created_at"),
        _timestamp("last_used_at"),
    )
    op.execute("ALTER TABLE scenario_fits ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE scenario_fits FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY scope ON scenario_fits USING ({SCOPE} = '*' OR tenant_id = {SCOPE})")
