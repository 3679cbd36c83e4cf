"""What operators set for a tenant holds at the next request."""

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.service import errors, tenancy
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.identity import verification
from simulacra.service.identity.clients import Clients
from simulacra.service.runtime import Runtime
from simulacra.service.tenants import administration, retention, service
from simulacra.service.tenants.administration import TenantLimits
from simulacra.service.usage import ledger
from tests.coroutines import RunAsync

ANN = entry.operator("ann")


async def _tenant(runtime: Runtime) -> service.Credential:
    return await runtime.tenants.create(
        company="A",
        email="a@b.example",
    )


def test_a_suspended_tenants_clients_are_unknown_until_it_is_reactivated(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        made = await _tenant(runtime)
        clients = Clients(runtime.database, runtime.keyring)
        await administration.suspend(runtime.database, made.tenant_id, ANN)
        claims = {"azp": made.client_id, "iat": time.time()}
        with pytest.raises(verification.InvalidTokenError, match="not active"):
            await clients.identify(claims)
        assert not await clients.authenticate(made.client_id, made.client_secret)
        await administration.reactivate(runtime.database, made.tenant_id, ANN)
        assert (await clients.identify(claims)).tenant_id == made.tenant_id

    run_async(check())


def test_the_retention_default_is_the_tenants_or_else_the_policys(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def hours(tenant_id: str) -> float:
        async with runtime.database.transaction(tenant_id) as session:
            life = await retention.of_tenant(session, tenant_id, runtime.policy.retention)
        return life / dt.timedelta(hours=1)

    async def check() -> None:
        tenant_id = (await _tenant(runtime)).tenant_id
        assert await hours(tenant_id) == 24
        limits = TenantLimits(None, 30, 9, 100)
        await administration.set_limits(runtime.database, tenant_id, limits, ANN)
        assert await hours(tenant_id) == 100

    run_async(check())


def test_usage_counts_what_is_alive_and_what_the_window_has_billed(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        tenant_id = (await _tenant(runtime)).tenant_id
        now = dt.datetime.now(dt.UTC)
        later, before = now + dt.timedelta(hours=1), now - dt.timedelta(hours=1)
        async with runtime.database.transaction(tenant_id) as session:
            session.add(_dataset(tenant_id, "ds_1", later))
            session.add(_dataset(tenant_id, "ds_2", before))
            await session.flush()
            session.add(_generation(tenant_id, "gen_1", later))
            session.add(_generation(tenant_id, "gen_2", before))
            tenant = await session.get_one(tables.Tenant, tenant_id)
            for generation_id in ("gen_1", "gen_2", "gen_3"):
                await ledger.reserve(session, tenant, generation_id, 25)
            await ledger.settle(session, "gen_1", 25)
            await ledger.settle(session, "gen_2", 10)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            tenant = await administration.get(session, tenant_id)
            usage = await administration.usage_of(session, tenant)
        assert (usage.datasets, usage.stored_bytes, usage.generations) == (1, 100 + 7, 2)
        assert (usage.window.rows_used, usage.window.rows_reserved) == (35, 25)

    run_async(check())


def _dataset(tenant_id: str, dataset_id: str, expires: dt.datetime) -> tables.Dataset:
    return tables.Dataset(
        id=dataset_id, tenant_id=tenant_id, status="ready", job_id="job_x", format="csv",
        seed_bytes=100, seed_sha256="", expires_at=expires,
    )  # fmt: skip


def _generation(tenant_id: str, generation_id: str, expires: dt.datetime) -> tables.Generation:
    return tables.Generation(
        id=generation_id, tenant_id=tenant_id, dataset_id="ds_1", status="ready", job_id="job_x",
        row_count=25, rows_generated=25, output_format="csv", seed=1, conditions={}, size_bytes=7,
        expires_at=expires,
    )  # fmt: skip


@given(st.integers() | st.none(), st.integers(), st.integers(), st.integers() | st.none())
def test_limits_are_what_columns_and_clients_can_hold_or_a_named_error(
    rows: int | None, days: int, cap: int, hours: int | None
) -> None:
    is_fine = (
        (rows is None or 0 <= rows <= 2**53)
        and 1 <= days <= 366
        and 1 <= cap <= 2**53
        and (hours is None or 1 <= hours <= 168)
    )
    if is_fine:
        TenantLimits(rows, days, cap, hours)
        return
    with pytest.raises(errors.LimitError, match="give a number from"):
        TenantLimits(rows, days, cap, hours)
