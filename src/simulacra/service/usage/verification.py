"""Checking the ledger: its balances, its bookings, and what became of the generations."""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from simulacra.service import tenancy
from simulacra.service.database import tables
from simulacra.service.database.statuses import JobStatus
from simulacra.service.usage.ledger import CLOSINGS, Kind

OPEN = None
CLOSED = frozenset(CLOSINGS)
FITTING: dict[str | None, frozenset[str | None]] = {
    JobStatus.QUEUED: frozenset({OPEN}),
    JobStatus.PROCESSING: frozenset({OPEN}),
    JobStatus.COMPLETED: frozenset({Kind.SETTLED}),
    JobStatus.FAILED: frozenset({Kind.RELEASED}),
    JobStatus.CANCELLED: frozenset({Kind.RELEASED}),
    JobStatus.EXPIRED: CLOSED,
    None: CLOSED,  # the job's history is over
}
"""State of a job to what its reservation may have come to."""


@dataclasses.dataclass(frozen=True)
class LedgerCheck:
    """What a check found.

    Attributes:
        windows: that were checked.
        entries: that were checked.
        faults: a sentence for each.
    """

    windows: int
    entries: int
    faults: tuple[str, ...]


async def verify(database: tenancy.Database, tenant_id: str | None = None) -> LedgerCheck:
    """Check the ledger of one tenant, or of all, as it is at one moment."""
    scope = tenancy.SYSTEM if tenant_id is None else tenant_id
    async with database.transaction(scope, is_snapshot=True) as session:
        windows = await session.scalar(select(func.count(tables.UsageWindow.starts_at)))
        entries = await session.scalar(select(func.count(tables.UsageEntry.number)))
        checks = (_balances, _bookings, _bills, _closings)
        faults = [fault for check in checks async for fault in check(session)]
    return LedgerCheck(windows or 0, entries or 0, tuple(faults))


async def _balances(session: AsyncSession) -> AsyncIterator[str]:
    """Find balances that are not the sum of their window's entries."""
    window, entry = tables.UsageWindow, tables.UsageEntry
    reserved = func.coalesce(func.sum(entry.reserved_delta), 0)
    used = func.coalesce(func.sum(entry.used_delta), 0)
    in_window = (entry.tenant_id == window.tenant_id) & (entry.window_starts_at == window.starts_at)
    differing = (
        select(window, reserved, used)
        .outerjoin(entry, in_window)
        .group_by(window.tenant_id, window.starts_at)
        .having((window.rows_reserved != reserved) | (window.rows_used != used))
    )
    async for it, *summed in await session.stream(differing):
        for name, booked in zip(("rows_reserved", "rows_used"), map(int, summed), strict=True):
            if getattr(it, name) != booked:
                yield (
                    f"Tenant {it.tenant_id}, window from {_moment(it.starts_at)}: {name} is "
                    f"{getattr(it, name):,}, its entries sum to {booked:,}."
                )


async def _bookings(session: AsyncSession) -> AsyncIterator[str]:
    """Find generations not reserved once, closed twice, or closed with rows still held."""
    entry = tables.UsageEntry
    reservations = func.count().filter(entry.kind == Kind.RESERVED)
    closings = func.count().filter(entry.kind.in_(CLOSINGS))
    held, used = func.sum(entry.reserved_delta), func.sum(entry.used_delta)
    reserved = func.sum(entry.reserved_delta).filter(entry.kind == Kind.RESERVED)
    windows = func.count(entry.window_starts_at.distinct())
    inconsistent = (
        select(entry.generation_id, reservations, closings, held, used, reserved, windows)
        .group_by(entry.generation_id)
        .having(
            (reservations != 1)
            | (closings > 1)
            | ((closings == 1) & (held != 0))
            | ~used.between(0, reserved)
            | (windows != 1)
        )
    )
    async for generation_id, opened, closed, left, billed, *_ in await session.stream(inconsistent):
        yield (
            f"Generation {generation_id}: reserved {opened} and closed {closed} times, "
            f"{int(left):,} rows still held and {int(billed):,} billed."
        )


async def _bills(session: AsyncSession) -> AsyncIterator[str]:
    """Find generations, of those still there, that made other rows than are billed."""
    entry, generation = tables.UsageEntry, tables.Generation
    differing = (
        select(entry.generation_id, entry.used_delta, generation.rows_generated)
        .join(generation, generation.id == entry.generation_id)
        .where(
            entry.kind == Kind.SETTLED, generation.rows_generated.is_distinct_from(entry.used_delta)
        )
    )
    async for generation_id, billed, rows in await session.stream(differing):
        yield f"Generation {generation_id}: {billed:,} rows are billed, {rows or 0:,} were made."


async def _closings(session: AsyncSession) -> AsyncIterator[str]:
    """Find reservations open after their job has ended, or closed otherwise than it did."""
    reservation, closing = aliased(tables.UsageEntry), aliased(tables.UsageEntry)
    generation_id = reservation.generation_id
    ends = (closing.generation_id == generation_id) & closing.kind.in_(CLOSINGS)
    every = (
        select(generation_id, tables.Job.status, closing.kind)
        .select_from(reservation)
        .outerjoin(tables.Job, tables.Job.generation_id == generation_id)
        .outerjoin(closing, ends)
        .where(reservation.kind == Kind.RESERVED)
    )
    async for it, status, kind in await session.stream(every):
        if kind not in FITTING[status]:
            yield (
                f"Generation {it}: its job is {status or 'gone'}, its reservation "
                f"{kind or 'still open'}."
            )


def _moment(it: dt.datetime) -> str:
    return f"{it.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
