"""The ledger on a real PostgreSQL: whatever the order, balances are sums and nothing is doubled."""

import asyncio
import datetime as dt
from collections.abc import Coroutine

import hypothesis
import psycopg.errors
import pytest
import sqlalchemy.exc
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from simulacra.service import compose, errors, keys, tenancy
from simulacra.service.database import tables
from simulacra.service.http import problems, translation
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from simulacra.service.usage import ledger, windows
from tests.coroutines import RunAsync

Balance = tuple[int, int]
LIMIT = 100
DOUBLE = """
INSERT INTO usage_entries
    (tenant_id, generation_id, window_starts_at, kind, reserved_delta, used_delta)
SELECT tenant_id, generation_id, window_starts_at, '{kind}', 0, 1 FROM usage_entries LIMIT 1
"""


async def tenant_of(runtime: Runtime, subscription_rows: int | None = LIMIT) -> str:
    made = await runtime.tenants.create(company="Acme", email="a@b.example")
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        tenant = await session.get_one(tables.Tenant, made.tenant_id)
        tenant.subscription_rows = subscription_rows
    return made.tenant_id


async def reserve(runtime: Runtime, tenant_id: str, rows: int) -> str:
    generation_id = keys.random_id("gen_")
    async with runtime.database.transaction(tenant_id) as session:
        tenant = await session.get_one(tables.Tenant, tenant_id)
        await ledger.reserve(session, tenant, generation_id, rows)
    return generation_id


async def settle(runtime: Runtime, tenant_id: str, generation_id: str, rows: int) -> None:
    async with runtime.database.transaction(tenant_id) as session:
        await ledger.settle(session, generation_id, rows)


async def release(runtime: Runtime, tenant_id: str, generation_id: str) -> None:
    async with runtime.database.transaction(tenant_id) as session:
        await ledger.release(session, generation_id)


async def balance(runtime: Runtime, tenant_id: str) -> Balance:
    """Return reserved and used rows of the current window, after comparing them with the ledger."""
    entries = tables.UsageEntry
    async with runtime.database.transaction(tenant_id) as session:
        tenant = await session.get_one(tables.Tenant, tenant_id)
        window = await windows.current(session, tenant)
        sums = select(
            func.coalesce(func.sum(entries.reserved_delta), 0),
            func.coalesce(func.sum(entries.used_delta), 0),
        ).where(entries.window_starts_at == window.starts_at)
        summed = (await session.execute(sums)).one()
    assert tuple(summed) == (window.rows_reserved, window.rows_used)
    return window.rows_reserved, window.rows_used


async def problem_of(call: Coroutine[None, None, object]) -> problems.Problem:
    with pytest.raises(errors.ServiceError) as raised:
        await call
    return translation.problem_of(raised.value)


