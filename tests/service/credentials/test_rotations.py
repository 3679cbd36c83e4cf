"""Rotations on a real PostgreSQL, with the embedded issuer."""

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import errors, runtime, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.credentials import claims, rotations
from simulacra.service.database import tables
from simulacra.service.http import problems, translation
from simulacra.service.identity import embedded, principal

Play = Callable[[Coroutine[None, None, None]], None]


async def caller_of(running: runtime.Runtime) -> tuple[principal.Principal, str]:
    """Return a client as a caller, and its secret."""
    made = await running.tenants.create(company="Acme", email="a@b.example")
    scopes = frozenset(principal.SCOPES)
    return principal.Principal(made.tenant_id, made.client_id, scopes), made.client_secret


async def works(running: runtime.Runtime, client_id: str, secret: str) -> bool:
    assert isinstance(running.identity, embedded.Embedded)
    return await running.identity.issuer.clients.authenticate(client_id, secret)


async def rotate(
    running: runtime.Runtime, caller: principal.Principal, key: str | None
) -> rotations.Rotation:
    parts = running.database, running.identity, running.claims
    return await rotations.rotate(*parts, caller, key)


async def problem_of(call: Coroutine[None, None, object]) -> problems.Problem:
    with pytest.raises(errors.ServiceError) as raised:
        await call
    return translation.problem_of(raised.value)


async def count(running: runtime.Runtime) -> int:
    async with running.database.transaction(tenancy.SYSTEM) as session:
        query = select(func.count()).select_from(tables.CredentialRotation)
        return await session.scalar(query) or 0


