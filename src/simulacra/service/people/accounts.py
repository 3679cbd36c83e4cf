"""People of a tenant: invited by an operator, let in once they have taken the invitation up.

An invitation is a random token that is shown once; the database has its keyed hash. Whoever has
lost the password is invited again.
"""

import dataclasses
import datetime as dt
import re
import secrets
import string
import unicodedata
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, keys, passwords, policy, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Actor
from simulacra.service.database import tables
from simulacra.service.people import issuer

ADDRESS = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,189}")
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
NOT_INVITED = (
    "Nobody was invited by the address of this account, or its issuer has not verified it. Ask "
    "whoever runs this service for an invitation."
)
OVER = "The invitation is over, or was used before. Ask for a new one."


@dataclasses.dataclass(frozen=True)
class Invitation:
    """What an operator hands over; the token is not kept."""

    person_id: str
    email: str
    ends_at: dt.datetime
    token: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class Invited:
    """Who holds an invitation, for the page on which they take it up."""

    person_id: str
    email: str
    company: str


@dataclasses.dataclass(frozen=True)
class People:
    """The people of all tenants."""

    database: tenancy.Database
    keyring: keys.Keyring

    async def invite(self, tenant_id: str, email: str, actor: Actor) -> Invitation:
        """Invite somebody to the study page of a tenant, or invite them once more.

        Whoever is invited once more keeps the password that they have until they set a new one.

        Raises:
            errors.PersonError: the address is none, or somebody of another tenant has it.
            errors.TenantNotFoundError: there is no such tenant.
        """
        email = email.strip()
        if not ADDRESS.fullmatch(email) or not email.isprintable():
            raise errors.PersonError("Give a mail address, such as ann@example.com.")
        token = secrets.token_urlsafe(32)
        async with self.database.transaction(tenancy.SYSTEM) as session:
            if await session.get(tables.Tenant, tenant_id) is None:
                raise errors.TenantNotFoundError(tenant_id)
            person = await _of_address(session, email)
            if person is None:
                person = tables.Person(
                    id=keys.random_id(entry.PERSON_PREFIX),
                    tenant_id=tenant_id,
                    email=email,
                    email_key=key_of(email),
                )
                session.add(person)
            elif person.tenant_id != tenant_id:
                raise errors.PersonError("Somebody of another tenant has this address already.")
            person.invitation_hash = self.keyring.hash_secret(token)
            person.invitation_ends_at = await clock.read(session) + policy.INVITATION
            trail.record(session, actor, Action.PERSON_INVITED, person.id, tenant_id=tenant_id)
            return Invitation(person.id, email, person.invitation_ends_at, token)

    async def invited(self, token: str) -> Invited | None:
        """Return who holds an invitation that can be taken up, or None."""
        async with self.database.transaction(tenancy.SYSTEM) as session:
            person = await self._holder_of(session, token)
            if person is None:
                return None
            tenant = await session.get_one(tables.Tenant, person.tenant_id)
            return Invited(person.id, person.email, tenant.company_name)

    async def join(self, token: str, password: str) -> str:
        """Take an invitation up, once: set the password, and end the sessions that there are.

        Returns:
            The id of the person.

        Raises:
            errors.AccountError: the password is too short, too long or easy to guess.
            errors.PersonError: the invitation is over, or was taken up before.
        """
        invited = await self.invited(token)
        if invited is None:
            raise errors.PersonError(OVER)
        known = [invited.company, *re.split(r"[@._-]", invited.email)]
        hashed = await passwords.hashed(password, [invited.email, *known])
        async with self.database.transaction(tenancy.SYSTEM) as session:
            person = await self._holder_of(session, token, lock=True)
            if person is None:
                raise errors.PersonError(OVER)
            person.password_hash, person.invitation_hash = hashed, None
            person.invitation_ends_at = None
            person.joined_at = person.joined_at or await clock.read(session)
            sessions = tables.PersonSession
            await session.execute(delete(sessions).where(sessions.person_id == person.id))
            actor = entry.person(person.id)
            trail.record(
                session, actor, Action.PERSON_JOINED, person.id, tenant_id=person.tenant_id
            )
            return person.id

    async def authenticate(self, email: str, password: str) -> str | None:
        """Return whose address and password these are; unknown addresses cost as much time."""
        async with self.database.transaction(tenancy.SYSTEM) as session:
            person = await _of_address(session, email)
        stored = person.password_hash if person is not None else None
        is_right = await passwords.is_right(stored, password)
        return person.id if person is not None and is_right else None

    async def recognise(self, identity: issuer.Identity) -> str:
        """Return who somebody is that an issuer has told of.

        They are known by the issuer's subject. Who is not is let in by an address that the issuer
        has verified, if somebody of this address was invited and no other subject is theirs; that
        takes their invitation up.

        Raises:
            errors.PersonError: nobody was invited whom this is.
        """
        rows = tables.Person
        async with self.database.transaction(tenancy.SYSTEM) as session:
            query = select(rows).where(rows.removed_at.is_(None))
            known = query.where(rows.issuer_subject == identity.subject)
            person: tables.Person | None = await session.scalar(known.with_for_update())
            if person is None and identity.email is not None:
                invited = query.where(
                    rows.email_key == key_of(identity.email), rows.issuer_subject.is_(None)
                )
                person = await session.scalar(invited.with_for_update())
                if person is not None and not _is_same(person.email, identity.email):
                    person = None
            if person is None:
                raise errors.PersonError(NOT_INVITED)
            if person.issuer_subject is None:
                person.issuer_subject = identity.subject
                person.invitation_hash = person.invitation_ends_at = None
                person.joined_at = person.joined_at or await clock.read(session)
                actor, tenant_id = entry.person(person.id), person.tenant_id
                trail.record(session, actor, Action.PERSON_JOINED, person.id, tenant_id=tenant_id)
            return person.id

    async def remove(self, person_id: str, actor: Actor, tenant_id: str | None = None) -> None:
        """Refuse a person from their next request on, for good.

        Raises:
            errors.PersonError: there is no such person, of this tenant if one is given, or they
                were removed before.
        """
        async with self.database.transaction(tenancy.SYSTEM) as session:
            person = await session.get(tables.Person, person_id, with_for_update=True)
            is_other = person is not None and tenant_id not in (None, person.tenant_id)
            if person is None or person.removed_at is not None or is_other:
                raise errors.PersonError(f"There is nobody of the id {person_id!r}.")
            person.removed_at = await clock.read(session)
            person.password_hash = person.invitation_hash = person.invitation_ends_at = None
            sessions = tables.PersonSession
            await session.execute(delete(sessions).where(sessions.person_id == person_id))
            trail.record(
                session, actor, Action.PERSON_REMOVED, person_id, tenant_id=person.tenant_id
            )

    async def _holder_of(
        self, session: AsyncSession, token: str, *, lock: bool = False
    ) -> tables.Person | None:
        if not TOKEN.fullmatch(token):
            return None
        rows = tables.Person
        query = select(rows).where(
            rows.invitation_hash == self.keyring.hash_secret(token),
            rows.invitation_ends_at > clock.now(session),
            rows.removed_at.is_(None),
        )
        person: tables.Person | None = await session.scalar(
            query.with_for_update() if lock else query
        )
        return person


