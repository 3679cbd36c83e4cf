"""The second factor of operators' accounts, and the codes that stand in for a lost one."""

import sqlalchemy as sa
from alembic import op

revision = "r0014"
down_revision = "r0013"


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("operator_accounts", sa.Column("totp_secret", sa.LargeBinary))
    op.add_column("operator_accounts", sa.Column("totp_step", sa.BigInteger))
    op.create_table(
        "operator_recovery_codes",
        sa.Column("code_hash", sa.LargeBinary, primary_key=True),
        sa.Column(
            "account_name",
            sa.Text,
            sa.ForeignKey("operator_accounts.name", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
    )
