"""Windows follow each other without gap or overlap, whatever length is set in between."""

import datetime as dt
import zoneinfo

from hypothesis import given
from hypothesis import strategies as st

from simulacra.service import keys, tenancy
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.runtime import Runtime
from simulacra.service.tenants import administration
from simulacra.service.usage import ledger, windows
from tests.coroutines import RunAsync

DAY = dt.timedelta(days=1)
ANN = entry.operator("ann")
BASE = dt.datetime(2026, 1, 31, 22, 15, 3, 7, dt.UTC)


@given(st.timedeltas(-900 * DAY, 900 * DAY), st.integers(1, 366))
def test_a_window_holds_now_and_is_whole_lengths_away(ahead: dt.timedelta, days: int) -> None:
    starts_at, ends_at = windows.containing(BASE, days * DAY, BASE + ahead)
    assert starts_at <= BASE + ahead < ends_at
    assert ends_at - starts_at == days * DAY
    assert (starts_at - BASE) % (days * DAY) == dt.timedelta()


def test_a_day_has_24_hours_where_clocks_are_put_forward() -> None:
    berlin = BASE.astimezone(zoneinfo.ZoneInfo("Europe/Berlin"))
    now = berlin + 60 * DAY
    assert windows.containing(berlin, 30 * DAY, now) == windows.containing(BASE, 30 * DAY, now)


async def _book(runtime: Runtime, tenant_id: str) -> tables.UsageWindow:
    async with runtime.database.transaction(tenant_id) as session:
        tenant = await session.get_one(tables.Tenant, tenant_id)
        await ledger.reserve(session, tenant, keys.random_id("gen_"), 7)
        return await windows.current(session, tenant)


async def _stored(runtime: Runtime, tenant_id: str) -> list[tuple[float, float, int]]:
    """Return begin and end of every window, in days after the tenant's making, and its rows."""
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        tenant = await session.get_one(tables.Tenant, tenant_id)
        found = reversed(await windows.all_of(session, tenant_id))
        begin = tenant.created_at
        return [
            ((it.starts_at - begin) / DAY, (it.ends_at - begin) / DAY, it.rows_reserved)
            for it in found
        ]


def test_windows_are_stored_as_they_are_needed_and_start_afresh(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        made = await runtime.tenants.create(company="Acme", email="a@b.example")
        for days in (0, 29, 31, 125):
            runtime.database.ahead = days * DAY
            await _book(runtime, made.tenant_id)
        assert await _stored(runtime, made.tenant_id) == [(0, 30, 14), (30, 60, 7), (120, 150, 7)]

    run_async(check())


def test_a_changed_length_holds_from_the_next_window_on(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        made = await runtime.tenants.create(company="Acme", email="a@b.example")
        week = administration.TenantLimits(None, 7, 1000, None)
        runtime.database.ahead = 31 * DAY
        await administration.set_limits(runtime.database, made.tenant_id, week, ANN)
        for days in (31, 59, 61, 80):
            runtime.database.ahead = days * DAY
            await _book(runtime, made.tenant_id)
        assert await _stored(runtime, made.tenant_id) == [(30, 60, 14), (60, 67, 7), (74, 81, 7)]

    run_async(check())


def test_rows_count_where_they_were_reserved_though_they_end_later(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        made = await runtime.tenants.create(company="Acme", email="a@b.example")
        async with runtime.database.transaction(made.tenant_id) as session:
            tenant = await session.get_one(tables.Tenant, made.tenant_id)
            await ledger.reserve(session, tenant, "gen_1", 10)
        runtime.database.ahead = 31 * DAY
        later = await _book(runtime, made.tenant_id)
        async with runtime.database.transaction(made.tenant_id) as session:
            await ledger.settle(session, "gen_1", 9)
        async with runtime.database.transaction(made.tenant_id) as session:
            newest, oldest = await windows.all_of(session, made.tenant_id)
        assert (newest.starts_at, newest.rows_reserved, newest.rows_used) == (later.starts_at, 7, 0)
        assert (oldest.rows_reserved, oldest.rows_used) == (0, 9)

    run_async(check())


def test_looking_stores_nothing(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        made = await runtime.tenants.create(company="Acme", email="a@b.example")
        async with runtime.database.transaction(made.tenant_id) as session:
            tenant = await session.get_one(tables.Tenant, made.tenant_id)
            window = await windows.current(session, tenant)
            assert (window.starts_at, window.rows_used) == (tenant.created_at, 0)
        assert await _stored(runtime, made.tenant_id) == []

    run_async(check())