def test_the_old_secret_works_until_the_new_one_is_claimed(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        caller, old = await caller_of(running)
        made = await rotate(running, caller, "k")
        assert await works(running, caller.client_id, old)
        delivery = await running.claims.redeem(running.database, running.identity, made.token or "")
        assert delivery.client_id == caller.client_id
        assert await works(running, caller.client_id, delivery.client_secret)
        assert not await works(running, caller.client_id, old)

    play(check())


def test_a_replay_returns_the_same_token_and_rotates_nothing(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        caller, _ = await caller_of(running)
        first = await rotate(running, caller, "k")
        again = await rotate(running, caller, "k")
        assert (again.token, again.row.id, again.is_repeated) == (first.token, first.row.id, True)
        assert await count(running) == 1
        secret = (
            await running.claims.redeem(running.database, running.identity, first.token or "")
        ).client_secret
        assert await works(running, caller.client_id, secret)

    play(check())


def test_fifty_at_once_under_one_key_are_one_rotation(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        caller, _ = await caller_of(running)
        made = await asyncio.gather(*(rotate(running, caller, "k") for _ in range(50)))
        assert len({one.token for one in made}) == 1
        assert sum(not one.is_repeated for one in made) == 1
        assert await count(running) == 1

    play(check())


def test_after_redemption_the_key_is_gone(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        caller, _ = await caller_of(running)
        made = await rotate(running, caller, "k")
        await running.claims.redeem(running.database, running.identity, made.token or "")
        problem = await problem_of(rotate(running, caller, "k"))
        assert problem.entry.code == "simio_rotation_claim_already_consumed"
        assert problem.status == 410

    play(check())


def test_a_fourth_rotation_within_a_day_is_refused(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        caller, _ = await caller_of(running)
        made = await asyncio.gather(
            *(rotate(running, caller, None) for _ in range(5)), return_exceptions=True
        )
        refused = [one for one in made if isinstance(one, errors.ServiceError)]
        assert [one.entry.code for one in refused] == ["simio_rotation_rate_limited"] * 2
        assert 24 * 3600 - 60 < (refused[0].retry_after or 0) <= 24 * 3600
        async with running.database.transaction(tenancy.SYSTEM) as session:
            rows = tables.CredentialRotation
            await session.execute(
                update(rows).values(created_at=rows.created_at - dt.timedelta(hours=24))
            )
        assert (await rotate(running, caller, None)).token

    play(check())


def test_a_newer_rotation_voids_the_claim_of_the_one_before(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        caller, old = await caller_of(running)
        first = await rotate(running, caller, "a")
        second = await rotate(running, caller, "b")
        problem = await problem_of(
            running.claims.redeem(running.database, running.identity, first.token or "")
        )
        assert problem.entry.code == "simio_credential_claim_expired"
        problem = await problem_of(rotate(running, caller, "a"))
        assert problem.entry.code == "simio_credential_claim_expired"
        assert await works(running, caller.client_id, old)
        newest = (
            await running.claims.redeem(running.database, running.identity, second.token or "")
        ).client_secret
        assert await works(running, caller.client_id, newest)

    play(check())


def test_a_claim_that_expires_leaves_the_old_secret_working(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        caller, old = await caller_of(running)
        await rotate(running, caller, "k")
        async with running.database.transaction(tenancy.SYSTEM) as session:
            past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
            await session.execute(update(tables.CredentialClaim).values(expires_at=past))
        await claims.expire(running.database)
        assert await works(running, caller.client_id, old)

    play(check())


def test_a_rotation_is_seen_by_its_client_alone(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        caller, _ = await caller_of(running)
        stranger, _ = await caller_of(running)
        made = await rotate(running, caller, "k")
        found = await rotations.read(running.database, running.claims, caller, made.row.id)
        assert (found.state, found.token) == (claims.State.OPEN, None)
        sibling = principal.Principal(caller.tenant_id, "another-client", caller.scopes)
        for other in (stranger, sibling):
            problem = await problem_of(
                rotations.read(running.database, running.claims, other, made.row.id)
            )
            assert problem.entry.code == "simio_rotation_request_not_found"

    play(check())


def test_a_client_that_was_revoked_meanwhile_gets_no_secret(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        caller, _ = await caller_of(running)
        async with running.database.transaction(tenancy.SYSTEM) as session:
            await running.identity.revoke_client(session, caller.client_id)
        problem = await problem_of(rotate(running, caller, "k"))
        assert problem.entry.code == "simio_unauthorized"
        assert await count(running) == 0

    play(check())


def test_an_operator_rotates_a_lost_secret(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        caller, old = await caller_of(running)
        actor = entry.operator("cli:root")
        token = await rotations.rotate_for_operator(
            running.database, running.identity, running.claims, caller.client_id, actor
        )
        secret = (
            await running.claims.redeem(running.database, running.identity, token)
        ).client_secret
        assert await works(running, caller.client_id, secret)
        assert not await works(running, caller.client_id, old)
        with pytest.raises(errors.ClientNotFoundError):
            await rotations.rotate_for_operator(
                running.database, running.identity, running.claims, "nobody", actor
            )

    play(check())


def test_a_claim_and_the_next_rotation_at_once_do_not_wait_for_each_other(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        caller, _ = await caller_of(running)
        first = await rotate(running, caller, "a")
        has_begun, complete = asyncio.Event(), running.identity.complete_rotation

        async def complete_later(session: AsyncSession, client_id: str) -> None:
            has_begun.set()
            await asyncio.sleep(0.2)  # the next rotation has come as far as it can
            await complete(session, client_id)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(running.identity, "complete_rotation", complete_later)
            redeeming = asyncio.create_task(
                running.claims.redeem(running.database, running.identity, first.token or "")
            )
            await has_begun.wait()
            second = await rotate(running, caller, "b")
        assert await works(running, caller.client_id, (await redeeming).client_secret)
        newest = await running.claims.redeem(running.database, running.identity, second.token or "")
        assert await works(running, caller.client_id, newest.client_secret)

    play(check())


def test_once_the_provider_has_rotated_nothing_gives_up_waiting(
    running: runtime.Runtime, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotations, "LOCK_SECONDS", 1)

    async def check() -> None:
        caller, _ = await caller_of(running)
        async with running.database.transaction(tenancy.SYSTEM) as holder:
            await holder.execute(select(func.pg_advisory_xact_lock(trail.APPEND_LOCK)))
            rotating = asyncio.create_task(rotate(running, caller, "k"))
            await asyncio.sleep(1.5)
            assert not rotating.done()
        assert (await rotating).token

    play(check())


def test_a_rotation_does_not_wait_for_ever_for_another(
    running: runtime.Runtime, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotations, "LOCK_SECONDS", 1)

    async def check() -> None:
        caller, _ = await caller_of(running)
        async with running.database.transaction(tenancy.SYSTEM) as holder:
            await holder.get(tables.Client, caller.client_id, with_for_update=True)
            problem = await problem_of(rotate(running, caller, "k"))
        assert problem.entry.code == "simio_idempotency_in_flight"

    play(check())
