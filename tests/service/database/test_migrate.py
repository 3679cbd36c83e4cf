from pathlib import Path

import alembic.command
import alembic.config
import psycopg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from simulacra.service.database import migrate, tables
from simulacra.service.embedded import postgres


def test_the_migrations_make_the_tables_that_the_code_expects(dsn: str) -> None:
    engine = create_engine(dsn.replace("postgresql://", "postgresql+psycopg://"))

    def is_ours(name: str | None, kind: str, _parents: object) -> bool:
        return not (kind == "table" and str(name).startswith("procrastinate_"))

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_ours})
        assert compare_metadata(context, tables.Table.metadata) == []
    engine.dispose()


def test_migrating_twice_changes_nothing(dsn: str) -> None:
    migrate.upgrade(dsn)


def test_row_level_security_is_forced_on_every_table_of_tenants(dsn: str) -> None:
    owned = {
        mapper.local_table.name  # type: ignore[attr-defined]  # a mapped class has a table
        for mapper in tables.Table.registry.mappers
        if issubclass(mapper.class_, tables.TenantOwned)
    }
    assert owned == {
        "datasets", "generations", "jobs", "credential_rotations", "usage_windows", "usage_entries",
        "customer_stores", "idempotency_keys", "objects", "scenario_fits", "webhooks",
        "webhook_secrets", "webhook_deliveries", "saved_scenarios",
    }  # fmt: skip
    engine = create_engine(dsn.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        forced = connection.execute(
            text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        )
        others = {"audit_entries", "signups", "credential_claims", "people", "person_sessions"}
        assert owned | others == set(forced.scalars())
        is_super = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        assert connection.scalar(text(is_super)) is False
    engine.dispose()


def test_a_database_of_the_version_before_keeps_its_rows_and_its_code(tmp_path: Path) -> None:
    """What is fitted for scenarios is in no way of processes that know nothing of it."""
    before, data = "r0008", ("ds_1", "ten_1")
    with postgres.running(tmp_path) as cluster:
        config = alembic.config.Config()
        config.set_main_option("script_location", "simulacra.service.database:migrations")
        engine = create_engine(cluster.owner_url().replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            alembic.command.upgrade(config, before)
        engine.dispose()
        options = "-c simulacra.tenant=*"
        with psycopg.connect(cluster.owner_url(), options=options) as owner:
            owner.execute(
                "INSERT INTO tenants (id, company_name, contact_email, status, sealed_key, "
                "max_rows_per_request) VALUES ('ten_1', 'A', 'a@b.example', 'active', '', 1)"
            )
            owner.execute(
                "INSERT INTO datasets (id, tenant_id, status, job_id, format, seed_bytes, "
                "seed_sha256, expires_at) "
                "VALUES ('ds_1', 'ten_1', 'ready', 'j', 'csv', 1, '', now())"
            )
        migrate.upgrade(cluster.url(), cluster.owner_url())
        with psycopg.connect(cluster.url(), options=options) as service:
            kept = "SELECT id, tenant_id FROM datasets"
            assert service.execute(kept).fetchall() == [data]
            service.execute(
                "INSERT INTO scenario_fits (dataset_id, tenant_id, columns, version, path) "
                "VALUES ('ds_1', 'ten_1', 'c', '1', 'p')"
            )
            service.execute("DELETE FROM datasets")  # as the version before removes tombstones
            assert service.execute("SELECT * FROM scenario_fits").fetchall() == []
