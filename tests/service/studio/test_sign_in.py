"""Signing in to the study page: who is let in, by which cookie, and how guessing ends."""

import hashlib
import importlib.resources

import pytest
from fastapi.routing import APIRoute

from simulacra.service import tenancy
from simulacra.service.audit import trail
from simulacra.service.http import guards, pages
from simulacra.service.runtime import Runtime
from simulacra.service.studio import guard, rendering, site
from simulacra.service.tenants import administration
from tests.coroutines import RunAsync
from tests.service.studio import browser

PINNED = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"
"""SHA-256 of htmx 2.0.11, as npm has it."""
OPEN = {
    *("/sign-in", "/sign-in/issuer", "/sign-in/callback"),
    *("/invitation", "/static/{name}"),
}


def test_every_route_but_signing_in_and_the_style_needs_a_session() -> None:
    found = {
        route.path: guards.guard_of(route)
        for route in guards._flat(site.router.routes)
        if isinstance(route, APIRoute)
    }
    assert len(found) > 5
    for path, needed in found.items():
        kind = pages.Visitor if path in OPEN else guard.Person
        assert type(needed) is kind, path


def test_the_library_of_the_page_is_the_one_that_was_pinned() -> None:
    folder = importlib.resources.files("simulacra.service.studio") / "static"
    content = (folder / "htmx.min.js").read_bytes()
    assert hashlib.sha256(content).hexdigest() == PINNED
    assert "Zero-Clause BSD" in (folder / "htmx.LICENSE").read_text("utf-8")


def test_an_invitation_is_taken_up_once_and_opens_a_session(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        person = browser.Browser(runtime)
        invitation = await person.invite()
        form = await person.http.get(f"/studio/invitation?token={invitation.token}")
        assert (form.status_code, browser.EMAIL in form.text) == (200, True)
        weak = await person.join(invitation.token, "acme acme acme acme")
        assert (weak.status_code, "too easy to guess" in weak.text) == (422, True)
        answer = await person.join(invitation.token)
        assert answer.headers["location"] == "/studio/"
        name, *attributes = answer.headers["set-cookie"].lower().split("; ")
        assert name.startswith(guard.COOKIE.lower())
        assert {"secure", "httponly", "samesite=strict", "path=/"} <= set(attributes)
        shown = await person.http.get("/studio/")
        assert "There are none yet" in shown.text
        policy = shown.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert (await person.join(invitation.token)).status_code == 404
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            told = [
                (it.actor_kind, it.action)
                async for it in trail.entries(session)
                if it.subject_id == invitation.person_id
            ]
        assert told == [
            ("operator", "person.invited"),
            ("person", "person.joined"),
            ("person", "session.opened"),
        ]

    run_async(check())


def test_a_stranger_is_sent_to_sign_in(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        person = browser.Browser(runtime)
        for cookie in ("", "x", "x" * 43, "é" * 43):
            headers = {b"Cookie": f"{guard.COOKIE}={cookie}".encode()}
            answer = await person.http.get("/studio/", headers=headers)
            assert (answer.status_code, answer.headers["location"]) == (303, rendering.SIGN_IN)
        part = await person.http.get("/studio/", headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["hx-redirect"]) == (204, rendering.SIGN_IN)

    run_async(check())


@pytest.mark.parametrize("how", ["suspended", "removed"])
def test_who_is_removed_and_whose_tenant_is_suspended_is_out_at_once(
    runtime: Runtime, run_async: RunAsync, how: str
) -> None:
    async def check() -> None:
        person = browser.Browser(runtime)
        signed_in = await person.sign_in()
        assert (await person.http.get("/studio/")).status_code == 200
        if how == "suspended":
            database, tenant_id = runtime.database, signed_in.tenant_id
            await administration.suspend(database, tenant_id, browser.OPERATOR)
        else:
            await person.people.remove(signed_in.person_id, browser.OPERATOR)
        assert (await person.http.get("/studio/")).status_code == 303
        form = {"email": browser.EMAIL, "password": browser.PASSWORD}
        answer = await person.http.post("/studio/sign-in", data=form, headers=browser.SAME_ORIGIN)
        assert answer.status_code == 403

    run_async(check())


def test_a_password_opens_a_session_and_guessing_ends(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def attempt(person: browser.Browser, email: str, password: str) -> int:
        form = {"email": email, "password": password}
        return (
            await person.http.post("/studio/sign-in", data=form, headers=browser.SAME_ORIGIN)
        ).status_code

    async def check() -> None:
        person = browser.Browser(runtime)
        await person.sign_in()
        assert await attempt(person, browser.EMAIL.upper(), browser.PASSWORD) == 303
        for _ in range(9):
            assert await attempt(person, browser.EMAIL, "guess") == 403
        assert await attempt(person, browser.EMAIL, browser.PASSWORD) == 429

    run_async(check())


def test_colleagues_behind_one_address_take_their_invitations_up(
    runtime: Runtime, run_async: RunAsync
) -> None:
    """Nor does anybody lock them out who tries tokens: there is no count of all who try."""

    async def check() -> None:
        person = browser.Browser(runtime)
        invitation = await person.invite()
        for _ in range(12):
            assert (await person.join("x" * 43)).status_code == 404
        assert (await person.join(invitation.token)).status_code == 303

    run_async(check())


def test_forms_of_other_sites_and_sessions_change_nothing(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        person = browser.Browser(runtime)
        signed_in = await person.sign_in()
        assert (await person.post("sign-out", "x" * 64)).status_code == 403
        form = {pages.FORMS_FIELD: signed_in.forms_token}
        headers = {"Sec-Fetch-Site": "cross-site"}
        answer = await person.http.post("/studio/sign-out", data=form, headers=headers)
        assert answer.status_code == 403
        assert (await person.http.get("/studio/")).status_code == 200
        assert (await person.post("sign-out", signed_in.forms_token)).status_code == 303
        assert (await person.http.get("/studio/")).status_code == 303

    run_async(check())
