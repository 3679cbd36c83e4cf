"""Sessions of people end: when closed, when idle, with a new password, and after half a day."""

import datetime as dt

import pytest
import sqlalchemy as sa

from simulacra.service import keys, tenancy
from simulacra.service.database import tables
from simulacra.service.people.sessions import Sessions
from simulacra.service.runtime import Runtime
from simulacra.service.studio import guard
from tests.coroutines import RunAsync
from tests.service.studio import browser


async def age(runtime: Runtime, column: str, minutes: float) -> None:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        interval = sa.text(f"{column} - interval '{minutes} min'")
        await session.execute(sa.update(tables.PersonSession).values({column: interval}))


@pytest.mark.parametrize(("column", "longest"), [("seen_at", 60), ("created_at", 12 * 60)])
def test_a_session_lasts_an_idle_hour_and_twelve_hours_in_all(
    runtime: Runtime, run_async: RunAsync, column: str, longest: int
) -> None:
    async def check() -> None:
        person = browser.Browser(runtime)
        await person.sign_in()
        token = person.http.cookies[guard.COOKIE]
        sessions = Sessions(runtime.database, runtime.keyring)
        await age(runtime, column, longest - 1)
        assert await sessions.find(token) is not None
        assert await Sessions(runtime.database, keys.Keyring(bytes(32))).find(token) is None
        await age(runtime, column, 62 if column == "seen_at" else 2)
        assert await sessions.find(token) is None

    run_async(check())


def test_a_new_password_and_signing_out_everywhere_end_all_sessions(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        office, home = browser.Browser(runtime), browser.Browser(runtime)
        signed_in = await office.sign_in()
        form = {"email": browser.EMAIL, "password": browser.PASSWORD}
        await home.http.post("/studio/sign-in", data=form, headers=browser.SAME_ORIGIN)
        assert (await home.http.get("/studio/")).status_code == 200
        again = await home.people.invite(signed_in.tenant_id, browser.EMAIL, browser.OPERATOR)
        assert again.person_id == signed_in.person_id
        answer = await home.join(again.token, "staple battery horse wrong")
        assert answer.status_code == 303
        assert (await office.http.get("/studio/")).status_code == 303
        now = await guard.sessions_of(runtime).find(home.http.cookies[guard.COOKIE])
        assert now is not None
        await home.post("sign-out-everywhere", now.forms_token)
        assert (await home.http.get("/studio/")).status_code == 303

    run_async(check())


def test_an_invitation_is_over_after_seven_days_and_with_the_next_one(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        person = browser.Browser(runtime)
        first = await person.invite()
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            row = await session.get_one(tables.Person, first.person_id)
        second = await person.people.invite(row.tenant_id, browser.EMAIL, browser.OPERATOR)
        assert await person.people.invited(first.token) is None
        assert await person.people.invited(second.token) is not None
        runtime.database.ahead = dt.timedelta(days=7)
        assert await person.people.invited(second.token) is None
        assert (await person.join(second.token)).status_code == 404

    run_async(check())
