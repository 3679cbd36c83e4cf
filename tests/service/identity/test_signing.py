"""Keys of the issuer on a real PostgreSQL: rotation logs nobody out."""

import datetime as dt

from joserfc import jws
from sqlalchemy import select, update

from simulacra.service import compose, tenancy
from simulacra.service.audit import entry
from simulacra.service.audit.entry import Action
from simulacra.service.database import tables
from simulacra.service.identity import embedded, principal, signing
from simulacra.service.identity.tokens import Tokens
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from tests.coroutines import RunAsync

ACTOR = entry.operator("cli:root")


def issuer_of(runtime: Runtime) -> Tokens:
    assert isinstance(runtime.identity, embedded.Embedded)
    return runtime.identity.issuer


def kids(document: dict[str, object]) -> list[str]:
    keys = document["keys"]
    assert isinstance(keys, list)
    return [key["kid"] for key in keys]


def key_of(token: str) -> str:
    return str(jws.extract_compact(token.encode()).headers()["kid"])


async def let_settle(runtime: Runtime) -> None:
    rows = tables.SigningKey
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        await session.execute(
            update(rows).values(created_at=rows.created_at - 2 * signing.SETTLING)
        )


def test_tokens_of_the_old_key_and_of_the_new_one_are_accepted_everywhere(
    runtime: Runtime, settings: Settings, run_async: RunAsync
) -> None:
    async def check() -> None:
        made = await runtime.tenants.create(company="Acme", email="a@b.example")
        other = compose.runtime_of(settings)  # another process, which has loaded the keys before
        here, there = issuer_of(runtime), issuer_of(other)
        old = await here.mint(made.client_id, principal.SCOPES)
        await there.verify(old)
        kid = await here.signing_keys.rotate(ACTOR)
        assert kids(await here.signing_keys.public())[0] == kid
        early = await here.mint(made.client_id, principal.SCOPES)
        assert (await there.verify(early)).client_id == made.client_id
        await let_settle(runtime)
        for issuer in (here, there):
            issuer.signing_keys._loaded = float("-inf")  # as it is after a minute
        new = await here.mint(made.client_id, principal.SCOPES)
        assert [key_of(token) == kid for token in (old, early, new)] == [False, False, True]
        for issuer in (here, there):
            for token in (old, early, new):
                assert (await issuer.verify(token)).client_id == made.client_id
        await other.close()

    run_async(check())


def test_a_key_is_retired_when_its_last_token_has_expired(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        keys = issuer_of(runtime).signing_keys
        first = (await keys.current()).kid
        second = await keys.rotate(ACTOR)
        await keys.retire(lifetime=3600)
        rows = tables.SigningKey
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            assert set(await session.scalars(select(rows.id))) == {first, second}
            ago = dt.timedelta(hours=2)
            await session.execute(update(rows).values(created_at=rows.created_at - ago))
        await keys.retire(lifetime=3600)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            assert list(await session.scalars(select(rows.id))) == [second]

    run_async(check())


def test_a_rotation_is_on_record(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        kid = await issuer_of(runtime).signing_keys.rotate(ACTOR)
        entries = tables.AuditEntry
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            found = await session.execute(
                select(entries.subject_id, entries.actor_id).where(
                    entries.action == Action.SIGNING_KEY_ROTATED
                )
            )
            assert [tuple(row) for row in found] == [(kid, "cli:root")]

    run_async(check())


def test_a_key_that_is_known_is_not_opened_again(runtime: Runtime, run_async: RunAsync) -> None:
    """That takes 45 ms of the event loop, and every forged token may have the keys looked up."""

    async def check() -> None:
        known = issuer_of(runtime).signing_keys
        first = {id(key) for key in (await known.verifying(None)).keys}
        await known.rotate(ACTOR)
        again = (await known.verifying(None)).keys
        assert len(again) == 2
        assert first <= {id(key) for key in again}

    run_async(check())
