"""Two locks on the tenant's door: the session's criteria, and PostgreSQL's row-level security."""

import asyncio
import datetime as dt
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import keys, tenancy
from simulacra.service.database import tables
from simulacra.service.database.prepared import Prepared
from simulacra.service.embedded import postgres
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync


async def _tenant_with_dataset(runtime: Runtime, name: str, expires: dt.datetime) -> str:
    made = await runtime.tenants.create(
        company=name,
        email="a@b.example",
    )
    async with runtime.database.transaction(made.tenant_id) as session:
        session.add(_dataset(made.tenant_id, f"ds_{name}", expires))
    return made.tenant_id


def _dataset(tenant_id: str, dataset_id: str, expires: dt.datetime) -> tables.Dataset:
    return tables.Dataset(
        id=dataset_id,
        tenant_id=tenant_id,
        status="ready",
        job_id="job_x",
        format="csv",
        seed_bytes=1,
        seed_sha256="",
        expires_at=expires,
    )


def test_each_tenant_sees_its_own_rows(
    runtime: Runtime, run_async: RunAsync, in_an_hour: dt.datetime
) -> None:
    async def check() -> None:
        one = await _tenant_with_dataset(runtime, "one", in_an_hour)
        two = await _tenant_with_dataset(runtime, "two", in_an_hour)
        for tenant_id, own, other in ((one, "ds_one", "ds_two"), (two, "ds_two", "ds_one")):
            async with runtime.database.transaction(tenant_id) as session:
                assert list(await session.scalars(sa.select(tables.Dataset.id))) == [own]
                assert await session.get(tables.Dataset, other) is None
                touched = await session.scalars(
                    sa.update(tables.Dataset).values(format="x").returning(tables.Dataset.id)
                )
                assert touched.all() == [own]
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            assert len(list(await session.scalars(sa.select(tables.Dataset.id)))) == 2

    run_async(check())


def test_row_level_security_holds_for_plain_sql(
    runtime: Runtime, run_async: RunAsync, in_an_hour: dt.datetime
) -> None:
    async def check() -> None:
        one = await _tenant_with_dataset(runtime, "one", in_an_hour)
        await _tenant_with_dataset(runtime, "two", in_an_hour)
        for table in ("datasets", "generations", "jobs"):
            assert await _policy_exists(runtime, table)
        async with runtime.database.transaction(one) as session:
            found = await session.execute(sa.text("SELECT id FROM datasets"))
            assert found.scalars().all() == ["ds_one"]

    run_async(check())


async def _policy_exists(runtime: Runtime, table: str) -> bool:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        return bool(
            await session.scalar(
                sa.text(
                    "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relname = :t"
                ),
                {"t": table},
            )
        )


def test_a_row_cannot_be_written_for_another_tenant(
    runtime: Runtime, run_async: RunAsync, in_an_hour: dt.datetime
) -> None:
    async def check() -> None:
        one = await _tenant_with_dataset(runtime, "one", in_an_hour)
        two = await _tenant_with_dataset(runtime, "two", in_an_hour)
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            async with runtime.database.transaction(one) as session:
                session.add(_dataset(two, "ds_smuggled", in_an_hour))

    run_async(check())


