"""Rotations: a client asks for a new secret, and gets a claim on it.

With our own issuer the old secret works until the new one is claimed; at Auth0 it stops at once.
All of one client's rotations stand in a queue at its row, so that a key is never used twice and the
limit never overrun, however many requests come at once.
"""

import dataclasses
import datetime as dt
import math

import psycopg.errors
import sqlalchemy.exc
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, keys, policy, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail, Outcome
from simulacra.service.credentials import claims
from simulacra.service.database import tables
from simulacra.service.identity import principal, provider

LOCK_SECONDS = 5
"""How long a request waits for another one's rotation of the same client."""


@dataclasses.dataclass(frozen=True)
class Rotation:
    """A rotation as its client sees it.

    Attributes:
        row: of the database.
        state: of its claim.
        token: of the claim, as long as that is open; None too where it is not to be shown.
        is_repeated: whether this is the answer to an earlier request with the same key.
    """

    row: tables.CredentialRotation
    state: claims.State
    token: str | None = dataclasses.field(repr=False)
    is_repeated: bool = False


async def rotate(
    database: tenancy.Database,
    identity: provider.Provider,
    store: claims.ClaimStore,
    caller: principal.Principal,
    key: str | None,
) -> Rotation:
    """Make a new secret and a claim on it, or find what the same key has made before.

    Raises:
        errors.StaleTokenError: the caller's token is not younger than `policy.FRESH_TOKEN`.
        errors.RotationLimitError: three rotations were made within a day.
        errors.RotationConsumedError, errors.ClaimExpiredError: the claim of this key was redeemed,
            or has expired.
        errors.IdempotencyInFlightError: another rotation of the client has not ended yet.
        errors.UnauthenticatedError: the client or its token was revoked while this request waited.
        errors.ProviderUnavailableError: the identity provider does not answer.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        client = await _lock_client(session, caller)
        refusal = await _staleness(session, identity, caller)
        if refusal is None:
            earlier = await _repeat(session, store, client, key)
            if earlier is not None:
                return earlier
            refusal = await _excess(session, client)
        if refusal is None:
            return await _rotate(session, identity, store, client, key)
        trail.record(
            session,
            entry.client(client.id),
            Action.ROTATION_REFUSED,
            client.id,
            tenant_id=client.tenant_id,
            outcome=Outcome.REFUSED,
            details={Detail.CODE: refusal.code},
        )
    raise refusal


async def read(
    database: tenancy.Database,
    store: claims.ClaimStore,
    caller: principal.Principal,
    rotation_id: str,
) -> Rotation:
    """Return a rotation of the caller's client, without its token.

    Raises:
        errors.RotationNotFoundError: the client has none of this id.
    """
    rotations = tables.CredentialRotation
    query = select(rotations).where(
        rotations.id == rotation_id, rotations.client_id == caller.client_id
    )
    async with database.transaction(caller.tenant_id) as session:
        row = await session.scalar(query)
    if row is None:
        raise errors.RotationNotFoundError("This client has no rotation of this id.")
    async with database.transaction(tenancy.SYSTEM) as session:
        state, _ = await store.look(session, row.claim_id)
    return Rotation(row, state, None)


async def rotate_for_operator(
    database: tenancy.Database,
    identity: provider.Provider,
    store: claims.ClaimStore,
    client_id: str,
    actor: entry.Actor,
) -> str:
    """Return the token of a claim on a new secret, for a customer who has lost the old one.

    Raises:
        errors.ClientNotFoundError: there is no active client of this id.
        errors.ProviderUnavailableError: the identity provider does not answer.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        client = await session.get(tables.Client, client_id, with_for_update=True)
        if client is None or client.revoked_at is not None:
            raise errors.ClientNotFoundError(f"There is no active client {client_id!r}.")
        _, token = await _make(session, identity, store, client, actor)
    return token


