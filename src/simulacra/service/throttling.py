"""Limits on how often someone may call, shared by all API processes.

The generic cell rate algorithm (ITU-T I.371, appendix A): of everyone one moment is kept, at which
their allowance will be full again. A call moves it on by the share of the window that one call has;
one that would move it beyond the window is refused. That is one row and one statement a call.

Who it is about is stored as a keyed hash: neither addresses nor names can be read from the table.
"""

import dataclasses
import datetime as dt
import enum
import hashlib
import hmac
import math

from sqlalchemy import Interval, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from simulacra.service import keys, tenancy
from simulacra.service.database import tables
from simulacra.service.database.prepared import Prepared


class RouteClass(enum.StrEnum):
    """What the calls of a client are counted as; each class has a limit of its own."""

    READS = "reads"
    WRITES = "writes"
    UPLOADS = "uploads"


@dataclasses.dataclass(frozen=True)
class Limit:
    """So many calls in a window of so many seconds; they may come all at once."""

    name: str
    calls: int
    seconds: int


@dataclasses.dataclass(frozen=True)
class Standing:
    """How someone stands after a call.

    Attributes:
        limit: which limit.
        is_refused: whether the call was too many.
        remaining: calls that are left now.
        reset: seconds until all of them are there again, or, after a refusal, one is.
    """

    limit: Limit
    is_refused: bool
    remaining: int
    reset: int


def _hit() -> Prepared:
    """Return the statement that counts a call; it returns nothing where the call is too many."""
    share, window = (bindparam(name, None, Interval) for name in ("share", "window"))
    full_at = func.greatest(tables.Throttle.full_at, _NOW) + share
    return Prepared(
        insert(tables.Throttle)
        .values(key=bindparam("who", None), full_at=_NOW + share)
        .on_conflict_do_update(
            index_elements=[tables.Throttle.key],
            set_={"full_at": full_at},
            where=full_at <= _NOW + window,
        )
        .returning(tables.Throttle.full_at - _NOW)
    )


_NOW = func.clock_timestamp()
_HIT = _hit()


class Throttle:
    """Counts calls in the database."""

    def __init__(self, database: tenancy.Database, keyring: keys.Keyring) -> None:
        self._database = database
        self._key = keyring.derive("throttle")

    async def hit(self, limit: Limit, *who: str) -> Standing:
        """Count a call of `who` against a limit and say how they stand; a refusal costs nothing."""
        share, window = (
            dt.timedelta(seconds=seconds)
            for seconds in (limit.seconds / limit.calls, limit.seconds)
        )
        call = {"who": self._hash(limit, who), "share": share, "window": window}
        used: dt.timedelta | None = await self._database.change(_HIT, call)
        if used is not None:
            used = max(used, dt.timedelta())  # a share of microseconds may be over by now
            left = math.floor((window - used) / share)
            reset = math.ceil(used.total_seconds())
            return Standing(limit, is_refused=False, remaining=left, reset=reset)
        waiting = select(tables.Throttle.full_at - _NOW).where(tables.Throttle.key == call["who"])
        used = await self._database.look_up(waiting) or dt.timedelta()
        pause = max(1, math.ceil((used + share - window).total_seconds()))
        return Standing(limit, is_refused=True, remaining=0, reset=pause)

    async def take_back(self, limit: Limit, *who: str) -> None:
        """Let `who` have the whole allowance again."""
        async with self._database.transaction(tenancy.SYSTEM) as session:
            hit = tables.Throttle.key == self._hash(limit, who)
            await session.execute(delete(tables.Throttle).where(hit))

    async def forget(self) -> None:
        """Remove those who have their whole allowance again."""
        async with self._database.transaction(tenancy.SYSTEM) as session:
            await session.execute(delete(tables.Throttle).where(tables.Throttle.full_at < _NOW))

    def _hash(self, limit: Limit, who: tuple[str, ...]) -> bytes:
        return hmac.digest(self._key, "\0".join((limit.name, *who)).encode(), hashlib.sha256)
