"""PostgreSQL ends what takes too long, and callers are told to try again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import psycopg
import pytest
import sqlalchemy as sa
import sqlalchemy.exc

from simulacra.service import compose, errors, outages, tenancy
from simulacra.service.database import migrate, tables, timeouts
from simulacra.service.http import translation
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings

SHORT = timeouts.Timeouts(statement=0.2, idle=0.2)


@contextlib.asynccontextmanager
async def process(settings: Settings, limits: timeouts.Timeouts) -> AsyncIterator[Runtime]:
    runtime = compose.runtime_of(settings, limits=limits)
    try:
        yield runtime
    finally:
        await runtime.close()


async def setting_of(database: tenancy.Database, name: str) -> str:
    async with database.transaction(tenancy.SYSTEM) as session:
        return str(await session.scalar(sa.text(f"SHOW {name}")))


def told(outage: BaseException) -> tuple[str, int | None]:
    assert isinstance(outage, outages.DATABASE)
    problem = translation.problem_of(outage)
    assert problem.headers["Retry-After"]
    return problem.entry.code, problem.status


@pytest.mark.parametrize("wait", ["SELECT pg_sleep(600)", "SELECT * FROM tenants FOR UPDATE"])
def test_a_statement_that_runs_or_waits_too_long_is_an_outage(
    settings: Settings, owner_dsn: str, wait: str
) -> None:
    async def check() -> None:
        async with process(settings, SHORT) as runtime:
            await runtime.tenants.create(company="A", email="a@b.example")
            with psycopg.connect(owner_dsn) as other:  # holds the row until the end
                other.execute("SET simulacra.tenant = '*'")
                other.execute("SELECT * FROM tenants FOR UPDATE")
                with pytest.raises(sqlalchemy.exc.OperationalError) as ended:
                    async with runtime.database.transaction(tenancy.SYSTEM) as session:
                        await session.execute(sa.text(wait))
            assert told(ended.value) == ("simio_unavailable", 503)
            query = sa.select(sa.func.count()).select_from(tables.OperatorAccount)
            assert await runtime.database.look_up(query) == 0, "the pool did not recover"

    asyncio.run(check())


def test_a_transaction_that_does_nothing_is_ended_and_an_outage(settings: Settings) -> None:
    async def check() -> None:
        async with process(settings, SHORT) as runtime:
            with pytest.raises(sqlalchemy.exc.OperationalError) as ended:
                async with runtime.database.transaction(tenancy.SYSTEM) as session:
                    await session.execute(sa.text("SELECT 1"))
                    async with asyncio.timeout(30):
                        while await is_open(settings):  # noqa: ASYNC110 - another process ends it
                            await asyncio.sleep(0.05)
                    await session.execute(sa.text("SELECT 1"))
            assert told(ended.value) == ("simio_unavailable", 503)

    asyncio.run(check())


async def is_open(settings: Settings) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
    async with await psycopg.AsyncConnection.connect(settings.dsn(), autocommit=True) as other:
        row = await (await other.execute(query)).fetchone()
    return row is not None and row[0] > 0


def test_every_connection_of_a_process_has_the_limits_and_keeps_them(settings: Settings) -> None:
    async def check() -> None:
        for limits, statement, idle in (
            (timeouts.OF_REQUESTS, "15s", "1min"),
            (timeouts.OF_JOBS, "5min", "5min"),
            (timeouts.OF_OPERATORS, "0", "0"),
        ):
            async with process(settings, limits) as runtime:
                with contextlib.suppress(ZeroDivisionError):
                    async with runtime.database.transaction(tenancy.SYSTEM) as session:
                        await session.execute(sa.text("SELECT 1"))
                        raise ZeroDivisionError  # what is rolled back must not take them along
                assert await setting_of(runtime.database, "statement_timeout") == statement
                name = "idle_in_transaction_session_timeout"
                assert await setting_of(runtime.database, name) == idle
                await check_queue(runtime, statement)

    asyncio.run(check())


async def check_queue(runtime: Runtime, statement: str) -> None:
    async with runtime.queue.open_async():
        row = await runtime.queue.connector.execute_query_one_async("SHOW statement_timeout")
    assert row == {"statement_timeout": statement}


def test_a_migration_may_take_longer(
    settings: Settings, owner_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look(_config: object, connection: sa.Connection) -> None:
        seen.append(connection.scalar(sa.text("SHOW statement_timeout")))

    monkeypatch.setattr(migrate, "_retry", look)
    migrate.upgrade(settings.dsn(), owner_dsn)
    assert seen == ["0"]


def test_a_problem_says_nothing_of_the_statement() -> None:
    error = psycopg.errors.QueryCanceled("canceling statement due to statement timeout")
    problem = translation.problem_of(error)
    assert problem.detail == errors.DatabaseUnavailableError("x").detail
