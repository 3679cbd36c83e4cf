"""Signing in to the operator's pages: who is let in, by which cookie, and how guessing ends."""

import pytest
from fastapi.routing import APIRoute

from simulacra.service import tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.http import guards, pages
from simulacra.service.identity import embedded
from simulacra.service.operators import accounts, guard, site
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.operators import browser

OPEN = {"/sign-in", "/sign-in/code", "/static/{name}"}


def test_every_route_but_signing_in_and_the_style_needs_a_session() -> None:
    found = {
        route.path: guards.guard_of(route)
        for route in guards._flat(site.router.routes)
        if isinstance(route, APIRoute)
    }
    assert len(found) > 8
    for path, needed in found.items():
        kind = pages.Visitor if path in OPEN else guard.Operator
        assert type(needed) is kind, path


@pytest.mark.parametrize("path", ["", "tenants", "tenants/ten_1", "audit"])
def test_a_stranger_is_sent_to_sign_in(runtime: Runtime, run_async: RunAsync, path: str) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        for cookie in ("", "x", "x" * 43, "é" * 43):
            headers = {b"Cookie": f"{guard.COOKIE}={cookie}".encode()}
            answer = await operator.http.get(f"/operator/{path}", headers=headers)
            assert (answer.status_code, answer.headers["location"]) == (303, "/operator/sign-in")

    run_async(check())


def test_a_bearer_token_opens_nothing_here_and_a_session_nothing_there(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        made = await runtime.tenants.create(company="A", email="a@b.example",
        )  # fmt: skip
        assert isinstance(runtime.identity, embedded.Embedded)
        token = await runtime.identity.issuer.mint(made.client_id, ("read:datasets",))
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await operator.http.get("/operator/", headers=bearer)).status_code == 303
        await operator.sign_in()
        assert (await operator.http.get("/v1/datasets")).status_code == 401

    run_async(check())


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        await accounts.create(runtime.database, "ann", browser.PASSWORD, entry.operator("cli:root"))
        form = {"name": "ann", "password": browser.PASSWORD}
        answer = await operator.http.post(
            "/operator/sign-in", data=form, headers=browser.SAME_ORIGIN
        )
        name, *attributes = answer.headers["set-cookie"].lower().split("; ")
        assert name.startswith("__host-")
        assert set(attributes) == {"secure", "httponly", "samesite=strict", "path=/"}

    run_async(check())


def test_a_wrong_name_and_a_wrong_password_look_the_same(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        await accounts.create(runtime.database, "ann", browser.PASSWORD, entry.operator("cli:root"))
        pages = []
        for name, password in (("ann", browser.PASSWORD + "2"), ("bob", browser.PASSWORD)):
            form = {"name": name, "password": password}
            answer = await operator.http.post(
                "/operator/sign-in", data=form, headers=browser.SAME_ORIGIN
            )
            assert answer.status_code == 403
            assert password not in answer.text
            assert "set-cookie" not in answer.headers
            pages.append(answer.text.replace(name, "NAME"))
        assert pages[0] == pages[1]

    run_async(check())


def test_signing_in_again_ends_the_session_before(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        await operator.sign_in()
        before = operator.http.cookies[guard.COOKIE]
        form = {"name": "ann", "password": browser.PASSWORD}
        await operator.http.post("/operator/sign-in", data=form, headers=browser.SAME_ORIGIN)
        assert await guard.sessions_of(runtime).find(before) is None
        assert (await operator.http.get("/operator/")).status_code == 200

    run_async(check())


def test_guessing_of_a_password_ends_after_ten_tries_from_an_address(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def attempt(operator: browser.Browser, name: str, password: str) -> int:
        form = {"name": name, "password": password}
        return (
            await operator.http.post("/operator/sign-in", data=form, headers=browser.SAME_ORIGIN)
        ).status_code

    async def check() -> None:
        operator = browser.Browser(runtime)
        for name in ("ann", "bob"):
            await accounts.create(
                runtime.database, name, browser.PASSWORD, entry.operator("cli:root")
            )
        for _ in range(10):
            assert await attempt(operator, "ann", "guess") == 403
        assert await attempt(operator, "ann", browser.PASSWORD) == 429
        assert await attempt(operator, "bob", browser.PASSWORD) == 303
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            entries = [it async for it in trail.entries(session) if it.action == "session.refused"]
        assert len(entries) == 10  # what is throttled fills no trail

    run_async(check())