async def _lock_client(session: AsyncSession, caller: principal.Principal) -> tables.Client:
    """Lock the row of a calling client, waiting for those who came before."""
    await session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
    try:
        client = await session.get_one(tables.Client, caller.client_id, with_for_update=True)
    except sqlalchemy.exc.OperationalError as error:
        if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise
        raise errors.IdempotencyInFlightError(
            "Another rotation of this client has not ended yet. Retry with the same key.",
            retry_after=LOCK_SECONDS,
        ) from None
    # Of this lock only: giving up later, at that of the audit trail, would lose a secret that the
    # identity provider has already put in the old one's place.
    await session.execute(text("SET LOCAL lock_timeout TO DEFAULT"))
    if client.revoked_at is not None:  # while this request was waiting
        raise errors.UnauthenticatedError("The client of this token is not active.")
    valid_from = client.tokens_valid_from
    if valid_from is not None and caller.issued_at < valid_from.timestamp():  # likewise
        raise errors.TokenRefusedError("The token was revoked.", is_invalid=True)
    return client


async def _staleness(
    session: AsyncSession, identity: provider.Provider, caller: principal.Principal
) -> errors.ServiceError | None:
    """Return the error of a token that is too old for a rotation.

    A token travels with every request and lives for a day; one that was stolen somewhere must not
    become a secret, which lives for ever.
    """
    age = (await clock.read(session)).timestamp() - caller.issued_at
    if age <= policy.FRESH_TOKEN.total_seconds():
        return None
    return errors.StaleTokenError(
        f"This token was issued {math.floor(age / 60):,} minutes ago, and a rotation takes one "
        f"that is younger than {policy.FRESH_TOKEN // dt.timedelta(minutes=1)} minutes. Mint "
        f"one at {identity.token_url} and repeat the request with it."
    )


async def _repeat(
    session: AsyncSession, store: claims.ClaimStore, client: tables.Client, key: str | None
) -> Rotation | None:
    """Return the rotation that a key has made before."""
    if key is None:
        return None
    rotations = tables.CredentialRotation
    row = await session.scalar(
        select(rotations).where(rotations.client_id == client.id, rotations.idempotency_key == key)
    )
    if row is None:
        return None
    state, token = await store.look(session, row.claim_id)
    if state is claims.State.REDEEMED:
        raise errors.RotationConsumedError(
            "The claim of this rotation was redeemed. Rotate again, with another key."
        )
    if state is claims.State.EXPIRED:
        raise errors.ClaimExpiredError(
            "The claim of this rotation has expired, or a newer one has taken its place. Rotate "
            "again, with another key."
        )
    return Rotation(row, state, token, is_repeated=True)


async def _excess(session: AsyncSession, client: tables.Client) -> errors.ServiceError | None:
    """Return the error of a client that has rotated too often, and has to wait."""
    rotations = tables.CredentialRotation
    newest = select(rotations.created_at, func.now()).where(
        rotations.client_id == client.id, rotations.created_at > func.now() - policy.ROTATION_WINDOW
    )
    recent = (await session.execute(newest.order_by(rotations.created_at.desc()))).all()
    if len(recent) < policy.MAX_ROTATIONS:
        return None
    created_at, now = recent[policy.MAX_ROTATIONS - 1]
    pause = max(1, math.ceil((created_at + policy.ROTATION_WINDOW - now).total_seconds()))
    return errors.RotationLimitError(
        f"{policy.MAX_ROTATIONS} rotations of this client were made within "
        f"{policy.ROTATION_WINDOW // policy.HOUR} hours; the next one is possible in "
        f"{pause} s.",
        retry_after=pause,
    )


async def _rotate(
    session: AsyncSession,
    identity: provider.Provider,
    store: claims.ClaimStore,
    client: tables.Client,
    key: str | None,
) -> Rotation:
    actor = entry.client(client.id)
    claim_id, token = await _make(session, identity, store, client, actor)
    row = tables.CredentialRotation(
        id=keys.random_id("rot_"),
        tenant_id=client.tenant_id,
        client_id=client.id,
        idempotency_key=key,
        claim_id=claim_id,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    return Rotation(row, claims.State.OPEN, token)


async def _make(
    session: AsyncSession,
    identity: provider.Provider,
    store: claims.ClaimStore,
    client: tables.Client,
    actor: entry.Actor,
) -> tuple[str, str]:
    secret = await identity.begin_rotation(session, client.id)
    trail.record(session, actor, Action.ROTATION_REQUESTED, client.id, tenant_id=client.tenant_id)
    return await store.make(session, client, secret, is_rotation=True)
