"""An Auth0 tenant as identity provider, with the real database and the stand-in."""

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine

import httpx
import jwt
import pytest
from sqlalchemy import update

from simulacra.service import compose, errors, tenancy
from simulacra.service.database import tables
from simulacra.service.identity import auth0 as auth0_provider
from simulacra.service.identity import principal, verification
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from simulacra.service.tenants import service as tenants
from tests.service.identity.auth0_tenant import Auth0Tenant

Check = Callable[[Runtime, auth0_provider.Auth0], Coroutine[None, None, None]]


@pytest.fixture
def run_async(auth0: Auth0Tenant, settings: Settings) -> Callable[[Check], None]:
    """Run a check with the parts of a service in this mode, and close them."""
    chosen = settings.model_dump(exclude={"database_url"}) | {
        "database_url": settings.dsn(),
        "identity_provider": "auth0",
        "auth0_domain": auth0.domain,
        "auth0_management_client_id": auth0.management_id,
        "auth0_management_client_secret": auth0.management_secret,
    }

    async def run(check: Check) -> None:
        runtime = compose.runtime_of(Settings.model_validate(chosen))
        assert isinstance(runtime.identity, auth0_provider.Auth0)
        try:
            await check(runtime, runtime.identity)
        finally:
            await runtime.identity.close()
            await runtime.database.close()

    return lambda check: asyncio.run(run(check))


async def _tenant(runtime: Runtime) -> tenants.Credential:
    return await runtime.tenants.create(
        company="Acme <Research>",
        email="a@b.example",
    )


def _token(auth0: Auth0Tenant, made: tenants.Credential) -> str:
    fields = {
        "grant_type": "client_credentials",
        "client_id": made.client_id,
        "client_secret": made.client_secret,
        "audience": auth0.audience,
    }
    answer = httpx.post(f"https://{auth0.domain}/oauth/token", json=fields)
    return str(answer.raise_for_status().json()["access_token"])


def _issued_at(token: str) -> dt.datetime:
    claims = jwt.decode(token, options={"verify_signature": False})
    return dt.datetime.fromtimestamp(claims["iat"], dt.UTC)


def test_a_tenants_token_of_auth0_names_its_tenant(
    auth0: Auth0Tenant, run_async: Callable[[Check], None]
) -> None:
    async def check(runtime: Runtime, identity: auth0_provider.Auth0) -> None:
        await identity.open()
        made = await _tenant(runtime)
        caller = await identity.verify(_token(auth0, made))
        scopes = frozenset(principal.SCOPES)
        assert caller == principal.Principal(made.tenant_id, made.client_id, scopes)
        assert identity.token_url == f"https://{auth0.domain}/oauth/token"

    run_async(check)


def test_a_client_that_only_auth0_knows_is_nobody(
    auth0: Auth0Tenant, run_async: Callable[[Check], None]
) -> None:
    async def check(_: Runtime, identity: auth0_provider.Auth0) -> None:
        claims = auth0.claims("somebody", auth0.audience, principal.SCOPES, 60)
        with pytest.raises(verification.InvalidTokenError, match="not active"):
            await identity.verify(auth0.sign(claims))

    run_async(check)


def test_a_suspended_tenant_and_a_revoked_client_are_refused_at_once(
    auth0: Auth0Tenant, run_async: Callable[[Check], None]
) -> None:
    async def check(runtime: Runtime, identity: auth0_provider.Auth0) -> None:
        suspended, revoked = await _tenant(runtime), await _tenant(runtime)
        tokens = [_token(auth0, suspended), _token(auth0, revoked)]
        for token in tokens:
            await identity.verify(token)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            of_it = tables.Tenant.id == suspended.tenant_id
            await session.execute(update(tables.Tenant).where(of_it).values(status="suspended"))
            await identity.revoke_client(session, revoked.client_id)
        for token in tokens:
            with pytest.raises(verification.InvalidTokenError, match="not active"):
                await identity.verify(token)
        assert list(auth0.clients) == [suspended.client_id]

    run_async(check)


def test_a_rotation_ends_the_old_secret_and_the_tokens_from_before(
    auth0: Auth0Tenant, run_async: Callable[[Check], None]
) -> None:
    async def check(runtime: Runtime, identity: auth0_provider.Auth0) -> None:
        made = await _tenant(runtime)
        token = _token(auth0, made)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            secret = await identity.begin_rotation(session, made.client_id)
            # The token's own second: by the wall clock the next one may have begun meanwhile.
            begun_at = _issued_at(token) + dt.timedelta(microseconds=999_999)
            await identity.complete_rotation(session, made.client_id, begun_at)
        await identity.verify(token)  # of the same second
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            later = begun_at + dt.timedelta(seconds=1)
            await identity.complete_rotation(session, made.client_id, later)
        with pytest.raises(verification.InvalidTokenError, match="secret was replaced"):
            await identity.verify(token)
        with pytest.raises(httpx.HTTPStatusError):
            _token(auth0, made)
        new = tenants.Credential(made.tenant_id, made.client_id, secret)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            await identity.complete_rotation(session, made.client_id, begun_at)
        await identity.verify(_token(auth0, new))

    run_async(check)


def test_a_client_of_a_transaction_that_fails_is_deleted(
    auth0: Auth0Tenant, run_async: Callable[[Check], None]
) -> None:
    async def check(runtime: Runtime, identity: auth0_provider.Auth0) -> None:
        kept = await _tenant(runtime)
        with pytest.raises(ZeroDivisionError):
            async with runtime.database.transaction(tenancy.SYSTEM) as session:
                await identity.create_client(session, kept.tenant_id, "Acme")
                assert len(auth0.clients) == 2
                raise ZeroDivisionError
        await identity.close()
        assert list(auth0.clients) == [kept.client_id]

    run_async(check)


def test_a_tenant_is_made_whole_or_not_at_all(
    auth0: Auth0Tenant, run_async: Callable[[Check], None]
) -> None:
    async def check(runtime: Runtime, _: auth0_provider.Auth0) -> None:
        auth0.api_scopes = ()
        with pytest.raises(errors.ProviderRefusedError):
            await _tenant(runtime)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            assert await session.scalar(tables.Tenant.__table__.select()) is None
        assert not auth0.clients

    run_async(check)


def test_no_hash_of_a_secret_is_kept_and_none_is_shown(run_async: Callable[[Check], None]) -> None:
    async def check(runtime: Runtime, identity: auth0_provider.Auth0) -> None:
        made = await _tenant(runtime)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            client = await session.get_one(tables.Client, made.client_id)
            assert client.secret_hash == b""
        assert made.client_secret not in repr(made) + repr(vars(identity))

    run_async(check)
