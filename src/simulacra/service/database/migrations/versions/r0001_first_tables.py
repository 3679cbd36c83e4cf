"""Tenants, credentials, datasets, generations and jobs; the queue's own tables.

Row-level security is forced, so that it holds for the owner of the tables too: a row of a tenant
is seen and written only in a transaction whose setting ``simulacra.tenant`` names that tenant, or
is ``*`` for the service itself.
"""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects.postgresql import JSONB

revision = "r0001"
down_revision = None

TENANT_OWNED = ("datasets", "generations", "jobs")
NOW = sa.text("now()")


def _timestamp(name: str, *, default: bool = False, nullable: bool = True) -> sa.Column[object]:
    kind = sa.DateTime(timezone=True)
    if default:
        return sa.Column(name, kind, server_default=NOW, nullable=False)
    return sa.Column(name, kind, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.Text, primary_key=True)


def _tenant_id() -> sa.Column[str]:
    return sa.Column("tenant_id", sa.Text, sa.ForeignKey("tenants.id"), nullable=False)


def upgrade() -> None:
    """Create everything."""
    _create_tenants()
    _create_datasets()
    _create_generations()
    _create_jobs()
    for table in TENANT_OWNED:
        op.create_index(f"ix_{table}_tenant_id", table, ["tenant_id"])
        _force_row_level_security(table)
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))


def _create_tenants() -> None:
    op.create_table(
        "tenants",
        _id(),
        _text("company_name"),
        _text("contact_email"),
        sa.Column(
            "status",
            sa.Text,
            sa.CheckConstraint("status IN ('active', 'suspended')"),
            nullable=False,
        ),
        sa.Column("max_rows_per_request", sa.BigInteger, nullable=False),
        sa.Column("sealed_key", sa.LargeBinary, nullable=False),
        _timestamp("created_at", default=True),
    )
    op.create_table(
        "clients",
        _id(),
        _tenant_id(),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        _timestamp("created_at", default=True),
        _timestamp("revoked_at"),
    )
    op.create_table(
        "signing_keys",
        _id(),
        sa.Column("sealed_private_key", sa.LargeBinary, nullable=False),
        _timestamp("created_at", default=True),
    )


def _create_datasets() -> None:
    op.create_table(
        "datasets",
        _id(),
        _tenant_id(),
        _text("status"),
        _text("display_name", nullable=True),
        _text("job_id"),
        _text("format"),
        sa.Column("seed_bytes", sa.BigInteger, nullable=False),
        _text("seed_sha256"),
        sa.Column("sealed_key", sa.LargeBinary),
        sa.Column("row_count", sa.BigInteger),
        sa.Column("column_count", sa.BigInteger),
        sa.Column("published_schema", JSONB),
        sa.Column("error", JSONB),
        _timestamp("created_at", default=True),
        _timestamp("ready_at"),
        _timestamp("expires_at", nullable=False),
        _timestamp("deleted_at"),
    )


def _create_generations() -> None:
    op.create_table(
        "generations",
        _id(),
        _tenant_id(),
        sa.Column("dataset_id", sa.Text, sa.ForeignKey("datasets.id"), nullable=False, index=True),
        _text("status"),
        _text("job_id"),
        sa.Column("row_count", sa.BigInteger, nullable=False),
        _text("output_format"),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("conditions", JSONB, nullable=False),
        sa.Column("rows_generated", sa.BigInteger),
        sa.Column("report", JSONB),
        sa.Column("sealed_key", sa.LargeBinary),
        sa.Column("size_bytes", sa.BigInteger),
        _text("sha256", nullable=True),
        sa.Column("error", JSONB),
        _timestamp("created_at", default=True),
        _timestamp("ready_at"),
        _timestamp("expires_at", nullable=False),
    )


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        _id(),
        _tenant_id(),
        _text("operation"),
        _text("status"),
        _text("dataset_id"),
        _text("generation_id", nullable=True),
        _text("idempotency_key", nullable=True),
        sa.Column("stage", sa.Text, nullable=False, server_default="queued"),
        sa.Column("progress", sa.Float, nullable=False, server_default="0"),
        sa.Column("attempt", sa.BigInteger, nullable=False, server_default="0"),
        _text("attempt_token", nullable=True),
        sa.Column("error", JSONB),
        _timestamp("created_at", default=True),
        _timestamp("started_at"),
        _timestamp("ended_at"),
    )
    op.create_index(
        "jobs_idempotency_key",
        "jobs",
        ["tenant_id", "operation", "idempotency_key"],
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )


def _force_row_level_security(table: str) -> None:
    scope = "current_setting('simulacra.tenant', true)"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant_scope ON {table} USING ({scope} = '*' OR tenant_id = {scope})"
    )
