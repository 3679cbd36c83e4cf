"""Claims: a secret waits, sealed, until whoever holds the claim token fetches it, once.

Of the token the keyed hash is stored, and, for as long as the customer may ask to see it again, the
token itself, sealed. Redemption and expiry destroy both sealed values in the row they lie in.
"""

import dataclasses
import enum

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import errors, keys, runtime, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail, Outcome, Reason
from simulacra.service.database import tables

TOKEN_LENGTH = 48


class State(enum.StrEnum):
    """Where a claim is in its life."""

    OPEN = "open"
    REDEEMED = "redeemed"
    EXPIRED = "expired"


@dataclasses.dataclass(frozen=True)
class Delivery:
    """What a claim token is exchanged for."""

    client_id: str
    client_secret: str = dataclasses.field(repr=False)


async def make(
    running: runtime.Runtime,
    session: AsyncSession,
    client: tables.Client,
    secret: str,
    *,
    is_rotation: bool,
) -> tuple[str, str]:
    """Return id and token of a new claim on `secret`; earlier ones of the client are void.

    The session is of the scope `tenancy.SYSTEM`.
    """
    await void(session, client.id)
    claim_id, token = keys.random_id("clm_"), keys.random_id(length=TOKEN_LENGTH)
    sealer = running.keyring.sealer
    session.add(
        tables.CredentialClaim(
            id=claim_id,
            tenant_id=client.tenant_id,
            client_id=client.id,
            is_rotation=is_rotation,
            token_hash=running.keyring.hash_secret(token),
            sealed_token=sealer.seal(token.encode(), f"claim-token/{claim_id}"),
            sealed_secret=sealer.seal(secret.encode(), f"claim-secret/{claim_id}"),
            expires_at=func.now() + running.policy.claim,
        )
    )
    await session.flush()
    return claim_id, token


async def look(
    running: runtime.Runtime, session: AsyncSession, claim_id: str
) -> tuple[State, str | None]:
    """Return the state of a claim, and its token as long as it is open."""
    claim, is_over = (await session.execute(_query(tables.CredentialClaim.id == claim_id))).one()
    state = _state(claim, is_over=is_over)
    if state is not State.OPEN:
        return state, None
    token = running.keyring.sealer.open(claim.sealed_token or b"", f"claim-token/{claim.id}")
    return state, token.decode()


async def redeem(running: runtime.Runtime, token: str) -> Delivery:
    """Exchange a token for the secret. Of any number of callers at once one gets it.

    Raises:
        errors.ClaimNotFoundError: there never was such a token.
        errors.ClaimConsumedError: the secret was delivered before.
        errors.ClaimExpiredError: the claim has expired, or a newer one has taken its place.
    """
    is_wanted = tables.CredentialClaim.token_hash == running.keyring.hash_secret(token)
    async with running.database.transaction(tenancy.SYSTEM) as session:
        await _queue(session, is_wanted)
        found = await session.execute(_query(is_wanted).with_for_update())
        claim, is_over = found.one()
        state = _state(claim, is_over=is_over)
        if state is State.OPEN:
            return await _deliver(running, session, claim)
        _refuse(session, claim, state)
    raise _gone(state)


async def void(session: AsyncSession, client_id: str) -> None:
    """Destroy the secrets that wait for a client; who calls has locked the client's row."""
    await _void(session, tables.CredentialClaim.client_id == client_id)


async def expire(running: runtime.Runtime) -> int:
    """Destroy the secrets of claims whose time is over; return how many there were."""
    is_over = tables.CredentialClaim.expires_at <= func.now()
    async with running.database.transaction(tenancy.SYSTEM) as session:
        return await _void(session, is_over)


async def _queue(session: AsyncSession, is_wanted: ColumnElement[bool]) -> None:
    """Lock the client of a claim before the claim, as rotations do: two orders would deadlock."""
    client_id = await session.scalar(select(tables.CredentialClaim.client_id).where(is_wanted))
    if client_id is None:
        raise errors.ClaimNotFoundError(
            "There is no such claim. Copy the credential_claim_token whole."
        )
    await session.get_one(tables.Client, client_id, with_for_update=True)


async def _deliver(
    running: runtime.Runtime, session: AsyncSession, claim: tables.CredentialClaim
) -> Delivery:
    secret = running.keyring.sealer.open(claim.sealed_secret or b"", f"claim-secret/{claim.id}")
    claim.sealed_token = claim.sealed_secret = None
    claim.redeemed_at = await session.scalar(select(func.now()))
    actor = entry.client(claim.client_id)
    trail.record(session, actor, Action.CLAIM_REDEEMED, claim.id, tenant_id=claim.tenant_id)
    if claim.is_rotation:
        await running.identity.complete_rotation(session, claim.client_id)
        trail.record(
            session, actor, Action.ROTATION_COMPLETED, claim.client_id, tenant_id=claim.tenant_id
        )
    return Delivery(claim.client_id, secret.decode())


def _refuse(session: AsyncSession, claim: tables.CredentialClaim, state: State) -> None:
    reason = Reason.CONSUMED if state is State.REDEEMED else Reason.EXPIRED
    trail.record(
        session,
        entry.ANONYMOUS,
        Action.CLAIM_REFUSED,
        claim.id,
        tenant_id=claim.tenant_id,
        outcome=Outcome.REFUSED,
        details={Detail.REASON: reason},
    )


def _gone(state: State) -> errors.ServiceError:
    if state is State.REDEEMED:
        return errors.ClaimConsumedError(
            "This claim was redeemed. If it was not you who did, rotate the secret at once."
        )
    return errors.ClaimExpiredError("This claim has expired, or a newer one has taken its place.")


async def _void(session: AsyncSession, which: ColumnElement[bool]) -> int:
    """Destroy the secrets of open claims."""
    claims = tables.CredentialClaim
    voided = await session.execute(
        update(claims)
        .where(which, claims.sealed_secret.is_not(None))
        .values(sealed_secret=None, sealed_token=None)
        .returning(claims.id, claims.tenant_id)
    )
    rows = voided.all()
    for claim_id, tenant_id in rows:
        trail.record(session, entry.SYSTEM, Action.CLAIM_EXPIRED, claim_id, tenant_id=tenant_id)
    return len(rows)


def _query(which: ColumnElement[bool]) -> Select[tables.CredentialClaim, bool]:
    claims = tables.CredentialClaim
    return select(claims, claims.expires_at <= func.now()).where(which)


def _state(claim: tables.CredentialClaim, *, is_over: bool) -> State:
    if claim.redeemed_at is not None:
        return State.REDEEMED
    return State.EXPIRED if is_over or claim.sealed_secret is None else State.OPEN
