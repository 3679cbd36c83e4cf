"""Deliveries: none lost, none doubled but by a retry, and nobody kept waiting by another tenant."""

import asyncio
import dataclasses
import datetime as dt
import threading
from collections.abc import Callable

import pytest

from simulacra.service import policy, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.database import tables
from simulacra.service.identity.principal import Principal
from simulacra.service.runtime import Runtime
from simulacra.service.tenants import administration
from simulacra.service.webhooks import delivery, schedule, schemas, upkeep
from simulacra.service.webhooks.sending import Outcome
from tests.coroutines import RunAsync
from tests.service.jobs import work
from tests.service.webhooks import receiver, steps

SECONDS = 60
"""After which a test is taken to have failed."""
DOWN = Outcome(None, "connection")  # type: ignore[arg-type]  # a word


def _nothing(_: object) -> None:
    """Leave a request without an answer."""


async def _test_event(runtime: Runtime, caller: Principal, webhook: tables.Webhook) -> str:
    return (await steps.webhooks_of(runtime).test(caller, webhook.id)).id


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 - what a thread of the receiver changes
            await asyncio.sleep(0.02)


def test_a_receiver_that_was_down_gets_the_message_under_the_same_id(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller = await work.tenant(runtime)
        with receiver.receiving() as it:
            webhook, secret = await steps.webhook(runtime, caller, it.url())
            message_id = await _test_event(runtime, caller, webhook)
            it.answer = receiver.answering(503)
            by = steps.deliveries_of(runtime)
            assert await steps.deliver(by) == 1
            assert await steps.deliver(by) == 0  # not before its pause is over
            (row,) = await steps.sent(runtime, caller.tenant_id)
            assert (row.status, row.attempts, row.response_status) == ("waiting", 1, 503)
            assert (await steps.read(runtime, webhook)).failing_since is not None
            it.answer = receiver.answering(204)
            runtime.database.ahead = dt.timedelta(seconds=7)
            assert await steps.deliver(by) == 1
            runtime.database.ahead = dt.timedelta(days=1)
            assert await steps.deliver(by) == 0
            (row,) = await steps.sent(runtime, caller.tenant_id)
            assert (row.status, row.attempts, row.failure) == ("delivered", 2, None)
            assert (await steps.read(runtime, webhook)).failing_since is None
            first, second = it.messages
            assert first.id == second.id == message_id
            assert first.body == second.body
            assert second.is_signed_by(secret)

    run_async(check())


def test_a_delivery_is_given_up_after_its_last_attempt(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller = await work.tenant(runtime)
        webhook, _ = await steps.webhook(runtime, caller)
        await _test_event(runtime, caller, webhook)
        by, tries = steps.answering(runtime, DOWN), 0
        while await steps.deliver(by):
            tries += 1
            runtime.database.ahead += schedule.LONGEST_PAUSE * 1.3
        assert tries == schedule.MAX_ATTEMPTS
        (row,) = await steps.sent(runtime, caller.tenant_id)
        assert (row.status, row.failure) == ("failed", "connection")
        assert row.ended_at is not None
        assert (await steps.read(runtime, webhook)).disabled_at is None

    run_async(check())


@pytest.mark.parametrize(
    ("outcome", "days", "reason"),
    [(Outcome(410, "status"), 0, "gone"), (DOWN, 6, "failing")],  # type: ignore[arg-type]  # words
)
def test_a_receiver_that_is_gone_or_fails_for_days_gets_nothing_any_more(
    runtime: Runtime, run_async: RunAsync, outcome: Outcome, days: int, reason: str
) -> None:
    async def check() -> None:
        caller = await work.tenant(runtime)
        webhook, _ = await steps.webhook(runtime, caller)
        if days:
            await _test_event(runtime, caller, webhook)
            await steps.deliver(steps.answering(runtime, DOWN))
            runtime.database.ahead = dt.timedelta(days=days)
        for _ in range(3):
            await _test_event(runtime, caller, webhook)
        by = steps.answering(runtime, outcome)
        (one, *_) = await by.take()
        await by.make(one)
        seen = await steps.read(runtime, webhook)
        assert (seen.disabled_reason, seen.disabled_at is None) == (reason, False)
        statuses = {row.status for row in await steps.sent(runtime, caller.tenant_id)}
        assert statuses == {"failed"}
        runtime.database.ahead += dt.timedelta(days=1)
        assert await by.take() == []
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            found = [it async for it in trail.entries(session) if it.subject_id == webhook.id]
        assert [it.action for it in found] == ["webhook.created", "webhook.disabled"]
        assert (found[1].actor_kind, found[1].details) == ("system", {"reason": reason})
        enabled = schemas.WebhookChange(status="enabled")  # type: ignore[arg-type]  # a word
        await steps.webhooks_of(runtime).change(caller, webhook.id, enabled)
        await _test_event(runtime, caller, webhook)
        assert await steps.deliver(steps.answering(runtime, Outcome(204))) == 1

    run_async(check())


def test_what_a_dead_worker_took_is_delivered_by_another_one_once_its_lease_is_over(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller = await work.tenant(runtime)
        webhook, _ = await steps.webhook(runtime, caller)
        await _test_event(runtime, caller, webhook)
        dead, alive = (steps.answering(runtime, Outcome(204)) for _ in range(2))
        (lost,) = await dead.take()
        assert await alive.take() == []
        runtime.database.ahead = delivery.LEASE + dt.timedelta(seconds=1)
        (taken,) = await alive.take()
        assert taken.delivery.id == lost.delivery.id
        failing = dataclasses.replace(dead, sender=steps.Answering(steps.LOOPBACK, outcome=DOWN))
        await failing.make(lost)  # it wakes up, and has nothing to say any more
        (row,) = await steps.sent(runtime, caller.tenant_id)
        assert (row.status, row.attempts, row.failure) == ("waiting", 2, None)
        await alive.make(taken)
        (row,) = await steps.sent(runtime, caller.tenant_id)
        assert (row.status, row.attempts) == ("delivered", 2)

    run_async(check())


def test_of_many_workers_one_takes_each_delivery(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        for _ in range(5):
            caller = await work.tenant(runtime)
            webhook, _ = await steps.webhook(runtime, caller)
            for _ in range(4):
                await _test_event(runtime, caller, webhook)
        workers = [steps.answering(runtime, Outcome(204)) for _ in range(6)]
        taken: list[str] = []
        while len(taken) < 20:
            found = await asyncio.gather(*(it.take() for it in workers))
            taken += [attempt.delivery.id for part in found for attempt in part]
            assert any(found)
        assert len(set(taken)) == 20

    run_async(check())


def test_a_tenant_has_a_few_attempts_at_a_time_and_keeps_no_other_waiting(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        is_over = threading.Event()
        slow, quick = await work.tenant(runtime), await work.tenant(runtime)
        with receiver.receiving() as dead, receiver.receiving() as alive:
            dead.answer = lambda _: _nothing(is_over.wait(SECONDS))
            to_dead, _ = await steps.webhook(runtime, slow, dead.url())
            to_alive, _ = await steps.webhook(runtime, quick, alive.url())
            for _ in range(20):
                await _test_event(runtime, slow, to_dead)
            by = steps.deliveries_of(runtime)
            running = asyncio.create_task(by.run())
            try:
                await _until(lambda: len(dead.messages) == delivery.AT_ONCE_PER_TENANT)
                for _ in range(10):
                    await _test_event(runtime, quick, to_alive)
                await _until(lambda: len(alive.messages) == 10)
                assert len(dead.messages) == delivery.AT_ONCE_PER_TENANT
            finally:
                is_over.set()
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    run_async(check())


def test_a_worker_that_stops_hands_back_what_is_under_way(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "STOP_SECONDS", 0.1)

    async def check() -> None:
        is_over = threading.Event()
        caller = await work.tenant(runtime)
        with receiver.receiving() as it:
            it.answer = lambda _: _nothing(is_over.wait(SECONDS))
            webhook, _ = await steps.webhook(runtime, caller, it.url())
            await _test_event(runtime, caller, webhook)
            running = asyncio.create_task(steps.deliveries_of(runtime).run())
            await _until(lambda: it.messages)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            is_over.set()
            (row,) = await steps.sent(runtime, caller.tenant_id)
            assert (row.status, row.attempts) == ("waiting", 1)
            it.answer = receiver.answering(204)
            assert await steps.deliver(steps.deliveries_of(runtime)) == 1  # at once
            assert len({message.id for message in it.messages}) == 1

    run_async(check())


def test_a_worker_that_stops_lets_what_is_answered_soon_end(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        go_on = threading.Event()
        caller = await work.tenant(runtime)
        with receiver.receiving() as it:

            def answer(handler: object) -> None:
                go_on.wait(SECONDS)
                receiver.answering(204)(handler)  # type: ignore[arg-type]  # a handler

            it.answer = answer
            webhook, _ = await steps.webhook(runtime, caller, it.url())
            await _test_event(runtime, caller, webhook)
            running = asyncio.create_task(steps.deliveries_of(runtime).run())
            await _until(lambda: it.messages)
            running.cancel()
            await asyncio.sleep(0)
            go_on.set()
            await asyncio.gather(running, return_exceptions=True)
            (row,) = await steps.sent(runtime, caller.tenant_id)
            assert row.status == "delivered"

    run_async(check())


def test_nothing_goes_to_a_tenant_that_is_suspended_or_for_a_client_that_is_revoked(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller = await work.tenant(runtime)
        webhook, _ = await steps.webhook(runtime, caller)
        await _test_event(runtime, caller, webhook)
        by = steps.answering(runtime, Outcome(204))
        await administration.suspend(runtime.database, caller.tenant_id, entry.SYSTEM)
        assert await by.take() == []
        await administration.reactivate(runtime.database, caller.tenant_id, entry.SYSTEM)
        (taken,) = await by.take()
        await by.make(taken)
        await _test_event(runtime, caller, webhook)
        await administration.revoke_client(
            runtime.database, runtime.identity, caller.client_id, entry.SYSTEM
        )
        assert await by.take() == []
        seen = await steps.read(runtime, webhook)
        assert seen.disabled_reason == "client_revoked"
        async with runtime.database.transaction(caller.tenant_id) as session:
            row = await session.get_one(tables.Webhook, webhook.id)
            row.disabled_at = row.disabled_reason = None  # made while the client was revoked
        assert await by.take() == []

    run_async(check())


def test_both_secrets_sign_until_the_old_one_has_ended(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        caller, webhooks = await work.tenant(runtime), steps.webhooks_of(runtime)
        with receiver.receiving() as it:
            webhook, old = await steps.webhook(runtime, caller, it.url())

            async def verified_by(*secrets: str) -> list[bool]:
                await _test_event(runtime, caller, webhook)
                await steps.deliver(steps.deliveries_of(runtime))
                return [it.messages[-1].is_signed_by(secret) for secret in secrets]

            wanted = schemas.RotationRequest(overlap_hours=2)
            new, _ = await webhooks.rotate(caller, webhook.id, wanted)
            assert await verified_by(old, new) == [True, True]
            runtime.database.ahead = dt.timedelta(hours=2, seconds=1)
            assert await verified_by(old, new) == [False, True]
            at_once = schemas.RotationRequest(overlap_hours=0)
            third, _ = await webhooks.rotate(caller, webhook.id, at_once)
            assert await verified_by(old, new, third) == [False, False, True]
            await upkeep.tidy(runtime.database)
            async with runtime.database.transaction(caller.tenant_id) as session:
                left = await session.execute(tables.WebhookSecret.__table__.select())
                assert len(left.all()) == 1

    run_async(check())


def test_only_so_many_secrets_sign_at_a_time(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        caller, webhooks = await work.tenant(runtime), steps.webhooks_of(runtime)
        webhook, first = await steps.webhook(runtime, caller)
        wanted = schemas.RotationRequest()
        secrets = [first] + [
            (await webhooks.rotate(caller, webhook.id, wanted))[0] for _ in range(6)
        ]
        await _test_event(runtime, caller, webhook)
        (attempt,) = await steps.deliveries_of(runtime).take()
        assert attempt.secrets == secrets[:-5:-1]

    run_async(check())


def test_old_deliveries_and_too_many_are_forgotten(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "MAX_ENDED", 3)

    async def check() -> None:
        caller = await work.tenant(runtime)
        webhook, _ = await steps.webhook(runtime, caller)
        ids = [await _test_event(runtime, caller, webhook) for _ in range(5)]
        by = steps.answering(runtime, Outcome(204))
        while await steps.deliver(by):
            pass
        await upkeep.tidy(runtime.database)
        assert [row.id for row in await steps.sent(runtime, caller.tenant_id)] == ids[2:]
        runtime.database.ahead = policy.DELIVERY_HISTORY + dt.timedelta(seconds=1)
        await upkeep.tidy(runtime.database)
        assert await steps.sent(runtime, caller.tenant_id) == []

    run_async(check())


def test_a_webhook_that_too_much_waits_for_is_disabled(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "MAX_WAITING", 3)

    async def check() -> None:
        caller = await work.tenant(runtime)
        webhook, _ = await steps.webhook(runtime, caller)
        for expected in (None, None, None, "backlog"):
            await _test_event(runtime, caller, webhook)
            await upkeep.tidy(runtime.database)
            assert (await steps.read(runtime, webhook)).disabled_reason == expected
        assert {it.failure for it in await steps.sent(runtime, caller.tenant_id)} == {"disabled"}

    run_async(check())
