"""Finding entries of the audit trail, the newest first."""

import dataclasses
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service.audit.entry import Action, ActorKind, Outcome
from simulacra.service.database import tables


@dataclasses.dataclass(frozen=True)
class Filter:
    """Which entries; None lets all pass. The names are those of the entries' fields."""

    action: Action | None = None
    actor_kind: ActorKind | None = None
    actor_id: str | None = None
    subject_id: str | None = None
    tenant_id: str | None = None
    request_id: str | None = None
    outcome: Outcome | None = None


async def newest(
    session: AsyncSession,
    which: Filter,
    limit: int,
    before: int | None = None,
    *,
    but: Collection[Action] = (),
) -> tuple[Sequence[tables.AuditEntry], int | None]:
    """Return up to `limit` entries with numbers below `before`, and the `before` of the next page.

    The session is of the scope `tenancy.SYSTEM`. Entries of the actions `but` are left out.
    """
    query = select(tables.AuditEntry).order_by(tables.AuditEntry.number.desc())
    if but:
        query = query.where(tables.AuditEntry.action.not_in([it.value for it in but]))
    for name, value in dataclasses.asdict(which).items():
        if value is not None:
            query = query.where(getattr(tables.AuditEntry, name) == value)
    if before is not None:
        query = query.where(tables.AuditEntry.number < before)
    rows = (await session.scalars(query.limit(limit + 1))).all()
    return rows[:limit], rows[limit - 1].number if len(rows) > limit else None
