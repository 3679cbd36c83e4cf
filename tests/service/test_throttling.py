import asyncio
import dataclasses
import datetime as dt

from sqlalchemy import func, select, update

from simulacra.service import compose, tenancy
from simulacra.service.database import tables
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from simulacra.service.throttling import Limit, RouteClass
from tests.coroutines import RunAsync

FIVE = Limit("five", calls=5, seconds=3600)


def test_everybody_has_an_allowance_of_their_own(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        throttle = runtime.throttle
        mine = [await throttle.hit(FIVE, "a", "b") for _ in range(6)]
        assert [one.is_refused for one in mine] == [False] * 5 + [True]
        assert [one.remaining for one in mine] == [4, 3, 2, 1, 0, 0]
        assert 0 < mine[-1].reset <= 3600 / 5
        assert not (await throttle.hit(FIVE, "a")).is_refused
        assert not (await throttle.hit(dataclasses.replace(FIVE, name="six"), "a", "b")).is_refused

    run_async(check())


def test_of_many_calls_at_once_no_more_than_the_limit_pass(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        standings = await asyncio.gather(*(runtime.throttle.hit(FIVE, "x") for _ in range(40)))
        assert sum(not one.is_refused for one in standings) == 5

    run_async(check())


def test_all_processes_count_together(
    settings: Settings, runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        other = compose.runtime_of(settings)
        try:
            calls = (one.throttle.hit(FIVE, "x") for one in (runtime, other) * 10)
            standings = await asyncio.gather(*calls)
        finally:
            await other.close()
        assert sum(not one.is_refused for one in standings) == 5

    run_async(check())


def test_the_smallest_share_is_still_counted(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        most = Settings.model_fields["reads_per_minute"].metadata[1].le
        standing = await runtime.throttle.hit(Limit("most", most, seconds=60), "x")
        assert not standing.is_refused
        assert standing.reset in {0, 1}
        assert most - 1 <= standing.remaining <= most

    run_async(check())


def test_every_class_of_routes_has_the_limit_of_its_setting(settings: Settings) -> None:
    chosen = settings.model_copy(
        update={"reads_per_minute": 7, "writes_per_minute": 5, "uploads_per_minute": 3}
    )
    assert compose.runtime_of(chosen).policy.limits == {
        RouteClass.READS: Limit("reads", calls=7, seconds=60),
        RouteClass.WRITES: Limit("writes", calls=5, seconds=60),
        RouteClass.UPLOADS: Limit("uploads", calls=3, seconds=60),
    }


def test_the_allowance_comes_back_with_time(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        for _ in range(6):
            await runtime.throttle.hit(FIVE, "x")
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            row = tables.Throttle
            await session.execute(update(row).values(full_at=row.full_at - dt.timedelta(hours=0.2)))
        assert not (await runtime.throttle.hit(FIVE, "x")).is_refused
        assert (await runtime.throttle.hit(FIVE, "x")).is_refused

    run_async(check())


def test_who_has_a_whole_allowance_is_forgotten(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        await runtime.throttle.hit(Limit("short", calls=1000, seconds=1), "x")
        await runtime.throttle.hit(FIVE, "y")
        await asyncio.sleep(0.01)
        await runtime.throttle.forget()
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            assert await session.scalar(select(func.count()).select_from(tables.Throttle)) == 1

    run_async(check())


def test_neither_addresses_nor_names_are_stored(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        await runtime.throttle.hit(FIVE, "192.0.2.7", "somebody")
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            (key,) = await session.scalars(select(tables.Throttle.key))
        assert len(key) == 32
        assert b"192.0.2.7" not in key

    run_async(check())
