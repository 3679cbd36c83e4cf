"""Verification finds what a fault of the code, or a hand in the database, leaves behind."""

import datetime as dt

import psycopg
import pytest

from simulacra.service.database import tables
from simulacra.service.runtime import Runtime
from simulacra.service.usage import ledger, verification
from tests.coroutines import RunAsync

INSERT = """
INSERT INTO usage_entries
    (tenant_id, generation_id, window_starts_at, kind, reserved_delta, used_delta)
SELECT tenant_id, generation_id, window_starts_at, '{kind}', {reserved}, {used}
FROM usage_entries WHERE generation_id = '{generation}' AND kind = 'reserved'
"""
DROP = "DROP INDEX usage_entries_one_closing"


async def _generation(
    runtime: Runtime, tenant: tables.Tenant, name: str, status: str, made: int | None
) -> None:
    """Add a generation of 10 rows with its job and its bookings."""
    ids = {"tenant_id": tenant.id, "dataset_id": "ds_1"}
    async with runtime.database.transaction(tenant.id) as session:
        session.add(
            tables.Job(
                id=f"job_{name}", operation="createGeneration", status=status,
                generation_id=f"gen_{name}", **ids,
            )
        )  # fmt: skip
        session.add(
            tables.Generation(
                id=f"gen_{name}", status="x", job_id=f"job_{name}", row_count=10,
                rows_generated=made, output_format="csv", seed=1, conditions={},
                expires_at=tenant.created_at, **ids,
            )
        )  # fmt: skip
        await ledger.reserve(session, tenant, f"gen_{name}", 10)
        if status == "completed":
            await ledger.settle(session, f"gen_{name}", made or 0)
        elif status in ("failed", "cancelled"):
            await ledger.release(session, f"gen_{name}")


async def _populate(runtime: Runtime) -> str:
    made = await runtime.tenants.create(company="Acme", email="a@b.example")
    async with runtime.database.transaction(made.tenant_id) as session:
        tenant = await session.get_one(tables.Tenant, made.tenant_id)
        session.add(
            tables.Dataset(
                id="ds_1", tenant_id=tenant.id, status="ready", job_id="job_x", format="csv",
                seed_bytes=1, seed_sha256="", expires_at=tenant.created_at + dt.timedelta(1),
            )
        )  # fmt: skip
    await _generation(runtime, tenant, "ready", "completed", 10)
    await _generation(runtime, tenant, "partial", "completed", 6)
    await _generation(runtime, tenant, "failed", "failed", None)
    await _generation(runtime, tenant, "cancelled", "cancelled", None)
    await _generation(runtime, tenant, "running", "processing", None)
    return tenant.id


def _tamper(owner_dsn: str, *statements: str) -> None:
    """Do as somebody could who owns the database; what is dropped comes back at the end."""
    with psycopg.connect(owner_dsn) as connection:
        connection.execute("SELECT set_config('simulacra.tenant', '*', false)")
        for statement in statements:
            connection.execute(statement)


def _restore(owner_dsn: str) -> None:
    _tamper(
        owner_dsn,
        "ALTER TABLE usage_entries DISABLE TRIGGER USER",
        "TRUNCATE usage_entries",
        "ALTER TABLE usage_entries ENABLE TRIGGER USER",
        "CREATE UNIQUE INDEX IF NOT EXISTS usage_entries_one_closing ON usage_entries "
        "(generation_id) WHERE kind IN ('settled', 'released')",
    )


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ((), ()),
        (("UPDATE usage_windows SET rows_used = 15",), ("rows_used is 15, its entries sum to 16",)),
        (
            ("UPDATE usage_windows SET rows_reserved = 0",),
            ("rows_reserved is 0, its entries sum to 10",),
        ),
        (
            (
                DROP,
                INSERT.format(kind="settled", reserved=0, used=10, generation="gen_ready"),
                "UPDATE usage_windows SET rows_used = rows_used + 10",
            ),
            ("gen_ready: reserved 1 and closed 2 times, 0 rows still held and 20 billed",),
        ),
        (
            (
                INSERT.format(kind="released", reserved=-9, used=0, generation="gen_running"),
                "UPDATE usage_windows SET rows_reserved = rows_reserved - 9",
                "UPDATE jobs SET status = 'failed' WHERE id = 'job_running'",
            ),
            ("gen_running: reserved 1 and closed 1 times, 1 rows still held",),
        ),
        (
            ("UPDATE generations SET rows_generated = 9 WHERE id = 'gen_ready'",),
            ("gen_ready: 10 rows are billed, 9 were made",),
        ),
        (("DELETE FROM generations WHERE id = 'gen_ready'",), ()),
        (
            ("UPDATE jobs SET status = 'cancelled' WHERE id = 'job_running'",),
            ("gen_running: its job is cancelled, its reservation still open",),
        ),
        (
            ("DELETE FROM jobs WHERE id = 'job_running'",),
            ("gen_running: its job is gone, its reservation still open",),
        ),
        (
            ("UPDATE jobs SET status = 'processing' WHERE id = 'job_failed'",),
            ("gen_failed: its job is processing, its reservation released",),
        ),
        (
            ("UPDATE jobs SET status = 'failed' WHERE id = 'job_partial'",),
            ("gen_partial: its job is failed, its reservation settled",),
        ),
    ],
)
def test_each_fault_is_a_sentence(
    runtime: Runtime,
    run_async: RunAsync,
    owner_dsn: str,
    tampering: tuple[str, ...],
    found: tuple[str, ...],
) -> None:
    async def check() -> None:
        tenant_id = await _populate(runtime)
        _tamper(owner_dsn, *tampering)
        try:
            report = await verification.verify(runtime.database)
        finally:
            _restore(owner_dsn)
        assert (report.windows, len(report.faults)) == (1, len(found)), report.faults
        for fault, words in zip(report.faults, found, strict=True):
            assert words in fault
        assert report.entries >= 9
        assert await verification.verify(runtime.database, "ten_other") == (
            verification.LedgerCheck(0, 0, ())
        )
        assert (await verification.verify(runtime.database, tenant_id)).windows == 1

    run_async(check())
