"""Asking for access, and deciding on it.

An address has one request that is pending or approved; asking again finds it. That is what the
contract wants, and it means that whoever knows a contact's address learns the request's id, and
with it, between approval and claim, the claim token. So operators see how often a request was
repeated, and may hand the token over themselves, in which case it is never shown here.
"""

import dataclasses
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import errors, keys, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action
from simulacra.service.credentials import claims
from simulacra.service.database import paging, tables
from simulacra.service.tenants import service


class SignupStatus(StrEnum):
    """States of a request for access; the last two are final."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"


ALIVE = (SignupStatus.PENDING, SignupStatus.APPROVED)


@dataclasses.dataclass(frozen=True)
class Signup:
    """A request as its contact sees it.

    Attributes:
        row: of the database.
        claim_token: as long as it can be redeemed, unless an operator hands it over.
    """

    row: tables.Signup
    claim_token: str | None = dataclasses.field(repr=False)


async def request(
    database: tenancy.Database, company_name: str, contact_email: str
) -> tuple[tables.Signup, bool]:
    """Return the request of an address, and whether it is a new one."""
    signups, key = tables.Signup, unicodedata.normalize("NFC", contact_email.casefold())
    added = insert(signups).values(
        id=keys.random_id("req_"),
        company_name=company_name,
        contact_email=contact_email,
        email_key=key,
        status=SignupStatus.PENDING,
    )
    once = added.on_conflict_do_update(
        index_elements=[signups.email_key],
        index_where=signups.status.in_(ALIVE),
        set_={"repeats": signups.repeats + 1},
    ).returning(signups)
    async with database.transaction(tenancy.SYSTEM) as session:
        row = (await session.scalars(once)).one()
        if row.repeats == 0:
            trail.record(session, entry.ANONYMOUS, Action.SIGNUP_REQUESTED, row.id)
    return row, row.repeats == 0


async def read(database: tenancy.Database, store: claims.ClaimStore, request_id: str) -> Signup:
    """Return a request, with the claim token as long as there is one to redeem.

    Raises:
        errors.SignupNotFoundError: there is none of this id.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        row = await session.get(tables.Signup, request_id)
        if row is None:
            raise errors.SignupNotFoundError("There is no request for access of this id.")
        token = None
        if row.claim_id is not None:
            _, token = await store.look(session, row.claim_id)
        return Signup(row, token)


async def listed(
    session: AsyncSession, status: SignupStatus | None = None, limit: int | None = None
) -> Sequence[tables.Signup]:
    """Return requests, the oldest first; the session is of the scope `tenancy.SYSTEM`."""
    query = select(tables.Signup).order_by(tables.Signup.created_at).limit(limit)
    if status is not None:
        query = query.where(tables.Signup.status == status)
    return (await session.scalars(query)).all()


async def page(
    session: AsyncSession, status: SignupStatus | None, limit: int, after: str | None
) -> tuple[Sequence[tables.Signup], str | None]:
    """Return up to `limit` requests behind the one named `after`, and the next `after`.

    Raises:
        errors.UnknownSignupError: there is no request `after`.
    """
    table = tables.Signup
    if after is not None and await session.get(table, after) is None:
        raise errors.UnknownSignupError(f"There is no request {after!r}.")
    query = select(table) if status is None else select(table).where(table.status == status)
    return await paging.ascending_page(session, table, query, after, limit)


async def approve(
    tenants: service.Tenants,
    store: claims.ClaimStore,
    request_id: str,
    actor: entry.Actor,
    *,
    hand_over: bool = False,
) -> tuple[tables.Signup, str | None]:
    """Make the tenant and its client, and a claim on the secret.

    Args:
        tenants: make the tenant and its client.
        store: keeps the secret until it is claimed.
        request_id: of the request.
        actor: who decides.
        hand_over: whether the operator passes the claim token on, in place of the status page.

    Returns:
        The request, and the claim token if it is to be handed over.

    Raises:
        errors.DecisionError: there is no such request, or it was decided on before.
        errors.ProviderUnavailableError: the identity provider does not answer.
    """
    async with tenants.database.transaction(tenancy.SYSTEM) as session:
        row = await _pending(session, request_id)
        credential = await tenants.add(
            session, company=row.company_name, email=row.contact_email, actor=actor
        )
        client = await session.get_one(tables.Client, credential.client_id)
        claim_id, token = await store.make(
            session, client, credential.client_secret, is_rotation=False
        )
        row.tenant_id, row.client_id = credential.tenant_id, credential.client_id
        row.claim_id = None if hand_over else claim_id
        await _decide(session, row, SignupStatus.APPROVED)
        trail.record(
            session, actor, Action.SIGNUP_APPROVED, request_id, tenant_id=credential.tenant_id
        )
    return row, token if hand_over else None


async def decline(database: tenancy.Database, request_id: str, actor: entry.Actor) -> tables.Signup:
    """Refuse a request; its contact may ask anew.

    Raises:
        errors.DecisionError: there is no such request, or it was decided on before.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        row = await _pending(session, request_id)
        await _decide(session, row, SignupStatus.DECLINED)
        trail.record(session, actor, Action.SIGNUP_DECLINED, request_id)
    return row


async def _pending(session: AsyncSession, request_id: str) -> tables.Signup:
    row = await session.get(tables.Signup, request_id, with_for_update=True)
    if row is None:
        raise errors.UnknownSignupError(f"There is no request {request_id!r}.")
    if row.status != SignupStatus.PENDING:
        raise errors.AlreadyDecidedError(f"The request {request_id} was {row.status} before.")
    return row


async def _decide(session: AsyncSession, row: tables.Signup, status: SignupStatus) -> None:
    row.status = status
    row.decided_at = await session.scalar(select(func.now()))
