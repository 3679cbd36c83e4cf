from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from simulacra.service.database import migrate, tables


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
        "idempotency_keys", "objects",
    }  # fmt: skip
    engine = create_engine(dsn.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        forced = connection.execute(
            text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        )
        others = {"audit_entries", "signups", "credential_claims"}
        assert owned | others == set(forced.scalars())
        is_super = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        assert connection.scalar(text(is_super)) is False
    engine.dispose()
