"""Rows billed day by day, from the ledger on a real PostgreSQL."""

import datetime as dt

from simulacra.service import clock, tenancy
from simulacra.service.database import tables
from simulacra.service.runtime import Runtime
from simulacra.service.usage import daily
from simulacra.service.usage.ledger import Kind
from tests.coroutines import RunAsync

DAYS = 3


async def bill(runtime: Runtime, tenant_id: str, *bills: tuple[dt.timedelta, int]) -> None:
    """Book generations that were asked for and settled so long before midnight in UTC."""
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        moment = (await clock.read(session)).astimezone(dt.UTC)
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        for ago, rows in bills:
            at = midnight - ago
            start = at - dt.timedelta(hours=1)
            session.add(
                tables.UsageWindow(tenant_id=tenant_id, starts_at=start, ends_at=at, rows_used=rows)
            )
            await session.flush()
            for kind, reserved, used in ((Kind.RESERVED, rows, 0), (Kind.SETTLED, -rows, rows)):
                session.add(
                    tables.UsageEntry(
                        tenant_id=tenant_id,
                        generation_id=f"gen_{tenant_id}_{ago}",
                        window_starts_at=start,
                        kind=kind,
                        reserved_delta=reserved,
                        used_delta=used,
                        at=at,
                    )
                )


def test_rows_count_on_the_day_of_their_bill_in_utc(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        one, other, idle = [
            (await runtime.tenants.create(company="A", email="a@b.example")).tenant_id
            for _ in range(3)
        ]
        second, hour = dt.timedelta(seconds=1), dt.timedelta(hours=1)
        await bill(
            runtime, one, (dt.timedelta(0), 5), (second, 70), (24 * hour, 600), (48 * hour, 8_000),
            (48 * hour + second, 90_000),
        )  # fmt: skip
        await bill(runtime, other, (hour, 11))
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            of_all = await daily.billed(session, DAYS)
            of_other = await daily.billed(session, DAYS, other)
        assert of_all == {one: [8_000, 670, 5], other: [0, 11, 0]}
        assert of_other == {other: [0, 11, 0]}
        assert idle not in of_all

    run_async(check())