def test_what_is_not_used_is_given_back(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        tenant_id = await tenant_of(runtime)
        partial, failed = [await reserve(runtime, tenant_id, 40) for _ in range(2)]
        assert await balance(runtime, tenant_id) == (80, 0)
        await settle(runtime, tenant_id, partial, 15)
        assert await balance(runtime, tenant_id) == (40, 15)
        await release(runtime, tenant_id, failed)
        assert await balance(runtime, tenant_id) == (0, 15)

    run_async(check())


def test_a_generation_from_before_the_ledger_closes_without_an_entry(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        tenant_id = await tenant_of(runtime)
        await settle(runtime, tenant_id, "gen_old", 5)
        await release(runtime, tenant_id, "gen_old")
        assert await balance(runtime, tenant_id) == (0, 0)

    run_async(check())


@pytest.mark.parametrize("rows", [-1, 11])
def test_more_than_was_reserved_is_never_billed(
    runtime: Runtime, run_async: RunAsync, rows: int
) -> None:
    async def check() -> None:
        tenant_id = await tenant_of(runtime)
        generation_id = await reserve(runtime, tenant_id, 10)
        with pytest.raises(ValueError, match="10 are reserved"):
            await settle(runtime, tenant_id, generation_id, rows)
        assert await balance(runtime, tenant_id) == (10, 0)

    run_async(check())


def test_rows_that_are_used_up_are_402_with_the_figures(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        tenant_id = await tenant_of(runtime)
        await settle(runtime, tenant_id, await reserve(runtime, tenant_id, 80), 70)
        problem = await problem_of(reserve(runtime, tenant_id, 31))
        document = problem.document("")
        assert (document["status"], document["code"]) == (402, "simio_quota_exceeded")
        assert not document["retryable"]
        assert "Retry-After" not in problem.headers
        quota = document["quota"]
        ends = dt.datetime.fromisoformat(quota.pop("window_ends_at"))
        starts = dt.datetime.fromisoformat(quota.pop("window_starts_at"))
        assert ends - starts == dt.timedelta(days=30)
        assert quota.pop("max_rows_per_request") == runtime.policy.max_rows_per_request
        assert quota == {
            "row_count": 31, "subscription_rows": 100, "rows_used": 70, "rows_reserved": 0,
            "rows_remaining": 30,
        }  # fmt: skip
        assert "70 are used, 0 reserved for generations under way, 30 left" in document["detail"]
        assert f"{ends:%Y-%m-%d %H:%M UTC}" in document["detail"]
        await reserve(runtime, tenant_id, 30)

    run_async(check())


def test_rows_that_are_only_reserved_are_409_and_to_be_tried_again(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        tenant_id = await tenant_of(runtime)
        other = await reserve(runtime, tenant_id, 80)
        problem = await problem_of(reserve(runtime, tenant_id, 31))
        assert problem.entry.code == "simio_quota_reservation_conflict"
        assert problem.entry.retryable
        assert problem.headers == {"Retry-After": "2"}
        quota = problem.document("")["quota"]
        assert (quota["rows_reserved"], quota["rows_remaining"]) == (80, 20)
        await release(runtime, tenant_id, other)
        await reserve(runtime, tenant_id, 31)

    run_async(check())


def test_without_a_limit_everything_fits_and_is_booked(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        tenant_id = await tenant_of(runtime, None)
        for _ in range(2):
            await reserve(runtime, tenant_id, 10**12)
        assert await balance(runtime, tenant_id) == (2 * 10**12, 0)

    run_async(check())


def test_a_lock_that_is_not_had_in_time_is_409_with_what_was_seen(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        tenant_id = await tenant_of(runtime)
        await reserve(runtime, tenant_id, 10)
        async with runtime.database.transaction(tenant_id) as session:
            tenant = await session.get_one(tables.Tenant, tenant_id)
            await ledger.reserve(session, tenant, "gen_slow", 5)
            await session.flush()
            problem = await problem_of(reserve(runtime, tenant_id, 7))
        assert problem.entry.code == "simio_quota_reservation_conflict"
        assert problem.headers == {"Retry-After": "1"}
        assert problem.document("")["quota"]["rows_reserved"] == 10
        assert await balance(runtime, tenant_id) == (15, 0)

    run_async(check())


def test_of_twenty_at_once_the_seven_that_fit_are_let_in(
    runtime: Runtime, run_async: RunAsync
) -> None:
    """They also race to store the tenant's first window."""

    async def check() -> None:
        tenant_id = await tenant_of(runtime, 77)
        outcomes = await asyncio.gather(
            *(reserve(runtime, tenant_id, 11) for _ in range(20)), return_exceptions=True
        )
        refused = [it for it in outcomes if isinstance(it, errors.ServiceError)]
        assert sum(isinstance(it, str) for it in outcomes) == 7
        assert {it.entry.code for it in refused} == {"simio_quota_reservation_conflict"}
        assert len(refused) == 13
        assert await balance(runtime, tenant_id) == (77, 0)

    run_async(check())


def test_twenty_closings_at_once_count_once(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        tenant_id = await tenant_of(runtime)
        generation_id = await reserve(runtime, tenant_id, 10)
        await asyncio.gather(
            *(settle(runtime, tenant_id, generation_id, 10) for _ in range(10)),
            *(release(runtime, tenant_id, generation_id) for _ in range(10)),
        )
        assert await balance(runtime, tenant_id) in {(0, 10), (0, 0)}

    run_async(check())


def test_several_bookings_of_one_transaction_add_up(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        tenant_id = await tenant_of(runtime)
        async with runtime.database.transaction(tenant_id) as session:
            tenant = await session.get_one(tables.Tenant, tenant_id)
            for generation_id in ("gen_1", "gen_2", "gen_3"):
                await ledger.reserve(session, tenant, generation_id, 20)
            await ledger.settle(session, "gen_1", 5)
            await ledger.release(session, "gen_2")
        assert await balance(runtime, tenant_id) == (20, 5)

    run_async(check())


def test_the_database_refuses_what_the_code_must_not_do(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def attempt(tenant_id: str, statement: str) -> BaseException | None:
        with pytest.raises(sqlalchemy.exc.DBAPIError) as raised:
            async with runtime.database.transaction(tenant_id) as session:
                await session.execute(text(statement))
        return raised.value.orig

    async def check() -> None:
        tenant_id = await tenant_of(runtime)
        await settle(runtime, tenant_id, await reserve(runtime, tenant_id, 10), 10)
        for statement in ("DELETE FROM usage_entries", "UPDATE usage_entries SET used_delta = 0"):
            refused = await attempt(tenant_id, statement)
            assert isinstance(refused, psycopg.errors.InsufficientPrivilege)
        for kind in ("reserved", "settled", "released"):
            refused = await attempt(tenant_id, DOUBLE.format(kind=kind))
            assert isinstance(refused, psycopg.errors.UniqueViolation)
        refused = await attempt(tenant_id, "UPDATE usage_windows SET rows_used = -1")
        assert isinstance(refused, psycopg.errors.CheckViolation)

    run_async(check())


def test_the_owner_of_the_ledger_cannot_change_it_either(
    runtime: Runtime, run_async: RunAsync, owner_dsn: str
) -> None:
    async def check() -> None:
        tenant_id = await tenant_of(runtime)
        await reserve(runtime, tenant_id, 10)

    run_async(check())
    with (
        psycopg.connect(owner_dsn) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only: DELETE"),
    ):
        connection.execute("DELETE FROM usage_entries")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(1, 60), st.just(0)),
        st.tuples(st.just("settle"), st.integers(0, 60), st.integers(0, 7)),
        st.tuples(st.just("release"), st.just(0), st.integers(0, 7)),
    ),
    max_size=14,
)


class ExpectedLedger:
    """The expected state of the ledger, and the steps that compare it."""

    def __init__(self, runtime: Runtime, tenant_id: str) -> None:
        self.runtime, self.tenant_id = runtime, tenant_id
        self.reserved: dict[str, int] = {}
        self.open: set[str] = set()
        self.used = 0

    @property
    def held(self) -> int:
        return sum(self.reserved[it] for it in self.open)

    async def reserve(self, rows: int) -> None:
        if self.used + rows > LIMIT or self.used + self.held + rows > LIMIT:
            problem = await problem_of(reserve(self.runtime, self.tenant_id, rows))
            assert problem.status == (402 if self.used + rows > LIMIT else 409)
            return
        generation_id = await reserve(self.runtime, self.tenant_id, rows)
        self.reserved[generation_id] = rows
        self.open.add(generation_id)
        assert self.used + self.held <= LIMIT

    async def close(self, kind: str, rows: int, which: int) -> None:
        """Close one that is open, or try to close one for the second time."""
        if which >= len(self.reserved):
            return
        generation_id = list(self.reserved)[which]
        rows = min(rows, self.reserved[generation_id])
        if kind == "settle":
            await settle(self.runtime, self.tenant_id, generation_id, rows)
        else:
            await release(self.runtime, self.tenant_id, generation_id)
        if generation_id in self.open:
            self.open.remove(generation_id)
            self.used += rows if kind == "settle" else 0

    async def check(self) -> None:
        assert await balance(self.runtime, self.tenant_id) == (self.held, self.used)


def test_in_any_order_the_balances_are_those_of_the_model(settings: Settings) -> None:
    async def follow(steps: list[tuple[str, int, int]]) -> None:
        runtime = compose.runtime_of(settings)
        try:
            expected = ExpectedLedger(runtime, await tenant_of(runtime))
            for kind, rows, which in steps:
                if kind == "reserve":
                    await expected.reserve(rows)
                else:
                    await expected.close(kind, rows, which)
                await expected.check()
        finally:
            await runtime.close()

    @hypothesis.settings(max_examples=40)
    @hypothesis.given(STEPS)
    def check(steps: list[tuple[str, int, int]]) -> None:
        asyncio.run(follow(steps))

    check()
