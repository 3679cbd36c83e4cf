"""Browsers that are signed in to the operator's page.

The cookie holds a random token, the database its keyed hash, so a stolen dump opens no session.
What forms carry against forgery (CSRF) is derived from the same token and needs no storage.
"""

import dataclasses
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import errors, keys, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Actor, Detail, Outcome, Reason
from simulacra.service.database import tables

IDLE = dt.timedelta(minutes=30)
LONGEST = dt.timedelta(hours=12)
NOTICE = dt.timedelta(minutes=1)
"""How far `seen_at` may lag behind, so that not every page is a write."""


@dataclasses.dataclass(frozen=True)
class SignedIn:
    """The operator behind a request."""

    name: str
    forms_token: str = dataclasses.field(repr=False)

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit trail."""
        return entry.operator(self.name)

    def is_form(self, token: str) -> bool:
        """Tell, in constant time, whether a form with this token is of this session."""
        return hmac.compare_digest(self.forms_token.encode(), token.encode())


class Sessions:
    """The sessions of all accounts."""

    def __init__(self, database: tenancy.Database, keyring: keys.Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._forms_key = keyring.derive("operator-forms")

    async def open(self, name: str) -> str:
        """Return the token of a new session of an account; clear away those that are over."""
        token = secrets.token_urlsafe(32)
        row = tables.OperatorSession(token_hash=self._keyring.hash_secret(token), account_name=name)
        async with self._database.transaction(tenancy.SYSTEM) as session:
            await session.execute(delete(tables.OperatorSession).where(~_is_alive()))
            session.add(row)
            trail.record(session, entry.operator(name), Action.SESSION_OPENED, name)
        return token

    async def find(self, token: str) -> SignedIn | None:
        """Return who holds a token, unless the session is over; it counts as a sign of life."""
        rows, hashed = tables.OperatorSession, self._keyring.hash_secret(token)
        async with self._database.transaction(tenancy.SYSTEM) as session:
            name = await session.scalar(
                select(rows.account_name).where(rows.token_hash == hashed, _is_alive())
            )
            if name is None:
                return None
            await session.execute(
                update(rows)
                .where(rows.token_hash == hashed, rows.seen_at < func.now() - NOTICE)
                .values(seen_at=func.now())
            )
        return SignedIn(name, self._forms_token(token))

    async def close(self, token: str) -> None:
        """End a session."""
        rows, hashed = tables.OperatorSession, self._keyring.hash_secret(token)
        async with self._database.transaction(tenancy.SYSTEM) as session:
            name = await session.scalar(
                delete(rows).where(rows.token_hash == hashed).returning(rows.account_name)
            )
            if name is not None:
                trail.record(session, entry.operator(name), Action.SESSION_CLOSED, name)

    async def of(self, name: str) -> Sequence[tables.OperatorSession]:
        """Return the sessions of an account that are not over, the newest first."""
        rows = tables.OperatorSession
        query = select(rows).where(rows.account_name == name, _is_alive())
        async with self._database.transaction(tenancy.SYSTEM) as session:
            return (await session.scalars(query.order_by(rows.created_at.desc()))).all()

    async def close_all(self, name: str, actor: Actor) -> int:
        """End every session of an account, and return how many there were.

        Raises:
            errors.AccountError: there is no such account.
        """
        rows = tables.OperatorSession
        async with self._database.transaction(tenancy.SYSTEM) as session:
            if await _known(session, name) is None:
                raise errors.AccountError(f"There is no account {name!r}.")
            ended = delete(rows).where(rows.account_name == name).returning(rows.token_hash)
            count = len((await session.scalars(ended)).all())
            details = {Detail.COUNT: count}
            trail.record(session, actor, Action.SESSION_CLOSED, name, details=details)
        return count

    async def refuse(self, name: str, reason: Reason) -> None:
        """Put a refused sign-in on record; a name that is no account's is not written down."""
        async with self._database.transaction(tenancy.SYSTEM) as session:
            known = await _known(session, name)
            trail.record(
                session,
                entry.ANONYMOUS,
                Action.SESSION_REFUSED,
                known,
                outcome=Outcome.REFUSED,
                details={Detail.REASON: reason},
            )

    def _forms_token(self, token: str) -> str:
        return hmac.new(self._forms_key, token.encode(), hashlib.sha256).hexdigest()


async def _known(session: AsyncSession, name: str) -> str | None:
    account = await session.get(tables.OperatorAccount, name)
    return account.name if account is not None else None


def _is_alive() -> ColumnElement[bool]:
    rows = tables.OperatorSession
    return (rows.seen_at > func.now() - IDLE) & (rows.created_at > func.now() - LONGEST)
