"""Windows of subscriptions, and the ledger of the rows reserved and used in them.

The ledger is append-only by the same three locks as the audit trail: grants, a trigger, and
policies for reading and adding alone. Two unique indexes see to it that a generation is reserved
once and closed once, whatever the code does. Entries outlast their generation, so they refer to
it by no foreign key.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision = "r0005"

SCOPE = "current_setting('simulacra.tenant', true)"
IN_SCOPE = f"{SCOPE} = '*' OR tenant_id = {SCOPE}"
REFUSE = """
CREATE FUNCTION usage_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'usage_entries is append-only: % is refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$
"""


def _tenant_id(*, primary_key: bool = False) -> sa.Column[str]:
    tenants = sa.ForeignKey("tenants.id")
    return sa.Column("tenant_id", sa.Text, tenants, nullable=False, primary_key=primary_key)


def _timestamp(name: str, *, primary_key: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, primary_key=primary_key)


def _number(name: str, *checks: sa.CheckConstraint, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, *checks, nullable=False, server_default=default)


def upgrade() -> None:
    """Create the windows and the ledger."""
    op.create_table(
        "usage_windows",
        _tenant_id(primary_key=True),
        _timestamp("starts_at", primary_key=True),
        _timestamp("ends_at"),
        _number("rows_reserved", sa.CheckConstraint("rows_reserved >= 0"), default="0"),
        _number("rows_used", sa.CheckConstraint("rows_used >= 0"), default="0"),
        sa.CheckConstraint("starts_at < ends_at"),
    )
    _create_ledger()
    for table in ("usage_windows", "usage_entries"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY scope ON usage_windows USING ({IN_SCOPE})")
    op.execute(f"CREATE POLICY scope_reads ON usage_entries FOR SELECT USING ({IN_SCOPE})")
    op.execute(f"CREATE POLICY scope_adds ON usage_entries FOR INSERT WITH CHECK ({IN_SCOPE})")


def _create_ledger() -> None:
    op.create_table(
        "usage_entries",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        _tenant_id(),
        sa.Column("generation_id", sa.Text, nullable=False),
        _timestamp("window_starts_at"),
        sa.Column(
            "kind",
            sa.Text,
            sa.CheckConstraint("kind IN ('reserved', 'settled', 'released')"),
            nullable=False,
        ),
        _number("reserved_delta"),
        _number("used_delta"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.ForeignKeyConstraint(
            ["tenant_id", "window_starts_at"],
            ["usage_windows.tenant_id", "usage_windows.starts_at"],
        ),
    )
    op.create_index("ix_usage_entries_window", "usage_entries", ["tenant_id", "window_starts_at"])
    for name, kinds in (("reservation", "= 'reserved'"), ("closing", "IN ('settled', 'released')")):
        op.create_index(
            f"usage_entries_one_{name}",
            "usage_entries",
            ["generation_id"],
            unique=True,
            postgresql_where=sa.text(f"kind {kinds}"),
        )
    op.execute(REFUSE)
    op.execute(
        "CREATE TRIGGER usage_entries_append_only "
        "BEFORE UPDATE OR DELETE OR TRUNCATE ON usage_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION usage_entries_refuse()"
    )
