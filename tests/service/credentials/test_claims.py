"""Claims on a real PostgreSQL: one delivery, whoever asks how often, and nothing left behind."""

import asyncio
import datetime as dt
from collections.abc import Coroutine

import pytest
from sqlalchemy import select, update

from simulacra.service import errors, tenancy
from simulacra.service.audit.entry import Action
from simulacra.service.credentials import claims
from simulacra.service.database import tables
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync

SECRET = "the-secret-that-waits"


async def claimed(runtime: Runtime, *, is_rotation: bool = False) -> tuple[str, str, str]:
    """Return a client's id, and id and token of a claim on a secret."""
    made = await runtime.tenants.create(company="Acme", email="a@b.example")
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        client = await session.get_one(tables.Client, made.client_id)
        claim_id, token = await runtime.claims.make(
            session, client, SECRET, is_rotation=is_rotation
        )
    return made.client_id, claim_id, token


async def row_of(runtime: Runtime, claim_id: str) -> tables.CredentialClaim:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        return await session.get_one(tables.CredentialClaim, claim_id)


async def actions(runtime: Runtime, subject_id: str) -> list[str]:
    entries = tables.AuditEntry
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        found = await session.scalars(
            select(entries.action).where(entries.subject_id == subject_id).order_by(entries.number)
        )
        return list(found)


async def code_of(call: Coroutine[None, None, object]) -> str:
    with pytest.raises(errors.ServiceError) as raised:
        await call
    return raised.value.entry.code


async def let_expire(runtime: Runtime) -> None:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
        await session.execute(update(tables.CredentialClaim).values(expires_at=past))


def test_a_secret_is_delivered_once(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        client_id, claim_id, token = await claimed(runtime)
        assert await runtime.claims.redeem(
            runtime.database, runtime.identity, token
        ) == claims.Delivery(client_id, SECRET)
        assert (
            await code_of(runtime.claims.redeem(runtime.database, runtime.identity, token))
            == "simio_credential_claim_consumed"
        )
        assert await actions(runtime, claim_id) == [Action.CLAIM_REDEEMED, Action.CLAIM_REFUSED]

    run_async(check())


def test_of_fifty_at_once_one_gets_the_secret(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        _, _, token = await claimed(runtime)
        calls = (
            runtime.claims.redeem(runtime.database, runtime.identity, token) for _ in range(50)
        )
        answers = await asyncio.gather(*calls, return_exceptions=True)
        delivered = [one for one in answers if isinstance(one, claims.Delivery)]
        assert [one.client_secret for one in delivered] == [SECRET]
        refused = [one for one in answers if isinstance(one, errors.ServiceError)]
        assert {one.entry.code for one in refused} == {"simio_credential_claim_consumed"}
        assert len(refused) == 49

    run_async(check())


def test_redemption_destroys_what_was_sealed(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        _, claim_id, token = await claimed(runtime)
        before = await row_of(runtime, claim_id)
        assert before.sealed_secret and SECRET.encode() not in before.sealed_secret
        assert before.sealed_token and token.encode() not in before.sealed_token
        await runtime.claims.redeem(runtime.database, runtime.identity, token)
        after = await row_of(runtime, claim_id)
        assert after.sealed_secret is None
        assert after.sealed_token is None

    run_async(check())


def test_the_token_is_shown_until_it_is_redeemed(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        _, claim_id, token = await claimed(runtime)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            assert await runtime.claims.look(session, claim_id) == (claims.State.OPEN, token)
        await runtime.claims.redeem(runtime.database, runtime.identity, token)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            assert await runtime.claims.look(session, claim_id) == (claims.State.REDEEMED, None)

    run_async(check())


def test_expiry_destroys_the_secret_once(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        _, claim_id, token = await claimed(runtime)
        assert await claims.expire(runtime.database) == 0
        await let_expire(runtime)
        assert (
            await code_of(runtime.claims.redeem(runtime.database, runtime.identity, token))
            == "simio_credential_claim_expired"
        )
        assert await claims.expire(runtime.database) == 1
        assert await claims.expire(runtime.database) == 0
        row = await row_of(runtime, claim_id)
        assert (row.sealed_secret, row.sealed_token) == (None, None)
        assert (
            await code_of(runtime.claims.redeem(runtime.database, runtime.identity, token))
            == "simio_credential_claim_expired"
        )
        assert (await actions(runtime, claim_id)).count(Action.CLAIM_EXPIRED) == 1

    run_async(check())


def test_a_newer_claim_of_the_client_takes_its_place(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        client_id, _, token = await claimed(runtime)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            client = await session.get_one(tables.Client, client_id)
            _, newer = await runtime.claims.make(session, client, "newer", is_rotation=False)
        assert (
            await code_of(runtime.claims.redeem(runtime.database, runtime.identity, token))
            == "simio_credential_claim_expired"
        )
        assert (
            await runtime.claims.redeem(runtime.database, runtime.identity, newer)
        ).client_secret == "newer"

    run_async(check())


def test_a_token_that_is_none_is_not_found(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        _, _, token = await claimed(runtime)
        for wrong in ("x", token[:-1], token.swapcase()):
            assert (
                await code_of(runtime.claims.redeem(runtime.database, runtime.identity, wrong))
                == "simio_credential_claim_not_found"
            )

    run_async(check())


def test_no_tenant_sees_claims(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        _, claim_id, _ = await claimed(runtime)
        tenant_id = (await row_of(runtime, claim_id)).tenant_id
        async with runtime.database.transaction(tenant_id) as session:
            assert await session.get(tables.CredentialClaim, claim_id) is None

    run_async(check())