def link(base_url: str, token: str) -> str:
    """Return where an invitation is taken up; the token is in the query, which no log has."""
    return f"{base_url}/studio/invitation?token={token}"


async def listed(session: AsyncSession, tenant_id: str) -> Sequence[tables.Person]:
    """Return the people of a tenant who were not removed, by address."""
    rows = tables.Person
    query = select(rows).where(rows.tenant_id == tenant_id, rows.removed_at.is_(None))
    return (await session.scalars(query.order_by(func.lower(rows.email)))).all()


def key_of(email: str) -> str:
    """Return an address as addresses are compared."""
    return unicodedata.normalize("NFC", email.strip().casefold())


def _is_same(invited: str, verified: str) -> bool:
    """Tell whether an address is the one that was invited, but for the case of ASCII letters.

    `key_of` takes straße and strasse for the same, which are two domains, of two owners.
    """
    first, second = (unicodedata.normalize("NFC", it.strip()) for it in (invited, verified))
    return first.translate(_LOWER) == second.translate(_LOWER)


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


async def _of_address(session: AsyncSession, email: str) -> tables.Person | None:
    rows = tables.Person
    found: tables.Person | None = await session.scalar(
        select(rows).where(rows.email_key == key_of(email), rows.removed_at.is_(None))
    )
    return found
