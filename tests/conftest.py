"""Fixtures of the rings that need a real PostgreSQL or a real object store."""

import asyncio
import datetime as dt
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql

from simulacra.service import compose, keys
from simulacra.service.database import grants, migrate, tables
from simulacra.service.embedded import postgres
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from tests.coroutines import RunAsync
from tests.service.identity import auth0_stand_in, auth0_tenant

# A first example may compile a loop, and a busy machine is no fault.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# After some executions on one connection PostgreSQL plans a statement without its parameters. Every
# test, and every server that a test starts, has it do so from the first one.
os.environ["PGOPTIONS"] = "-c plan_cache_mode=force_generic_plan"

# Tests start some hundreds of processes. Where Python is told to keep no bytecode, each of them
# would compile all modules that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

LONGEST = (
    "acceptance/test_faults.py",
    "acceptance/test_kills.py",
    "acceptance/test_serve.py",
    "service/database/test_upgrading.py",
    "acceptance/test_webhooks.py",
    "acceptance/test_idempotency.py",
    "service/test_lifecycle.py",
)
"""Files that would keep one process busy at the end of a run, when the others have nothing left."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; xdist hands out files in this order."""
    folder = Path(__file__).parent
    ranks = {folder / name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path, len(LONGEST)))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Cluster]:
    """A server of this test process, its database migrated."""
    with postgres.running(tmp_path_factory.mktemp("cluster")) as it:
        migrate.upgrade(it.url(), it.owner_url())
        yield it


@pytest.fixture(scope="session")
def dsn(cluster: postgres.Cluster) -> str:
    """How the service connects."""
    return cluster.url()


@pytest.fixture(scope="session")
def owner_dsn(cluster: postgres.Cluster) -> str:
    """How the owner of the tables connects."""
    return cluster.owner_url()


@pytest.fixture(scope="session")
def empty_tables(dsn: str, owner_dsn: str) -> Callable[[], str]:
    """Empty the tables of the same database, and return how the service connects.

    To truncate all takes twice as long, since it makes new files of all tables and indexes.
    Where rows can only be added, nothing else is possible.
    """
    ours = [table.name for table in reversed(tables.Table.metadata.sorted_tables)]
    queue = ["procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs"]
    others = [name for name in queue + ours if name not in grants.APPEND_ONLY]

    def empty() -> str:
        with psycopg.connect(owner_dsn, options="-c simulacra.tenant=*") as connection:
            for table in grants.APPEND_ONLY:
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            connection.execute(f"TRUNCATE {', '.join(grants.APPEND_ONLY)}")
            for name in others:
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
            for table in grants.APPEND_ONLY:
                connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return dsn

    return empty


@pytest.fixture
def empty_dsn(empty_tables: Callable[[], str]) -> str:
    """The same database with empty tables."""
    return empty_tables()


@pytest.fixture
def settings(empty_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a service on the test database and a directory of its own."""
    for name in ("DATABASE_URL", "SIMULACRA_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    settings = Settings(data_dir=tmp_path, database_url=empty_dsn)  # type: ignore[arg-type]  # coerced
    keys.make_master_key(settings.master_key_file)
    return settings


@pytest.fixture
def runtime(settings: Settings) -> Runtime:
    """The parts of a service."""
    return compose.runtime_of(settings)


@pytest.fixture
def run_async(runtime: Runtime) -> RunAsync:
    """Run a coroutine that uses `runtime`, and close its connections in the same event loop."""

    async def and_close(coroutine: Coroutine[None, None, None]) -> None:
        try:
            await coroutine
        finally:
            await runtime.close()

    return lambda coroutine: asyncio.run(and_close(coroutine))


@pytest.fixture
def in_an_hour() -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)


@pytest.fixture
def auth0(monkeypatch: pytest.MonkeyPatch) -> Iterator[auth0_tenant.Auth0Tenant]:
    """A stand-in for an Auth0 tenant, trusted as an operator would have it trusted."""
    with auth0_stand_in.running("https://localhost:8443") as (tenant, ca):
        monkeypatch.setenv("SSL_CERT_FILE", str(ca))
        yield tenant
