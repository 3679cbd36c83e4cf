"""Sessions end: when closed, when idle, and after a day's work at the latest."""

import pytest
import sqlalchemy as sa

from simulacra.service import errors, keys, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Reason
from simulacra.service.database import tables
from simulacra.service.operators import accounts, guard
from simulacra.service.operators.sessions import Sessions
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.operators import browser


async def _ann(runtime: Runtime) -> Sessions:
    await accounts.create(runtime.database, "ann", browser.PASSWORD, entry.operator("cli:root"))
    return Sessions(runtime.database, runtime.keyring)


async def _age(runtime: Runtime, column: str, minutes: float) -> None:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        interval = sa.text(f"{column} - interval '{minutes} min'")
        await session.execute(sa.update(tables.OperatorSession).values({column: interval}))


def test_the_token_is_not_in_the_database(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        token = await (await _ann(runtime)).open("ann")
        stored = await runtime.database.look_up(sa.select(tables.OperatorSession.token_hash))
        assert stored == runtime.keyring.hash_secret(token)
        assert await Sessions(runtime.database, keys.Keyring(bytes(32))).find(token) is None

    run_async(check())


@pytest.mark.parametrize(("column", "longest"), [("seen_at", 30), ("created_at", 12 * 60)])
def test_a_session_lasts_half_an_idle_hour_and_twelve_hours_in_all(
    runtime: Runtime, run_async: RunAsync, column: str, longest: int
) -> None:
    async def check() -> None:
        signed_in = await _ann(runtime)
        token = await signed_in.open("ann")
        await _age(runtime, column, longest - 1)
        assert await signed_in.find(token) is not None
        await _age(runtime, column, 32 if column == "seen_at" else 2)
        assert await signed_in.find(token) is None

    run_async(check())


def test_a_page_counts_as_a_sign_of_life(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        signed_in = await _ann(runtime)
        token = await signed_in.open("ann")
        for _ in range(3):
            await _age(runtime, "seen_at", 20)
            assert await signed_in.find(token) is not None

    run_async(check())


def test_what_is_over_is_cleared_away_at_the_next_sign_in(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        signed_in = await _ann(runtime)
        await signed_in.open("ann")
        await _age(runtime, "seen_at", 31)
        await signed_in.open("ann")
        count = sa.select(sa.func.count()).select_from(tables.OperatorSession)
        assert await runtime.database.look_up(count) == 1

    run_async(check())


def test_closing_ends_it_and_forms_tokens_differ_between_sessions(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        signed_in = await _ann(runtime)
        one, two = await signed_in.open("ann"), await signed_in.open("ann")
        first, second = await signed_in.find(one), await signed_in.find(two)
        assert first is not None
        assert second is not None
        assert first.forms_token != second.forms_token
        await signed_in.close(one)
        await signed_in.close(one)
        assert await signed_in.find(one) is None
        assert await signed_in.find(two) == second

    run_async(check())


def test_refused_sign_ins_are_on_record_without_the_strangers_words(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        signed_in = await _ann(runtime)
        await signed_in.refuse("ann", Reason.INVALID_CREDENTIALS)
        await signed_in.refuse("hunter2 in the wrong field", Reason.INVALID_CREDENTIALS)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            entries = [it async for it in trail.entries(session) if it.action == "session.refused"]
        assert [(it.actor_kind, it.subject_id) for it in entries] == [
            ("anonymous", "ann"),
            ("anonymous", None),
        ]

    run_async(check())


def test_all_sessions_of_one_account_are_listed_and_ended(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        signed_in = await _ann(runtime)
        await accounts.create(runtime.database, "bob", browser.PASSWORD, entry.operator("cli:root"))
        anns, bobs = [await signed_in.open("ann") for _ in range(2)], await signed_in.open("bob")
        assert len(await signed_in.of("ann")) == 2
        assert await signed_in.close_all("ann", entry.operator("ann")) == 2
        assert [await signed_in.find(token) for token in anns] == [None, None]
        assert await signed_in.of("ann") == []
        assert await signed_in.find(bobs) is not None
        with pytest.raises(errors.AccountError, match="no account"):
            await signed_in.close_all("eve", entry.operator("ann"))

    run_async(check())


def test_the_page_signs_out_everywhere(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        here = browser.Browser(runtime)
        signed_in = await here.sign_in()
        elsewhere = await guard.sessions_of(runtime).open("ann")
        assert (await here.post("sign-out-everywhere", "forged")).status_code == 403
        assert await guard.sessions_of(runtime).find(elsewhere) is not None
        answer = await here.post("sign-out-everywhere", signed_in.forms_token)
        assert answer.headers["location"] == "/operator/sign-in"
        assert await guard.sessions_of(runtime).of("ann") == []

    run_async(check())
