"""Rotations on a real PostgreSQL, with the embedded issuer."""

import asyncio
import dataclasses
import datetime as dt
import math
import time
from collections.abc import Coroutine

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import errors, policy, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.credentials import claims, rotations
from simulacra.service.database import tables
from simulacra.service.http import problems, translation
from simulacra.service.identity import embedded, principal
from simulacra.service.runtime import Runtime
from tests.acceptance import harness
from tests.coroutines import RunAsync


async def caller_of(runtime: Runtime) -> tuple[principal.Principal, str]:
    """Return a client as a caller, and its secret."""
    made = await runtime.tenants.create(company="Acme", email="a@b.example")
    scopes = frozenset(principal.SCOPES)
    return principal.Principal(made.tenant_id, made.client_id, scopes), made.client_secret


async def works(runtime: Runtime, client_id: str, secret: str) -> bool:
    assert isinstance(runtime.identity, embedded.Embedded)
    return await runtime.identity.issuer.clients.authenticate(client_id, secret) is not None


async def rotate(
    runtime: Runtime, caller: principal.Principal, key: str | None, *, age: int = 0
) -> rotations.Rotation:
    """Rotate with a token of so many seconds."""
    parts = runtime.database, runtime.identity, runtime.claims
    # Rounded up, as that of a token which is minted right after a rotation.
    issued_at = math.floor(time.time()) + 1 - age
    return await rotations.rotate(*parts, dataclasses.replace(caller, issued_at=issued_at), key)


async def problem_of(call: Coroutine[None, None, object]) -> problems.Problem:
    with pytest.raises(errors.ServiceError) as raised:
        await call
    return translation.problem_of(raised.value)


async def count(runtime: Runtime) -> int:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        query = select(func.count()).select_from(tables.CredentialRotation)
        return await session.scalar(query) or 0


