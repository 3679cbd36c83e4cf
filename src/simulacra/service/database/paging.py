"""Pages of a list, the newest first."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service.database import tables

Row = TypeVar("Row", tables.Dataset, tables.Generation, tables.Job)


async def page(
    session: AsyncSession,
    table: type[Row],
    query: Select[Row],
    after: str | None,
    limit: int,
) -> tuple[Sequence[Row], str | None]:
    """Return up to `limit` rows of a query behind the one named `after`, and the next `after`."""
    order = tuple_(table.created_at, table.id)
    if after is not None:
        last = select(table.created_at, table.id).where(table.id == after)
        query = query.where(order < last.scalar_subquery())
    newest_first = query.order_by(table.created_at.desc(), table.id.desc())
    rows = (await session.scalars(newest_first.limit(limit + 1))).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None
