"""The audit trail: entries that can be added and read, and nothing else.

Three locks, each enough by itself: a role that does not own the table is granted INSERT and
SELECT only (`grants.py`); a trigger refuses every other statement, the owner's too; and row-level
security has no policy under which a row could be changed. Entries refer to nothing by foreign
key: they outlast what they are about. Reading and adding need the scope ``*`` of the service.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "r0003"
down_revision = "r0002"

IS_SERVICE = "current_setting('simulacra.tenant', true) = '*'"
REFUSE = """
CREATE FUNCTION audit_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_entries is append-only: % is refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$
"""


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def upgrade() -> None:
    """Create the trail and its locks."""
    op.create_table(
        "audit_entries",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        _text("actor_kind"),
        _text("actor_id", nullable=True),
        _text("action"),
        _text("subject_id", nullable=True),
        _text("tenant_id", nullable=True),
        _text("request_id", nullable=True),
        _text("outcome"),
        sa.Column("details", JSONB, nullable=False),
        sa.Column("previous_hash", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_audit_entries_tenant_id", "audit_entries", ["tenant_id", "number"])
    op.create_index("ix_audit_entries_subject_id", "audit_entries", ["subject_id", "number"])
    op.execute(REFUSE)
    op.execute(
        "CREATE TRIGGER audit_entries_append_only "
        "BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_refuse()"
    )
    op.execute("ALTER TABLE audit_entries ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY service_reads ON audit_entries FOR SELECT USING ({IS_SERVICE})")
    op.execute(f"CREATE POLICY service_adds ON audit_entries FOR INSERT WITH CHECK ({IS_SERVICE})")
