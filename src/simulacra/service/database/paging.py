"""Pages of a list."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import errors
from simulacra.service.database import tables

AFTER = "after"
"""The parameter of the API that names the row before a page."""

Row = TypeVar(
    "Row",
    tables.Dataset,
    tables.Generation,
    tables.Job,
    tables.Tenant,
    tables.Client,
    tables.Signup,
    tables.Webhook,
    tables.WebhookDelivery,
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

    Raises:
        errors.InvalidFieldsError: the session's tenant has no row `after`.
    """
    order = tuple_(table.created_at, table.id)
    if after is not None:
        query = query.where(order < await _place(session, table, table.created_at, after))
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
    """Return a page like `page`, with the oldest rows first, or those with the least `by`.

    Raises:
        errors.InvalidFieldsError: the session's tenant has no row `after`.
    """
    key = table.created_at if by is None else by
    if after is not None:
        query = query.where(tuple_(key, table.id) > await _place(session, table, key, after))
    return await _cut(session, query.order_by(key, table.id), limit)


async def _place(session: AsyncSession, table: type[Row], key: Any, row_id: str) -> Any:  # noqa: ANN401 - of any type
    """Return where a row stands; without one the page would be empty and look like the last."""
    if await session.scalar(select(table.id).where(table.id == row_id)) is None:
        detail = "It is no `next_after` of this list, or is too old; begin with the first page."
        raise errors.InvalidFieldsError([errors.Fault(AFTER, detail, is_parameter=True)])
    return select(key, table.id).where(table.id == row_id).scalar_subquery()


async def _cut(
    session: AsyncSession, query: Select[Row], limit: int
) -> tuple[Sequence[Row], str | None]:
    rows = (await session.scalars(query.limit(limit + 1))).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None
