"""The one clock: the database's, on which all machines agree.

Everything that expires is compared with it, in SQL. A test that walks through a week moves
`tenancy.Database.ahead`, and with it every comparison of that process.
"""

import datetime as dt

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

AHEAD = "ahead"
"""Where a session keeps how far its clock runs ahead."""


def now(session: AsyncSession) -> ColumnElement[dt.datetime]:
    """Return the time at which the session's transaction began, as an SQL expression."""
    ahead: dt.timedelta = session.info[AHEAD]
    return func.now() + ahead if ahead else func.now()


def in_words(moment: dt.datetime) -> str:
    """Return a time as messages name it."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M UTC}"


def hours_in_words(length: dt.timedelta) -> str:
    """Return a length of time in hours, as messages name it."""
    hours = length / dt.timedelta(hours=1)
    return f"{hours:,g} {'hour' if hours == 1 else 'hours'}"


async def read(session: AsyncSession) -> dt.datetime:
    """Return the time at which the session's transaction began."""
    return (await session.execute(select(now(session)))).scalar_one()
