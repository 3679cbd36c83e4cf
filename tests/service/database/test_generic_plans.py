"""Statements that PostgreSQL plans without knowing their parameters."""

import asyncio
import itertools
import re
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import ColumnElement, create_engine, func, select

from simulacra.service import keys, tenancy
from simulacra.service.database import tables
from simulacra.service.database.statuses import OPEN, JobStatus
from simulacra.service.usage.ledger import CLOSINGS, Kind


def test_every_test_runs_on_generic_plans(dsn: str) -> None:
    """So a statement that only its first executions can plan fails in whichever test runs it."""
    keyring = keys.Keyring(bytes(32))

    async def mode() -> str:
        database = tenancy.Database(dsn, keyring)
        try:
            return str(await database.look_up(select(func.current_setting("plan_cache_mode"))))
        finally:
            await database.close()

    assert asyncio.run(mode()) == "force_generic_plan"
    with psycopg.connect(dsn) as connection, pytest.raises(psycopg.errors.InvalidColumnReference):
        connection.execute(
            "INSERT INTO signups (id, company_name, contact_email, email_key, status) "
            "VALUES ('req_1', 'Acme', 'a@acme.example', 'a@acme.example', 'pending') "
            "ON CONFLICT (email_key) WHERE status IN (%s, %s) DO NOTHING",
            ["pending", "approved"],
        )


OTHER_INDEXES = """
SELECT indexrelid::regclass::text FROM pg_index
WHERE indrelid = (SELECT indrelid FROM pg_index WHERE indexrelid = %s::regclass)
AND indexrelid <> %s::regclass
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
"""Of the same table, but for those that a constraint needs."""
_jobs, _objects, _entries = tables.Job, tables.StoredObject, tables.UsageEntry


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        (lambda: _jobs.status.in_(OPEN) & (_jobs.tenant_id == "ten_1"), "jobs_open"),
        (lambda: (_jobs.status == JobStatus.QUEUED) & (_jobs.tenant_id == "ten_1"), "jobs_open"),
        (lambda: (_objects.state == "doomed") | (_objects.state == "announced"), "objects_unkept"),
        (
            lambda: _entries.kind.in_([Kind.RESERVED]) & (_entries.generation_id == "gen_1"),
            "usage_entries_one_reservation",
        ),
        (
            lambda: _entries.kind.in_(CLOSINGS) & (_entries.generation_id == "gen_1"),
            "usage_entries_one_closing",
        ),
    ],
    ids=["open jobs", "queued jobs", "objects to remove", "reservations", "closings"],
)
def test_a_partial_index_is_found(
    owner_dsn: str, condition: Callable[[], ColumnElement[bool]], index: str
) -> None:
    """Neither the whole table nor another index is to be had: the only question is whether it may.

    The other indexes are gone for this transaction alone, which only the owner can do.
    """
    engine = create_engine(owner_dsn.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        connection.exec_driver_sql("SET enable_seqscan = off")
        connection.exec_driver_sql("SELECT set_config('simulacra.tenant', '*', false)")
        for other in connection.exec_driver_sql(OTHER_INDEXES, (index, index)).scalars().all():
            connection.exec_driver_sql(f'DROP INDEX "{other}"')
        statement = select(func.count()).where(condition())
        compiled = statement.compile(engine, compile_kwargs={"render_postcompile": True})
        numbers = itertools.count(1)
        query = re.sub(r"%\(\w+\)s", lambda _: f"${next(numbers)}", str(compiled))
        plan = connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {query}").scalars().all()
        connection.rollback()
    engine.dispose()
    assert index in "".join(plan)
