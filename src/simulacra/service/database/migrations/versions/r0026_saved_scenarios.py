"""Scenarios that people keep under a name at the study page; they end with their dataset."""

import sqlalchemy as sa
from alembic import op

revision = "r0026"
down_revision = "r0025"

SCOPE = "current_setting('simulacra.tenant', true)"


def upgrade() -> None:
    """Create the table."""
    datasets = sa.ForeignKey("datasets.id", ondelete="CASCADE")
    op.create_table(
        "saved_scenarios",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=False, index=True),
        sa.Column("dataset_id", sa.Text, datasets, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("saved_by", sa.Text, nullable=False),
        sa.Column(
            "saved_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.UniqueConstraint("dataset_id", "name", name="saved_scenarios_name"),
    )
    op.execute("ALTER TABLE saved_scenarios ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE saved_scenarios FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY scope ON saved_scenarios USING ({SCOPE} = '*' OR tenant_id = {SCOPE})"
    )
