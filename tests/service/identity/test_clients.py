"""Which tokens of a client count, and what they may grant."""

import asyncio
import time

import pytest
from sqlalchemy import update

from simulacra.service import errors, tenancy
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.http import guards
from simulacra.service.identity import clients, embedded, principal, tokens, verification
from simulacra.service.runtime import Runtime
from simulacra.service.tenants import administration
from simulacra.service.tenants.service import Credential
from tests.coroutines import RunAsync

ANN = entry.operator("ann")


def issuer_of(runtime: Runtime) -> tokens.Tokens:
    assert isinstance(runtime.identity, embedded.Embedded)
    return runtime.identity.issuer


async def mint(runtime: Runtime, made: Credential) -> str:
    """Return a token as the token endpoint mints it."""
    issuer = issuer_of(runtime)
    grant = await issuer.clients.authenticate(made.client_id, made.client_secret)
    assert grant is not None
    return await issuer.mint(made.client_id, grant.scopes, grant.issued_at)


async def tenant(runtime: Runtime) -> Credential:
    return await runtime.tenants.create(company="A", email="a@b.example")


async def rotated(runtime: Runtime, made: Credential) -> Credential:
    """Replace a client's secret, as an operator and the holder of the claim token do."""
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        client = await session.get_one(tables.Client, made.client_id, with_for_update=True)
        secret = await runtime.identity.begin_rotation(session, client.id)
        _, token = await runtime.claims.make(session, client, secret, is_rotation=True)
    delivery = await runtime.claims.redeem(runtime.database, runtime.identity, token)
    return Credential(made.tenant_id, made.client_id, delivery.client_secret)


def test_redemption_ends_the_tokens_before_it_and_none_after_it(
    runtime: Runtime, run_async: RunAsync
) -> None:
    """However soon one is minted before or after: ``iat`` has whole seconds."""

    async def check() -> None:
        made = await tenant(runtime)
        for _ in range(5):
            old = await mint(runtime, made)
            await runtime.identity.verify(old)
            made = await rotated(runtime, made)
            new = await mint(runtime, made)
            await runtime.identity.verify(new)
            with pytest.raises(verification.InvalidTokenError, match="secret was replaced"):
                await runtime.identity.verify(old)
            await asyncio.sleep(0.3)  # to another part of a second

    run_async(check())


def test_a_token_that_is_minted_during_redemption_ends_with_the_old_secret(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        made = await tenant(runtime)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            client = await session.get_one(tables.Client, made.client_id, with_for_update=True)
            await runtime.identity.begin_rotation(session, client.id)
            await runtime.identity.complete_rotation(session, client.id, client.created_at)
            authenticate = issuer_of(runtime).clients.authenticate
            minting = asyncio.create_task(authenticate(made.client_id, made.client_secret))
            await asyncio.sleep(0.3)
            assert not minting.done()  # it waits for the row
        assert await minting is None

    run_async(check())


def test_an_operator_ends_the_tokens_of_one_client_and_what_they_asked_for(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        made, other = await tenant(runtime), await tenant(runtime)
        token, others = await mint(runtime, made), await mint(runtime, other)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            client = await session.get_one(tables.Client, made.client_id, with_for_update=True)
            secret = await runtime.identity.begin_rotation(session, client.id)
            _, claim = await runtime.claims.make(session, client, secret, is_rotation=True)
        await administration.revoke_tokens(runtime.database, made.client_id, ANN)
        with pytest.raises(verification.InvalidTokenError, match="tokens were revoked"):
            await runtime.identity.verify(token)
        with pytest.raises(errors.ClaimExpiredError):
            await runtime.claims.redeem(runtime.database, runtime.identity, claim)
        await runtime.identity.verify(await mint(runtime, made))
        await runtime.identity.verify(others)
        with pytest.raises(errors.ClientNotFoundError):
            await administration.revoke_tokens(runtime.database, "nobody", ANN)

    run_async(check())


def test_a_client_has_the_scopes_that_it_was_given_whatever_its_token_says(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        made = await tenant(runtime)
        wanted = administration.NewClient(made.tenant_id, "dashboard", ["read:datasets"])
        client_id, claim = await administration.create_client(
            runtime.database, runtime.identity, runtime.claims, wanted, ANN
        )
        delivery = await runtime.claims.redeem(runtime.database, runtime.identity, claim)
        second = Credential(made.tenant_id, client_id, delivery.client_secret)
        caller = await runtime.identity.verify(await mint(runtime, second))
        assert caller.scopes == caller.granted == {"read:datasets"}
        assert caller.tenant_id == made.tenant_id
        wide = await issuer_of(runtime).mint(client_id, principal.SCOPES)
        assert (await runtime.identity.verify(wide)).scopes == {"read:datasets"}
        rotation = guards.Tenant(*principal.SCOPES, needs_all=True)
        assert rotation._covers(caller)  # its secret leads no further than its tokens
        first = await runtime.identity.verify(await mint(runtime, made))
        assert rotation._covers(first)
        narrow = principal.Principal(made.tenant_id, made.client_id, frozenset({"read:datasets"}))
        assert not rotation._covers(narrow)
        async with runtime.database.transaction(made.tenant_id) as session:
            listed = await clients.listed(session, made.tenant_id)
        assert [(it.name, it.last_minted_at is not None) for it in listed] == [
            (None, True),
            ("dashboard", True),
        ]

    run_async(check())


def test_a_client_of_the_version_before_has_all_scopes_and_its_tokens(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        made = await tenant(runtime)
        claims = {"azp": made.client_id, "iat": time.time() - 80_000, "scope": "read:datasets"}
        caller = await issuer_of(runtime).clients.identify(claims)
        assert caller.granted == frozenset(principal.SCOPES)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            await session.execute(update(tables.Client).values(scopes=[]))
        assert not (await issuer_of(runtime).clients.identify(claims)).scopes

    run_async(check())
