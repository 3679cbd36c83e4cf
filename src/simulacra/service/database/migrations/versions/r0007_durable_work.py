"""Idempotency keys, the objects in the store, and what jobs need to be shared out fairly."""

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"

SCOPE = "current_setting('simulacra.tenant', true)"
NOW = sa.text("now()")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _timestamp(name: str, *, nullable: bool = True, default: bool = False) -> sa.Column[object]:
    kind = sa.DateTime(timezone=True)
    return sa.Column(name, kind, server_default=NOW if default else None, nullable=nullable)


def upgrade() -> None:
    """Create the tables and columns."""
    _create_keys()
    _create_objects()
    op.add_column("datasets", _text("model_path", nullable=True))
    op.add_column("generations", _text("artifact_path", nullable=True))
    op.add_column("jobs", _text("request_id", nullable=True))
    op.add_column("jobs", _timestamp("admitted_at"))
    op.add_column(
        "jobs", sa.Column("excused_attempts", sa.BigInteger, nullable=False, server_default="0")
    )
    is_open = "status IN ('queued', 'processing')"
    for name, table, columns, condition in (
        ("jobs_open", "jobs", ["tenant_id", "operation", "created_at"], is_open),
        ("jobs_ended", "jobs", ["ended_at"], "ended_at IS NOT NULL"),
        ("ix_jobs_dataset_id", "jobs", ["dataset_id"], None),
        ("ix_datasets_expires_at", "datasets", ["expires_at"], None),
        ("ix_generations_expires_at", "generations", ["expires_at"], None),
        ("ix_datasets_job_id", "datasets", ["job_id"], None),
        ("ix_generations_job_id", "generations", ["job_id"], None),
    ):
        where = sa.text(condition) if condition else None
        op.create_index(name, table, columns, postgresql_where=where)


def _create_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), primary_key=True),
        sa.Column("operation", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary),
        _text("job_id", nullable=True),
        _text("lease_token", nullable=True),
        _timestamp("leased_until"),
        _timestamp("expires_at", nullable=False),
    )
    op.create_index("ix_idempotency_keys_job_id", "idempotency_keys", ["job_id"])
    op.create_index("ix_idempotency_keys_expires_at", "idempotency_keys", ["expires_at"])
    _restrict("idempotency_keys")


def _create_objects() -> None:
    op.create_table(
        "objects",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=False, index=True),
        sa.Column("owner_id", sa.Text, nullable=False, index=True),
        sa.Column(
            "state",
            sa.Text,
            sa.CheckConstraint("state IN ('announced', 'kept', 'doomed')"),
            nullable=False,
        ),
        _timestamp("changed_at", nullable=False, default=True),
    )
    op.create_index(
        "objects_unkept", "objects", ["changed_at"], postgresql_where=sa.text("state <> 'kept'")
    )
    _restrict("objects")


def _restrict(table: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY scope ON {table} USING ({SCOPE} = '*' OR tenant_id = {SCOPE})")