def test_a_session_that_came_another_way_is_refused(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        async with AsyncSession(runtime.database._engine) as session:
            with pytest.raises(tenancy.ScopeMissingError):
                await session.scalars(sa.select(tables.Dataset))
        async with runtime.database._engine.connect() as connection:
            found = await connection.execute(sa.text("SELECT count(*) FROM datasets"))
            assert found.scalar() == 0  # no scope, no rows

    run_async(check())


@pytest.mark.parametrize("attribute", ["BYPASSRLS", "SUPERUSER"])
def test_a_role_that_the_second_lock_does_not_bind_is_refused(
    tmp_path: Path, attribute: str
) -> None:
    cluster, account = postgres.Cluster(tmp_path), postgres._account()
    cluster.initialise()
    postgres._run(
        *(account, cluster.data, "postgres", "--single", "-D"),
        *(postgres._seen_by(account, cluster.data), "postgres"),
        statements=f"ALTER ROLE {postgres.ROLE} {attribute}\n",
    )

    async def check(dsn: str) -> None:
        database = tenancy.Database(dsn, keys.Keyring(bytes(32)), pool_size=1)
        try:
            await database.check_role()
        finally:
            await database.close()

    with (
        postgres.running(tmp_path) as runtime,
        pytest.raises(tenancy.UnboundRoleError, match="DATABASE_URL"),
    ):
        asyncio.run(check(runtime.url()))


def test_the_embedded_role_is_bound(
    runtime: Runtime, run_async: RunAsync, caplog: pytest.LogCaptureFixture
) -> None:
    run_async(runtime.database.check_role())
    assert caplog.messages == []


def test_a_role_that_could_alter_the_audit_trail_is_warned_of(
    runtime: Runtime, owner_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def check() -> None:
        database = tenancy.Database(owner_dsn, runtime.keyring, pool_size=1)
        await database.check_role()
        await database.close()

    asyncio.run(check())
    assert "SIMULACRA_MIGRATION_DATABASE_URL" in caplog.text


def test_connections_that_a_restart_cut_while_they_were_idle_fail_no_query(
    runtime: Runtime, run_async: RunAsync, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def backend() -> int:
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            await session.execute(sa.text("SELECT pg_sleep(0.05)"))  # so that each has its own
            return int(await session.scalar(sa.text("SELECT pg_backend_pid()")) or 0)

    async def check() -> None:
        first = set(await asyncio.gather(*(backend() for _ in range(4))))
        with psycopg.connect(dsn, autocommit=True) as other:
            for pid in first:
                other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        monkeypatch.setattr(tenancy, "IDLE_SECONDS", 0.0)
        second = set(await asyncio.gather(*(backend() for _ in range(4))))
        assert not first & second

    run_async(check())


def _by_id(owned: type[tables.TenantOwned]) -> Prepared:
    wanted = sa.bindparam("id", None, sa.Text)
    return Prepared.of_tenant(
        owned, sa.select(tables.Dataset.id).where(tables.Dataset.id == wanted)
    )


def test_a_prepared_query_sees_one_tenants_rows(
    runtime: Runtime, run_async: RunAsync, in_an_hour: dt.datetime
) -> None:
    async def check() -> None:
        one = await _tenant_with_dataset(runtime, "one", in_an_hour)
        two = await _tenant_with_dataset(runtime, "two", in_an_hour)
        query = _by_id(tables.Dataset)
        for tenant_id, own, other in ((one, "ds_one", "ds_two"), (two, "ds_two", "ds_one")):
            for _ in range(12):  # by then PostgreSQL plans it without its parameters
                assert await runtime.database.read(tenant_id, query, {"id": own}) == (own,)
                assert await runtime.database.read(tenant_id, query, {"id": other}) is None
        assert runtime.database.connections[0] == 0

    run_async(check())


def test_each_of_the_two_locks_holds_alone_for_a_prepared_query(
    runtime: Runtime, run_async: RunAsync, in_an_hour: dt.datetime
) -> None:
    """Without the criteria row-level security holds, and without a tenant's scope the criteria."""

    async def check() -> None:
        one = await _tenant_with_dataset(runtime, "one", in_an_hour)
        await _tenant_with_dataset(runtime, "two", in_an_hour)
        everybody = Prepared(sa.select(sa.func.count()).select_from(tables.Dataset))
        with pytest.raises(tenancy.ScopeMissingError):
            await runtime.database.read(one, everybody, {})
        everybody.is_narrowed = True
        assert await runtime.database.read(one, everybody, {}) == (1,)
        assert await runtime.database.read(tenancy.SYSTEM, everybody, {}) == (2,)
        query = _by_id(tables.Dataset)
        assert await runtime.database.read(tenancy.SYSTEM, query, {"id": "ds_two"}) is None
        assert await runtime.database.look_up(everybody) == 0  # no scope, no rows

    run_async(check())


def test_a_query_on_other_tables_too_is_not_prepared_for_a_tenant() -> None:
    joined = sa.select(tables.Dataset.id).join(tables.Tenant)
    with pytest.raises(ValueError, match="one table"):
        Prepared.of_tenant(tables.Dataset, joined)
    with pytest.raises(ValueError, match="one table"):
        Prepared.of_tenant(tables.Job, sa.select(tables.Dataset.id))


def test_a_prepared_statement_that_fails_leaves_the_connection_usable(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        broken = Prepared(sa.select(sa.literal_column("1 / 0")))
        for _ in range(20):
            with pytest.raises(psycopg.errors.DivisionByZero):
                await runtime.database.look_up(broken)
        assert await runtime.database.look_up(Prepared(sa.select(sa.literal_column("1")))) == 1

    run_async(check())


@pytest.mark.parametrize("ending", ["it succeeds", "it fails", "it is cancelled"])
def test_a_transaction_after_a_prepared_statement_is_one(
    runtime: Runtime, run_async: RunAsync, ending: str
) -> None:
    """Prepared statements commit by themselves; what comes next must not."""
    expressions = {"it succeeds": "1", "it fails": "1 / 0", "it is cancelled": "pg_sleep(60)"}
    prepared = Prepared(sa.select(sa.literal_column(expressions[ending])))

    async def check() -> None:
        looking = asyncio.create_task(runtime.database.look_up(prepared))
        if ending == "it is cancelled":
            await asyncio.sleep(0.5)  # it sleeps on the server by then, or has not begun
            looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        with pytest.raises(ZeroDivisionError):
            async with runtime.database.transaction("*") as session:
                await session.execute(sa.text("CREATE TEMPORARY TABLE mark ()"))
                raise ZeroDivisionError
        marks = sa.select(sa.func.count()).select_from(sa.text("pg_class"))
        assert await runtime.database.look_up(marks.where(sa.text("relname = 'mark'"))) == 0

    run_async(check())