def test_the_old_secret_works_until_the_new_one_is_claimed(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller, old = await caller_of(runtime)
        made = await rotate(runtime, caller, "k")
        assert await works(runtime, caller.client_id, old)
        delivery = await runtime.claims.redeem(runtime.database, runtime.identity, made.token or "")
        assert delivery.client_id == caller.client_id
        assert await works(runtime, caller.client_id, delivery.client_secret)
        assert not await works(runtime, caller.client_id, old)

    run_async(check())


def test_a_replay_returns_the_same_token_and_rotates_nothing(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller, _ = await caller_of(runtime)
        first = await rotate(runtime, caller, "k")
        again = await rotate(runtime, caller, "k")
        assert (again.token, again.row.id, again.is_repeated) == (first.token, first.row.id, True)
        assert await count(runtime) == 1
        secret = (
            await runtime.claims.redeem(runtime.database, runtime.identity, first.token or "")
        ).client_secret
        assert await works(runtime, caller.client_id, secret)

    run_async(check())


def test_fifty_at_once_under_one_key_are_one_rotation(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller, _ = await caller_of(runtime)
        made = await asyncio.gather(*(rotate(runtime, caller, "k") for _ in range(50)))
        assert len({one.token for one in made}) == 1
        assert sum(not one.is_repeated for one in made) == 1
        assert await count(runtime) == 1

    run_async(check())


def test_after_redemption_the_key_is_gone(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        caller, _ = await caller_of(runtime)
        made = await rotate(runtime, caller, "k")
        await runtime.claims.redeem(runtime.database, runtime.identity, made.token or "")
        problem = await problem_of(rotate(runtime, caller, "k"))
        assert problem.entry.code == "simio_rotation_claim_already_consumed"
        assert problem.status == 410

    run_async(check())


def test_a_fourth_rotation_within_a_day_is_refused(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        caller, _ = await caller_of(runtime)
        made = await asyncio.gather(
            *(rotate(runtime, caller, None) for _ in range(5)), return_exceptions=True
        )
        refused = [one for one in made if isinstance(one, errors.ServiceError)]
        assert [one.entry.code for one in refused] == ["simio_rotation_rate_limited"] * 2
        assert 24 * 3600 - 60 < (refused[0].retry_after or 0) <= 24 * 3600
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            rows = tables.CredentialRotation
            await session.execute(
                update(rows).values(created_at=rows.created_at - dt.timedelta(hours=24))
            )
        assert (await rotate(runtime, caller, None)).token

    run_async(check())


def test_a_newer_rotation_voids_the_claim_of_the_one_before(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller, old = await caller_of(runtime)
        first = await rotate(runtime, caller, "a")
        second = await rotate(runtime, caller, "b")
        problem = await problem_of(
            runtime.claims.redeem(runtime.database, runtime.identity, first.token or "")
        )
        assert problem.entry.code == "simio_credential_claim_expired"
        problem = await problem_of(rotate(runtime, caller, "a"))
        assert problem.entry.code == "simio_credential_claim_expired"
        assert await works(runtime, caller.client_id, old)
        newest = (
            await runtime.claims.redeem(runtime.database, runtime.identity, second.token or "")
        ).client_secret
        assert await works(runtime, caller.client_id, newest)

    run_async(check())


def test_a_claim_that_expires_leaves_the_old_secret_working(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller, old = await caller_of(runtime)
        await rotate(runtime, caller, "k")
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
            await session.execute(update(tables.CredentialClaim).values(expires_at=past))
        await claims.expire(runtime.database)
        assert await works(runtime, caller.client_id, old)

    run_async(check())


def test_a_rotation_is_seen_by_its_client_alone(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        caller, _ = await caller_of(runtime)
        stranger, _ = await caller_of(runtime)
        made = await rotate(runtime, caller, "k")
        found = await rotations.read(runtime.database, runtime.claims, caller, made.row.id)
        assert (found.state, found.token) == (claims.State.OPEN, None)
        sibling = principal.Principal(caller.tenant_id, "another-client", caller.scopes)
        for other in (stranger, sibling):
            problem = await problem_of(
                rotations.read(runtime.database, runtime.claims, other, made.row.id)
            )
            assert problem.entry.code == "simio_rotation_request_not_found"

    run_async(check())


def test_a_client_that_was_revoked_meanwhile_gets_no_secret(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller, _ = await caller_of(runtime)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            await runtime.identity.revoke_client(session, caller.client_id)
        problem = await problem_of(rotate(runtime, caller, "k"))
        assert problem.entry.code == "simio_unauthorized"
        assert await count(runtime) == 0

    run_async(check())


def test_an_operator_rotates_a_lost_secret(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        caller, old = await caller_of(runtime)
        actor = entry.operator("cli:root")
        token = await rotations.rotate_for_operator(
            runtime.database, runtime.identity, runtime.claims, caller.client_id, actor
        )
        secret = (
            await runtime.claims.redeem(runtime.database, runtime.identity, token)
        ).client_secret
        assert await works(runtime, caller.client_id, secret)
        assert not await works(runtime, caller.client_id, old)
        with pytest.raises(errors.ClientNotFoundError):
            await rotations.rotate_for_operator(
                runtime.database, runtime.identity, runtime.claims, "nobody", actor
            )

    run_async(check())


def test_a_claim_and_the_next_rotation_at_once_do_not_wait_for_each_other(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller, _ = await caller_of(runtime)
        first = await rotate(runtime, caller, "a")
        has_begun, complete = asyncio.Event(), runtime.identity.complete_rotation
        has_rotated = asyncio.Event()

        async def complete_later(
            session: AsyncSession, client_id: str, begun_at: dt.datetime
        ) -> None:
            has_begun.set()
            await as_far_as_it_can()
            await complete(session, client_id, begun_at)

        async def as_far_as_it_can() -> None:
            """Wait until the next rotation has ended, or waits for a lock."""
            waiting = select(func.count()).select_from(text("pg_stat_activity"))
            waiting = waiting.where(text("wait_event_type = 'Lock'"))
            async with asyncio.timeout(harness.SECONDS):
                while not (  # noqa: ASYNC110 - the database sends no event of it
                    has_rotated.is_set() or await runtime.database.look_up(waiting)
                ):
                    await asyncio.sleep(0.01)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(runtime.identity, "complete_rotation", complete_later)
            redeeming = asyncio.create_task(
                runtime.claims.redeem(runtime.database, runtime.identity, first.token or "")
            )
            await has_begun.wait()
            try:
                # The redemption ends the tokens that there are, so this one is of a minute later.
                second = await rotate(runtime, caller, "b", age=-60)
            finally:
                has_rotated.set()
        assert await works(runtime, caller.client_id, (await redeeming).client_secret)
        newest = await runtime.claims.redeem(runtime.database, runtime.identity, second.token or "")
        assert await works(runtime, caller.client_id, newest.client_secret)

    run_async(check())


def test_once_the_provider_has_rotated_nothing_gives_up_waiting(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotations, "LOCK_SECONDS", 1)

    async def check() -> None:
        caller, _ = await caller_of(runtime)
        async with runtime.database.transaction(tenancy.SYSTEM) as holder:
            await holder.execute(select(func.pg_advisory_xact_lock(trail.APPEND_LOCK)))
            rotating = asyncio.create_task(rotate(runtime, caller, "k"))
            await asyncio.sleep(1.5)
            assert not rotating.done()
        assert (await rotating).token

    run_async(check())


def test_a_rotation_does_not_wait_for_ever_for_another(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotations, "LOCK_SECONDS", 1)

    async def check() -> None:
        caller, _ = await caller_of(runtime)
        async with runtime.database.transaction(tenancy.SYSTEM) as holder:
            await holder.get(tables.Client, caller.client_id, with_for_update=True)
            problem = await problem_of(rotate(runtime, caller, "k"))
        assert problem.entry.code == "simio_idempotency_in_flight"

    run_async(check())


def test_a_rotation_takes_a_fresh_token_even_to_be_repeated(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller, _ = await caller_of(runtime)
        minutes = policy.FRESH_TOKEN // dt.timedelta(minutes=1)
        for key in ("k", None):
            refused = await problem_of(rotate(runtime, caller, key, age=60 * minutes + 5))
            assert (refused.status, refused.entry.code) == (401, "simio_fresh_token_required")
            assert "Mint one at https://" in refused.detail
        assert await count(runtime) == 0
        made = await rotate(runtime, caller, "k", age=60 * minutes - 60)
        refused = await problem_of(rotate(runtime, caller, "k", age=60 * minutes + 5))
        assert refused.entry.code == "simio_fresh_token_required"
        assert (await rotate(runtime, caller, "k")).token == made.token

    run_async(check())


def test_a_rotation_that_waited_for_redemption_with_an_older_token_is_refused(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller, _ = await caller_of(runtime)
        first = await rotate(runtime, caller, "a")
        await runtime.claims.redeem(runtime.database, runtime.identity, first.token or "")
        refused = await problem_of(rotate(runtime, caller, "b", age=5))
        assert (refused.status, refused.entry.code) == (401, "simio_unauthorized")

    run_async(check())
