"""Requests for access, claims and rotations of credentials, and who has used up which limit.

Signups and claims belong to no tenant: only the service's own scope ``*`` sees them. Limits are
kept in an unlogged table: a crash may forget them, which costs nothing, and a hit needs no sync.
"""

import sqlalchemy as sa
from alembic import op

revision = "r0005"
down_revision = "r0004"

SCOPE = "current_setting('simulacra.tenant', true)"


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _reference(name: str, target: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, sa.ForeignKey(target), nullable=nullable)


def _timestamp(name: str, *, nullable: bool = True, default: bool = False) -> sa.Column[object]:
    now = sa.text("now()") if default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=nullable)


def upgrade() -> None:
    """Create the tables."""
    op.add_column("clients", sa.Column("pending_secret_hash", sa.LargeBinary))
    _create_signups()
    _create_claims()
    _create_rotations()
    op.create_table(
        "throttles",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        _timestamp("full_at", nullable=False),
        prefixes=["UNLOGGED"],
    )
    _restrict("signups", f"{SCOPE} = '*'")
    _restrict("credential_claims", f"{SCOPE} = '*'")
    _restrict("credential_rotations", f"{SCOPE} = '*' OR tenant_id = {SCOPE}")


def _create_signups() -> None:
    op.create_table(
        "signups",
        sa.Column("id", sa.Text, primary_key=True),
        _text("company_name"),
        _text("contact_email"),
        _text("email_key"),
        sa.Column(
            "status",
            sa.Text,
            sa.CheckConstraint("status IN ('pending', 'approved', 'declined')"),
            nullable=False,
        ),
        sa.Column("repeats", sa.BigInteger, server_default="0", nullable=False),
        _reference("tenant_id", "tenants.id", nullable=True),
        _text("client_id", nullable=True),
        _text("claim_id", nullable=True),
        _timestamp("created_at", nullable=False, default=True),
        _timestamp("decided_at"),
    )
    op.create_index(
        "signups_alive",
        "signups",
        ["email_key"],
        unique=True,
        postgresql_where=sa.text("status IN ('pending', 'approved')"),
    )


def _create_claims() -> None:
    op.create_table(
        "credential_claims",
        sa.Column("id", sa.Text, primary_key=True),
        _reference("tenant_id", "tenants.id"),
        _reference("client_id", "clients.id"),
        sa.Column("is_rotation", sa.Boolean, nullable=False),
        sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("sealed_token", sa.LargeBinary),
        sa.Column("sealed_secret", sa.LargeBinary),
        _timestamp("created_at", nullable=False, default=True),
        _timestamp("expires_at", nullable=False),
        _timestamp("redeemed_at"),
    )
    op.create_index("ix_credential_claims_client_id", "credential_claims", ["client_id"])


def _create_rotations() -> None:
    op.create_table(
        "credential_rotations",
        sa.Column("id", sa.Text, primary_key=True),
        _reference("tenant_id", "tenants.id"),
        _reference("client_id", "clients.id"),
        _text("idempotency_key", nullable=True),
        _reference("claim_id", "credential_claims.id"),
        _timestamp("created_at", nullable=False, default=True),
    )
    op.create_index("ix_credential_rotations_tenant_id", "credential_rotations", ["tenant_id"])
    op.create_index(
        "credential_rotations_idempotency_key",
        "credential_rotations",
        ["client_id", "idempotency_key"],
        unique=True,
    )


def _restrict(table: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY scope ON {table} USING ({condition})")
