"""Migrations only expand: processes of the version before go on while they are applied."""

import importlib
import io
import pkgutil
import re

import psycopg
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations

from simulacra.service import revision
from simulacra.service.database import migrate
from simulacra.service.database.migrations import versions

FIRST = "r0005"  # what came before was never replaced under way

ALLOWED: dict[tuple[str, str], str] = {}
"""(revision, beginning of the statement): why older code does without what it takes away."""

TAKES_AWAY = re.compile(
    r"\b(DROP|RENAME|TRUNCATE)\b|\bALTER (COLUMN )?\w+ (SET DATA )?TYPE\b|\bSET NOT NULL\b"
    r"|\bALTER TYPE\b",
    re.IGNORECASE,
)
REQUIRES = re.compile(r"\bADD COLUMN (?!.*\bDEFAULT\b).*\bNOT NULL\b", re.IGNORECASE | re.DOTALL)


def is_contracting(statement: str) -> bool:
    """Tell whether code that does not know of the statement may fail after it."""
    if statement.startswith("CREATE TRIGGER"):  # which names what it refuses
        return False
    return bool(TAKES_AWAY.search(statement) or REQUIRES.search(statement))


def modules() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(versions.__path__))


def rendered(module: str) -> list[str]:
    """Return the statements of a migration, without a database."""
    migration = importlib.import_module(f"{versions.__name__}.{module}")
    out = io.StringIO()
    options = {"as_sql": True, "output_buffer": out}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context):
        migration.upgrade()
    return [statement.strip() for statement in out.getvalue().split(";\n") if statement.strip()]


@pytest.mark.parametrize("module", [name for name in modules() if name >= FIRST])
def test_a_migration_takes_nothing_away(module: str) -> None:
    statements = rendered(module)
    assert statements
    revision = module.partition("_")[0]
    for statement in filter(is_contracting, statements):
        assert any(
            revision == allowed and statement.startswith(beginning)
            for allowed, beginning in ALLOWED
        ), statement


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE jobs",
        "ALTER TABLE jobs DROP COLUMN stage",
        "ALTER TABLE jobs RENAME COLUMN stage TO step",
        "ALTER TABLE jobs RENAME TO work",
        "ALTER TABLE jobs ALTER COLUMN attempt TYPE INTEGER",
        "ALTER TABLE jobs ALTER COLUMN attempt SET DATA TYPE INTEGER",
        "ALTER TABLE jobs ALTER COLUMN stage SET NOT NULL",
        "ALTER TABLE jobs ADD COLUMN tries BIGINT NOT NULL",
    ],
)
def test_what_older_code_would_stumble_over_is_seen(statement: str) -> None:
    assert is_contracting(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE jobs ADD COLUMN tries BIGINT",
        "ALTER TABLE jobs ADD COLUMN tries BIGINT DEFAULT '0' NOT NULL",
        "CREATE TABLE runs (id TEXT NOT NULL, PRIMARY KEY (id))",
        "CREATE INDEX runs_id ON runs (id)",
    ],
)
def test_what_only_adds_is_let_through(statement: str) -> None:
    assert not is_contracting(statement)


def test_revisions_are_named_in_their_order() -> None:
    before = None
    for name in modules():
        migration = importlib.import_module(f"{versions.__name__}.{name}")
        assert re.fullmatch(r"r\d{4}", migration.revision)
        assert name.startswith(f"{migration.revision}_")
        assert migration.down_revision == before
        before = migration.revision
    assert revision.needed() == before


def test_a_migration_does_not_queue_behind_a_long_transaction(
    dsn: str, owner_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_SECONDS", 1)
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(migrate, "TRIES", 2)
    with psycopg.connect(owner_dsn) as connection:
        connection.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(migrate.BlockedError, match="pg_stat_activity"):
            migrate.upgrade(dsn, owner_dsn)
    migrate.upgrade(dsn, owner_dsn)
