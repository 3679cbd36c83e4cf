"""Browsers in which people of tenants are signed in to the study page.

As at the operators' page the cookie holds a random token, the database its keyed hash, and what
forms carry against forgery (CSRF) is derived from the same token. Every request asks anew whether
the person was removed and whether the tenant is active.
"""

import dataclasses
import datetime as dt
import hashlib
import hmac
import secrets

from sqlalchemy import ColumnElement, delete, func, select, update

from simulacra.service import keys, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Actor, Outcome, Reason
from simulacra.service.database import tables
from simulacra.service.identity.principal import SCOPES, Principal

IDLE = dt.timedelta(minutes=60)
"""Longer than an operator's: whoever reads a schema or waits for a training sends nothing."""
LONGEST = dt.timedelta(hours=12)
NOTICE = dt.timedelta(minutes=1)
"""How far `seen_at` may lag behind, so that not every page is a write."""


@dataclasses.dataclass(frozen=True)
class SignedIn:
    """The person behind a request.

    Attributes:
        person_id: who it is.
        email: the address that they sign in with.
        tenant_id: whose data they see.
        company: the name of the tenant.
        forms_token: what the forms of this session carry.
    """

    person_id: str
    email: str
    tenant_id: str
    company: str
    forms_token: str = dataclasses.field(repr=False)

    @property
    def caller(self) -> Principal:
        """Who acts, for all that asks for a caller: a person may do what a client may."""
        return Principal(self.tenant_id, self.person_id, frozenset(SCOPES))

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit trail."""
        return entry.person(self.person_id)

    def is_form(self, token: str) -> bool:
        """Tell, in constant time, whether a form with this token is of this session."""
        return hmac.compare_digest(self.forms_token.encode(), token.encode())


class Sessions:
    """The sessions of all people."""

    def __init__(self, database: tenancy.Database, keyring: keys.Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._forms_key = keyring.derive("person-forms")

    async def open(self, person_id: str) -> str | None:
        """Return the token of a new session; clear away those that are over.

        None if the person was removed, or the tenant is suspended.
        """
        token, people = secrets.token_urlsafe(32), tables.Person
        async with self._database.transaction(tenancy.SYSTEM) as session:
            await session.execute(delete(tables.PersonSession).where(~_is_alive()))
            tenant_id = await session.scalar(
                select(people.tenant_id)
                .join(tables.Tenant, tables.Tenant.id == people.tenant_id)
                .where(people.id == person_id, *_MAY_SIGN_IN)
            )
            if tenant_id is None:
                return None
            hashed = self._keyring.hash_secret(token)
            session.add(tables.PersonSession(token_hash=hashed, person_id=person_id))
            actor = entry.person(person_id)
            trail.record(session, actor, Action.SESSION_OPENED, person_id, tenant_id=tenant_id)
        return token

    async def find(self, token: str) -> SignedIn | None:
        """Return who holds a token, unless the session is over; it counts as a sign of life."""
        rows, people, tenants = tables.PersonSession, tables.Person, tables.Tenant
        hashed = self._keyring.hash_secret(token)
        async with self._database.transaction(tenancy.SYSTEM) as session:
            found = (
                await session.execute(
                    select(people.id, people.email, people.tenant_id, tenants.company_name)
                    .join(rows, rows.person_id == people.id)
                    .join(tenants, tenants.id == people.tenant_id)
                    .where(rows.token_hash == hashed, _is_alive(), *_MAY_SIGN_IN)
                )
            ).one_or_none()
            if found is None:
                return None
            await session.execute(
                update(rows)
                .where(rows.token_hash == hashed, rows.seen_at < func.now() - NOTICE)
                .values(seen_at=func.now())
            )
        return SignedIn(*found, self._forms_token(token))

    async def close(self, token: str) -> None:
        """End a session."""
        rows, hashed = tables.PersonSession, self._keyring.hash_secret(token)
        async with self._database.transaction(tenancy.SYSTEM) as session:
            person_id = await session.scalar(
                delete(rows).where(rows.token_hash == hashed).returning(rows.person_id)
            )
            if person_id is not None:
                person = await session.get_one(tables.Person, person_id)
                actor, tenant_id = entry.person(person_id), person.tenant_id
                trail.record(session, actor, Action.SESSION_CLOSED, person_id, tenant_id=tenant_id)

    async def close_all(self, signed_in: SignedIn) -> None:
        """End this session and all others of the person."""
        rows = tables.PersonSession
        async with self._database.transaction(tenancy.SYSTEM) as session:
            await session.execute(delete(rows).where(rows.person_id == signed_in.person_id))
            trail.record(
                session,
                signed_in.actor,
                Action.SESSION_CLOSED,
                signed_in.person_id,
                tenant_id=signed_in.tenant_id,
            )

    async def refuse(self) -> None:
        """Put a refused sign-in on record; the address that was tried is not written down."""
        async with self._database.transaction(tenancy.SYSTEM) as session:
            trail.record(
                session,
                entry.ANONYMOUS,
                Action.SESSION_REFUSED,
                outcome=Outcome.REFUSED,
                details={entry.Detail.REASON: Reason.INVALID_CREDENTIALS},
            )

    def _forms_token(self, token: str) -> str:
        return hmac.new(self._forms_key, token.encode(), hashlib.sha256).hexdigest()


_MAY_SIGN_IN = (tables.Person.removed_at.is_(None), tables.Tenant.status == "active")


def _is_alive() -> ColumnElement[bool]:
    rows = tables.PersonSession
    return (rows.seen_at > func.now() - IDLE) & (rows.created_at > func.now() - LONGEST)
