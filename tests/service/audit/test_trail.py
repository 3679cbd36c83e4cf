"""The audit trail on real PostgreSQL: one chain, append-only, and tampering shows."""

import asyncio
import datetime as dt
import re
from collections.abc import Iterable

import psycopg
import pytest
import sqlalchemy as sa

from simulacra.service import tenancy
from simulacra.service.audit import entry, origin, trail
from simulacra.service.audit.entry import Action, Detail, Outcome
from simulacra.service.database import tables
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync

UNLOCKED = (
    "ALTER TABLE audit_entries DISABLE TRIGGER USER",
    "ALTER TABLE audit_entries NO FORCE ROW LEVEL SECURITY",
)
LOCKED = (
    "ALTER TABLE audit_entries ENABLE TRIGGER USER",
    "ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY",
)


async def _record(runtime: Runtime, *subjects: str, scope: str = tenancy.SYSTEM) -> None:
    async with runtime.database.transaction(scope) as session:
        for subject in subjects:
            trail.record(session, entry.SYSTEM, Action.DATASET_READY, subject)


async def _numbers(runtime: Runtime) -> list[int]:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        return [it.number async for it in trail.entries(session)]


def test_an_entry_says_who_what_which_when_and_why(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        origin.REQUEST_ID.set("req_12345678")
        async with runtime.database.transaction("ten_1") as session:
            trail.record(
                session,
                entry.client("c" * 32),
                Action.DATASET_FAILED,
                "ds_1",
                tenant_id="ten_1",
                outcome=Outcome.FAILED,
                details={Detail.CODE: "simio_training_failed", Detail.BYTES: 12},
            )
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            (found,) = [it async for it in trail.entries(session)]
        assert dt.datetime.now(dt.UTC) - found.at < dt.timedelta(minutes=5)
        assert (found.number, found.previous_hash) == (1, bytes(32))
        assert (found.actor_kind, found.actor_id) == ("client", "c" * 32)
        assert (found.action, found.subject_id, found.tenant_id) == (
            "dataset.failed", "ds_1", "ten_1",
        )  # fmt: skip
        assert (found.outcome, found.request_id) == ("failed", "req_12345678")
        assert found.details == {"code": "simio_training_failed", "bytes": 12}

    run_async(check())


def test_what_is_rolled_back_leaves_no_entry(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        with pytest.raises(ZeroDivisionError):
            async with runtime.database.transaction(tenancy.SYSTEM) as session:
                trail.record(session, entry.SYSTEM, Action.DATASET_READY, "ds_1")
                raise ZeroDivisionError
        assert await _numbers(runtime) == []

    run_async(check())


def test_twenty_writers_at_once_make_one_unbroken_chain(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        scopes = [tenancy.SYSTEM, *(f"ten_{n}" for n in range(19))]
        await asyncio.gather(
            *(
                _record(runtime, f"ds_{turn}a", f"ds_{turn}b", scope=scope)
                for turn in range(5)
                for scope in scopes
            )
        )
        assert await _numbers(runtime) == list(range(1, 201))
        report = await runtime.database.verify_trail()
        assert (report.fault, report.head.number) == (None, 200)

    run_async(check())


@pytest.mark.parametrize("scope", ["ten_1", ""])
def test_the_trail_is_closed_to_every_other_scope(
    runtime: Runtime, run_async: RunAsync, scope: str
) -> None:
    async def check() -> None:
        await _record(runtime, "ds_1")
        async with runtime.database.transaction(scope) as session:
            assert await session.scalar(sa.select(sa.func.count(tables.AuditEntry.number))) == 0

    run_async(check())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET outcome = 'refused'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "ALTER TABLE audit_entries DISABLE TRIGGER USER",
        "DROP TRIGGER audit_entries_append_only ON audit_entries",
        "DROP TABLE audit_entries",
        "ALTER TABLE audit_entries NO FORCE ROW LEVEL SECURITY",
    ],
)
def test_the_role_of_the_service_cannot_change_the_trail(
    runtime: Runtime, run_async: RunAsync, dsn: str, statement: str
) -> None:
    run_async(_record(runtime, "ds_1"))
    with psycopg.connect(dsn) as connection:
        connection.execute("SELECT set_config('simulacra.tenant', '*', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET outcome = 'refused'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ],
)
def test_the_owner_of_the_tables_is_refused_too(
    runtime: Runtime, run_async: RunAsync, owner_dsn: str, statement: str
) -> None:
    run_async(_record(runtime, "ds_1"))
    with psycopg.connect(owner_dsn) as connection:
        connection.execute("SELECT set_config('simulacra.tenant', '*', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            connection.execute(statement)


FORGED = (
    "INSERT INTO audit_entries SELECT 4, now(), actor_kind, actor_id, action, subject_id, "
    "tenant_id, request_id, outcome, details, hash, hash FROM audit_entries WHERE number = 3"
)


@pytest.mark.parametrize(
    ("tampering", "fault"),
    [
        (["UPDATE audit_entries SET subject_id = 'ds_9' WHERE number = 2"], "entry 2 was altered"),
        (
            ["UPDATE audit_entries SET at = at + interval '1 us' WHERE number = 3"],
            "entry 3 was alt",
        ),
        (
            ["UPDATE audit_entries SET details = '{\"rows\": 1}' WHERE number = 1"],
            "entry 1 was alt",
        ),
        (["DELETE FROM audit_entries WHERE number = 2"], "entry 2 is missing"),
        (["DELETE FROM audit_entries WHERE number = 1"], "entry 1 is missing"),
        (
            [
                "DELETE FROM audit_entries WHERE number = 2",
                "UPDATE audit_entries SET number = 2 WHERE number = 3",
            ],
            "entry 2 does not follow entry 1",
        ),
        ([FORGED], "entry 4 was altered"),
    ],
    ids=["subject", "time", "details", "middle", "first", "renumbered", "forged"],
)
def test_tampering_by_the_owner_of_the_tables_is_found(
    runtime: Runtime, run_async: RunAsync, owner_dsn: str, tampering: list[str], fault: str
) -> None:
    async def check() -> None:
        await _record(runtime, "ds_1", "ds_2", "ds_3")
        assert (await runtime.database.verify_trail()).fault is None
        _tamper(owner_dsn, tampering)
        report = await runtime.database.verify_trail()
        assert re.match(fault, str(report.fault))

    run_async(check())


def test_a_cut_tail_is_noticed_by_who_noted_the_head(
    runtime: Runtime, run_async: RunAsync, owner_dsn: str
) -> None:
    async def check() -> None:
        await _record(runtime, "ds_1", "ds_2")
        noted = (await runtime.database.verify_trail()).head
        await _record(runtime, "ds_3")
        assert (await runtime.database.verify_trail(noted)).fault is None
        _tamper(owner_dsn, ["DELETE FROM audit_entries WHERE number >= 2"])
        assert (await runtime.database.verify_trail()).fault is None
        report = await runtime.database.verify_trail(noted)
        assert report.head.number == 1
        assert f"{noted} is not in the chain" in str(report.fault)

    run_async(check())


def _tamper(owner_dsn: str, statements: Iterable[str]) -> None:
    with psycopg.connect(owner_dsn) as connection:
        for statement in (*UNLOCKED, *statements, *LOCKED):
            connection.execute(statement)
