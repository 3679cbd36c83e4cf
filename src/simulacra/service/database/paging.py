"""Pages of a list."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service.database import tables

Row = TypeVar(
    "Row",
    tables.Dataset,
    tables.Generation,
    tables.Job,
    tables.Tenant,
    tables.Client,
    tables.Signup,
)


async def page(
    session: AsyncSession,
    table: type[Row],
    query: Select[Row],
    after: str | None,
    limit: int,
) -> tuple[Sequence[Row], str | None]:
    """Return up to `limit` rows of a query behind the one named `after`, and the next `after`.

    The newest rows come first.
    """
    order = tuple_(table.created_at, table.id)
    if after is not None:
        query = query.where(order < _place(table, table.created_at, after))
    return await _cut(session, query.order_by(table.created_at.desc(), table.id.desc()), limit)


async def ascending_page(
    session: AsyncSession,
    table: type[Row],
    query: Select[Row],
    after: str | None,
    limit: int,
    *,
    by: ColumnElement[Any] | None = None,
) -> tuple[Sequence[Row], str | None]:
    """Return a page like `page`, with the oldest rows first, or those with the least `by`."""
    key = table.created_at if by is None else by
    if after is not None:
        query = query.where(tuple_(key, table.id) > _place(table, key, after))
    return await _cut(session, query.order_by(key, table.id), limit)


def _place(table: type[Row], key: Any, row_id: str) -> Any:  # noqa: ANN401 - of any type
    return select(key, table.id).where(table.id == row_id).scalar_subquery()


async def _cut(
    session: AsyncSession, query: Select[Row], limit: int
) -> tuple[Sequence[Row], str | None]:
    rows = (await session.scalars(query.limit(limit + 1))).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None
