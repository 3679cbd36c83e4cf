"""The audit trail: recorded in the transaction of what it records, so that both happen or neither.

`record` notes an entry; `tenancy.Database.transaction` appends the notes as its last step before
the commit. Only then is the lock taken that makes the entries one chain, so it is held for a few
statements, and nobody who holds it waits for another lock.
"""

import dataclasses
from collections.abc import AsyncIterator, Mapping
from typing import Self

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service.audit import chain, origin
from simulacra.service.audit.entry import Action, Actor, Detail, Entry, Outcome
from simulacra.service.database import tables

APPEND_LOCK = 7_265_002
PAGE_ROWS = 1000
NOTES = "audit"
"""Where a session keeps what `append` is to write."""


@dataclasses.dataclass(frozen=True)
class Head:
    """The newest entry. Who has noted it elsewhere sees later whether the end was cut off."""

    number: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.number}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the head of which `text` is the form.

        Raises:
            ValueError: it is that of none.
        """
        number, _, digest = text.partition(":")
        return cls(int(number), bytes.fromhex(digest))


@dataclasses.dataclass(frozen=True)
class TrailCheck:
    """What `verify` found: the head of the unbroken part, and the first fault behind it."""

    head: Head
    fault: str | None


def record(
    session: AsyncSession,
    actor: Actor,
    action: Action,
    subject_id: str | None = None,
    *,
    tenant_id: str | None = None,
    outcome: Outcome = Outcome.SUCCEEDED,
    details: Mapping[Detail, int | str] | None = None,
) -> None:
    """Note that `actor` did `action` on `subject_id`; written when the transaction commits.

    The id of the request is taken from `origin`.

    Raises:
        ValueError: an argument could be free text; see `entry.Entry`.
    """
    request_id = origin.REQUEST_ID.get()
    noted = Entry(actor, action, subject_id, tenant_id, request_id, outcome, dict(details or {}))
    session.info.setdefault(NOTES, []).append(noted)


def has_notes(session: AsyncSession) -> bool:
    """Tell whether `append` has something to write."""
    return bool(session.info.get(NOTES))


async def append(session: AsyncSession, key: bytes) -> None:
    """Write what was noted in a session of the scope `tenancy.SYSTEM`; commit right after it."""
    notes: list[Entry] = session.info.pop(NOTES)
    await session.execute(select(func.pg_advisory_xact_lock(APPEND_LOCK)))
    last = await head(session)
    now = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    for noted in notes:  # hundreds, if a dataset ends with its jobs: all others wait for us here
        row = _row(noted, last)
        row.at = now
        row.hash = chain.seal(key, row)
        session.add(row)
        last = Head(row.number, row.hash)
    await session.flush()


async def head(session: AsyncSession) -> Head:
    """Return the newest entry; number 0 stands for the origin of an empty trail."""
    newest = select(tables.AuditEntry.number, tables.AuditEntry.hash)
    row = await session.execute(newest.order_by(tables.AuditEntry.number.desc()).limit(1))
    return Head(*(row.one_or_none() or (0, chain.ORIGIN)))


async def verify(session: AsyncSession, key: bytes, noted: Head | None = None) -> TrailCheck:
    """Walk the chain from its origin to its head and stop at the first fault.

    Args:
        session: of the scope `tenancy.SYSTEM`.
        key: what the entries were sealed with.
        noted: a head from an earlier check, which must still be part of the chain.
    """
    last, is_noted = Head(0, chain.ORIGIN), noted is None
    async for entry in entries(session):
        fault = chain.fault(key, entry, last.number + 1, last.hash)
        if fault is not None:
            return TrailCheck(last, fault)
        last = Head(entry.number, entry.hash)
        is_noted = is_noted or last == noted
    if not is_noted:
        return TrailCheck(
            last, f"the noted head {noted} is not in the chain: it was cut off or rewritten"
        )
    return TrailCheck(last, None)


async def entries(session: AsyncSession) -> AsyncIterator[tables.AuditEntry]:
    """Yield every entry in order, a page at a time in memory."""
    query = select(tables.AuditEntry).order_by(tables.AuditEntry.number).limit(PAGE_ROWS)
    page = (await session.scalars(query)).all()
    while page:
        for entry in page:
            yield entry
        page = (
            await session.scalars(query.where(tables.AuditEntry.number > page[-1].number))
        ).all()


def _row(noted: Entry, last: Head) -> tables.AuditEntry:
    return tables.AuditEntry(
        number=last.number + 1,
        actor_kind=noted.actor.kind,
        actor_id=noted.actor.id,
        action=noted.action,
        subject_id=noted.subject_id,
        tenant_id=noted.tenant_id,
        request_id=noted.request_id,
        outcome=noted.outcome,
        details=dict(noted.details),
        previous_hash=last.hash,
    )
