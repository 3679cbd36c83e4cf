"""The ledger of rows: a generation reserves what it asks for, and closes that once.

Each booking is an entry and the same change of its window's balance, in one transaction and under
a lock on the window: at any time a balance is the sum of its entries. Rows count in the window in
which they were reserved.
"""

import enum

import psycopg.errors
import sqlalchemy.exc
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors
from simulacra.service.database import tables
from simulacra.service.usage import windows

LOCK_SECONDS = 2
"""How long a reservation waits for others of its tenant."""

BUSY_SECONDS = 1
HELD_SECONDS = 2
"""When to retry: after another reservation has been made, after a generation may have ended."""


class Kind(enum.StrEnum):
    """What an entry says of a generation; the last two close its reservation."""

    RESERVED = "reserved"
    SETTLED = "settled"
    RELEASED = "released"


CLOSINGS = (Kind.SETTLED, Kind.RELEASED)


async def reserve(
    session: AsyncSession, tenant: tables.Tenant, generation_id: str, rows: int
) -> None:
    """Hold `rows` of the tenant's current window for a generation; lasts as the transaction does.

    Raises:
        errors.QuotaExceededError: the window has too few rows left.
        errors.ReservationConflictError: it would have enough, were it not for reservations that
            may be given back; or too many reserve at once.
        ValueError: `rows` is less than 1.
    """
    if rows < 1:
        raise ValueError(f"a reservation is of 1 row or more, not {rows}")
    await session.flush()  # what the caller has added waits for other locks, as long as it takes
    window = await _lock(session, tenant, rows)
    _check(tenant, window, rows)
    _book(session, window, generation_id, Kind.RESERVED, reserved=rows)


async def settle(session: AsyncSession, generation_id: str, rows: int) -> None:
    """Bill `rows` of a generation's reservation and give back the others.

    Without a reservation that is still open nothing happens: rows are billed once.

    Raises:
        ValueError: `rows` is negative, or more than was reserved.
    """
    await _close(session, generation_id, Kind.SETTLED, rows)


async def release(session: AsyncSession, generation_id: str) -> None:
    """Give back a generation's reservation, if it has one that is still open."""
    await _close(session, generation_id, Kind.RELEASED, 0)


async def billed_generations(session: AsyncSession, window: tables.UsageWindow) -> int:
    """Return how many generations were settled in a window."""
    entries = tables.UsageEntry
    query = select(func.count()).where(
        entries.tenant_id == window.tenant_id,
        entries.window_starts_at == window.starts_at,
        entries.kind == Kind.SETTLED,
    )
    return await session.scalar(query) or 0


async def _lock(session: AsyncSession, tenant: tables.Tenant, rows: int) -> tables.UsageWindow:
    seen = await windows.current(session, tenant)
    await session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
    try:
        await windows.store(session, seen)
        window = await windows.lock(session, tenant.id, seen.starts_at)
    except sqlalchemy.exc.OperationalError as error:
        if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise
        reason = "other requests are reserving rows at the moment"
        raise errors.ReservationConflictError(
            _explanation(reason, tenant, seen, rows),
            _quota(tenant, seen, rows),
            retry_after=BUSY_SECONDS,
        ) from None
    await session.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    return window


def _check(tenant: tables.Tenant, window: tables.UsageWindow, rows: int) -> None:
    """Refuse more rows than the window has, or has at the moment."""
    limit = tenant.subscription_rows
    if limit is None:
        return
    if window.rows_used + rows > limit:
        reason = "the subscription does not cover it before the next window"
        raise errors.QuotaExceededError(
            _explanation(reason, tenant, window, rows), _quota(tenant, window, rows)
        )
    if window.rows_used + window.rows_reserved + rows > limit:
        reason = "it may fit once generations under way have ended"
        raise errors.ReservationConflictError(
            _explanation(reason, tenant, window, rows),
            _quota(tenant, window, rows),
            retry_after=HELD_SECONDS,
        )


async def _close(session: AsyncSession, generation_id: str, kind: Kind, used: int) -> None:
    reservation = await _entry(session, generation_id, Kind.RESERVED)
    if reservation is None:
        return
    if not 0 <= used <= reservation.reserved_delta:
        raise ValueError(f"{used} rows cannot be billed: {reservation.reserved_delta} are reserved")
    window = await windows.lock(session, reservation.tenant_id, reservation.window_starts_at)
    if await _entry(session, generation_id, *CLOSINGS) is None:
        held = reservation.reserved_delta
        _book(session, window, generation_id, kind, reserved=-held, used=used)


async def _entry(
    session: AsyncSession, generation_id: str, *kinds: Kind
) -> tables.UsageEntry | None:
    entries = tables.UsageEntry
    query = select(entries).where(entries.generation_id == generation_id, entries.kind.in_(kinds))
    return (await session.scalars(query)).one_or_none()


def _book(
    session: AsyncSession,
    window: tables.UsageWindow,
    generation_id: str,
    kind: Kind,
    *,
    reserved: int,
    used: int = 0,
) -> None:
    session.add(
        tables.UsageEntry(
            tenant_id=window.tenant_id,
            generation_id=generation_id,
            window_starts_at=window.starts_at,
            kind=kind,
            reserved_delta=reserved,
            used_delta=used,
            at=clock.now(session),
        )
    )
    window.rows_reserved += reserved
    window.rows_used += used


def _explanation(reason: str, tenant: tables.Tenant, window: tables.UsageWindow, rows: int) -> str:
    return (
        f"row_count is {rows:,}; {reason}. In the window that ends at "
        f"{clock.in_words(window.ends_at)} the subscription has "
        f"{_number(tenant.subscription_rows)} rows: {window.rows_used:,} are used, "
        f"{window.rows_reserved:,} reserved for generations under way, "
        f"{_number(windows.remaining(tenant, window))} left."
    )


def _quota(tenant: tables.Tenant, window: tables.UsageWindow, rows: int) -> errors.Quota:
    return errors.Quota(
        row_count=rows,
        max_rows_per_request=tenant.max_rows_per_request,
        subscription_rows=tenant.subscription_rows,
        rows_used=window.rows_used,
        rows_reserved=window.rows_reserved,
        rows_remaining=windows.remaining(tenant, window),
        window_starts_at=window.starts_at,
        window_ends_at=window.ends_at,
    )


def _number(rows: int | None) -> str:
    return "unlimited" if rows is None else f"{rows:,}"
