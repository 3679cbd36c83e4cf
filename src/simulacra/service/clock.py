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


async def read(session: AsyncSession) -> dt.datetime:
    """Return the time at which the session's transaction began."""
    return (await session.execute(select(now(session)))).scalar_one()
