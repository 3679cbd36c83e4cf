"""Claims: a secret waits, sealed, until whoever holds the claim token fetches it, once.

Of the token the keyed hash is stored, and, for as long as the customer may ask to see it again, the
token itself, sealed. Redemption and expiry destroy both sealed values in the row they lie in.
"""

import dataclasses
import datetime as dt
import enum

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import errors, keys, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail, Outcome, Reason
from simulacra.service.database import tables
from simulacra.service.identity import provider

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


@dataclasses.dataclass(frozen=True)
class ClaimStore:
    """The secrets that wait to be claimed.

    Attributes:
        keyring: seals the secrets.
        lifetime: after which an unclaimed secret is destroyed.
    """

    keyring: keys.Keyring
    lifetime: dt.timedelta

    async def make(
        self, session: AsyncSession, client: tables.Client, secret: str, *, is_rotation: bool
    ) -> tuple[str, str]:
        """Return id and token of a new claim on `secret`; earlier ones of the client are void.

        The session is of the scope `tenancy.SYSTEM`.
        """
        await void(session, client.id)
        claim_id, token = keys.random_id("clm_"), keys.random_id(length=TOKEN_LENGTH)
        sealer = self.keyring.sealer
        session.add(
            tables.CredentialClaim(
                id=claim_id,
                tenant_id=client.tenant_id,
                client_id=client.id,
                is_rotation=is_rotation,
                token_hash=self.keyring.hash_secret(token),
                sealed_token=sealer.seal(token.encode(), f"claim-token/{claim_id}"),
                sealed_secret=sealer.seal(secret.encode(), f"claim-secret/{claim_id}"),
                expires_at=func.now() + self.lifetime,
            )
        )
        await session.flush()
        return claim_id, token

    async def look(self, session: AsyncSession, claim_id: str) -> tuple[State, str | None]:
        """Return the state of a claim, and its token as long as it is open."""
        row = await session.execute(_query(tables.CredentialClaim.id == claim_id))
        claim, is_over = row.one()
        state = _state(claim, is_over=is_over)
        if state is not State.OPEN:
            return state, None
        token = self.keyring.sealer.open(claim.sealed_token or b"", f"claim-token/{claim.id}")
        return state, token.decode()

    async def redeem(
        self, database: tenancy.Database, identity: provider.Provider, token: str
    ) -> Delivery:
        """Exchange a token for the secret. Of any number of callers at once one gets it.

        Raises:
            errors.ClaimNotFoundError: there never was such a token.
            errors.ClaimConsumedError: the secret was delivered before.
            errors.ClaimExpiredError: the claim has expired, or a newer one has taken its place.
        """
        has_token = tables.CredentialClaim.token_hash == self.keyring.hash_secret(token)
        async with database.transaction(tenancy.SYSTEM) as session:
            await _lock_client(session, has_token)
            row = await session.execute(_query(has_token).with_for_update())
            claim, is_over = row.one()
            state = _state(claim, is_over=is_over)
            if state is State.OPEN:
                return await self._deliver(session, identity, claim)
            _record_refusal(session, claim, state)
        raise _gone(state)

    async def _deliver(
        self, session: AsyncSession, identity: provider.Provider, claim: tables.CredentialClaim
    ) -> Delivery:
        sealed, context = claim.sealed_secret or b"", f"claim-secret/{claim.id}"
        secret = self.keyring.sealer.open(sealed, context)
        claim.sealed_token = claim.sealed_secret = None
        claim.redeemed_at = await session.scalar(select(func.now()))
        actor, tenant_id = entry.client(claim.client_id), claim.tenant_id
        trail.record(session, actor, Action.CLAIM_REDEEMED, claim.id, tenant_id=tenant_id)
        if claim.is_rotation:
            await identity.complete_rotation(session, claim.client_id, claim.created_at)
            completed = Action.ROTATION_COMPLETED
            trail.record(session, actor, completed, claim.client_id, tenant_id=tenant_id)
        return Delivery(claim.client_id, secret.decode())


async def void(session: AsyncSession, client_id: str) -> None:
    """Destroy the secrets that wait for a client; who calls has locked the client's row."""
    await _void(session, tables.CredentialClaim.client_id == client_id)


async def expire(database: tenancy.Database) -> int:
    """Destroy the secrets of claims whose time is over; return how many there were."""
    is_over = tables.CredentialClaim.expires_at <= func.now()
    async with database.transaction(tenancy.SYSTEM) as session:
        return await _void(session, is_over)


async def _lock_client(session: AsyncSession, has_token: ColumnElement[bool]) -> None:
    """Lock the client of a claim before the claim, as rotations do: two orders would deadlock."""
    client_id = await session.scalar(select(tables.CredentialClaim.client_id).where(has_token))
    if client_id is None:
        raise errors.ClaimNotFoundError(
            "There is no such claim. Copy the credential_claim_token whole."
        )
    await session.get_one(tables.Client, client_id, with_for_update=True)


def _record_refusal(session: AsyncSession, claim: tables.CredentialClaim, state: State) -> None:
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
