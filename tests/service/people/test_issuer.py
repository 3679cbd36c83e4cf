"""Signing in to the study page with an account elsewhere, at a provider that speaks HTTP."""

import dataclasses
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from simulacra.service.people import issuer
from simulacra.service.runtime import Runtime
from simulacra.service.studio import guard
from simulacra.service.studio.pages import sign_in
from tests.coroutines import RunAsync
from tests.service.people import openid_provider
from tests.service.studio import browser

REDIRECT_URI = "https://studio.example/studio/sign-in/callback"
ANN = {"sub": "248289761001", "email": browser.EMAIL.upper(), "email_verified": True}


@pytest.fixture
def provider() -> Iterator[openid_provider.Provider]:
    with openid_provider.running(REDIRECT_URI, dict(ANN)) as it:
        yield it


def with_provider(runtime: Runtime, provider: openid_provider.Provider) -> Runtime:
    registration = issuer.Registration(
        issuer=provider.url,
        client_id=openid_provider.CLIENT_ID,
        client_secret=openid_provider.CLIENT_SECRET,
        name="Acme",
        redirect_uri=REDIRECT_URI,
    )
    return dataclasses.replace(runtime, sign_in=issuer.Issuer(registration, runtime.keyring))


async def go_there(person: browser.Browser) -> str:
    """Sign in at the provider, and return where it sends the browser back to."""
    form = await person.http.get("/studio/sign-in")
    assert "Sign in with Acme" in form.text
    departure = await person.http.get("/studio/sign-in/issuer")
    (cookie,) = departure.headers.get_list("set-cookie")
    assert cookie.startswith(sign_in.FLOW_COOKIE)
    assert {"Secure", "HttpOnly", "SameSite=lax"} <= set(cookie.split("; "))
    async with httpx.AsyncClient() as elsewhere:
        answer = await elsewhere.get(departure.headers["location"])
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


async def sign_in_there(person: browser.Browser) -> httpx.Response:
    return await person.http.get(await go_there(person))


def test_who_was_invited_is_let_in_and_known_by_the_subject_from_then_on(
    runtime: Runtime, run_async: RunAsync, provider: openid_provider.Provider
) -> None:
    runtime = with_provider(runtime, provider)

    async def check() -> None:
        person = browser.Browser(runtime)
        invitation = await person.invite()
        arrived = await sign_in_there(person)
        assert arrived.status_code == 200
        session = next(
            it for it in arrived.headers.get_list("set-cookie") if it.startswith(guard.COOKIE)
        )
        assert "SameSite=strict" in session
        assert "There are none yet" in (await person.http.get("/studio/")).text
        assert await person.people.invited(invitation.token) is None  # it was taken up
        provider.account["email"] = "ann@married.example"
        again = browser.Browser(runtime)
        assert (await sign_in_there(again)).status_code == 200
        provider.account |= {"sub": "another", "email": browser.EMAIL}
        taken_over = browser.Browser(runtime)
        assert (await sign_in_there(taken_over)).status_code == 404
        await person.people.remove(invitation.person_id, browser.OPERATOR)
        provider.account |= ANN
        assert (await sign_in_there(browser.Browser(runtime))).status_code == 404

    run_async(check())


@pytest.mark.parametrize(
    "account",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": "eve@acme.example"},
    ],
)
def test_who_was_not_invited_is_not_let_in(
    runtime: Runtime,
    run_async: RunAsync,
    provider: openid_provider.Provider,
    account: dict[str, Any],
) -> None:
    runtime = with_provider(runtime, provider)
    provider.account |= account

    async def check() -> None:
        person = browser.Browser(runtime)
        await person.invite()
        answer = await sign_in_there(person)
        assert (answer.status_code, "Nobody was invited" in answer.text) == (404, True)
        assert (await person.http.get("/studio/")).status_code == 303

    run_async(check())


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"aud": [openid_provider.CLIENT_ID, "another client"]},
        {"azp": "another client"},
        {"nonce": "of another sign-in"},
        {"exp": 1_000_000_000},
        {"sub": None},
    ],
    ids="-".join,
)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    runtime: Runtime,
    run_async: RunAsync,
    provider: openid_provider.Provider,
    wrong: dict[str, Any],
) -> None:
    runtime = with_provider(runtime, provider)
    provider.overrides = wrong

    async def check() -> None:
        person = browser.Browser(runtime)
        await person.invite()
        answer = await sign_in_there(person)
        assert (answer.status_code, "was not completed" in answer.text) == (404, True)

    run_async(check())


def test_the_way_back_is_for_the_browser_that_left_and_for_once(
    runtime: Runtime, run_async: RunAsync, provider: openid_provider.Provider
) -> None:
    runtime = with_provider(runtime, provider)

    async def check() -> None:
        person, thief = browser.Browser(runtime), browser.Browser(runtime)
        await person.invite()
        back = await go_there(person)
        assert (await thief.http.get(back)).status_code == 404  # without any cookie
        await go_there(thief)
        assert (await thief.http.get(back)).status_code == 404  # with one of another sign-in
        other = back.replace("iss=", "iss=x")
        assert (await person.http.get(other)).status_code == 404
        assert (await person.http.get(back)).status_code == 200
        left = await go_there(person)
        person.http.cookies.set(sign_in.FLOW_COOKIE, "x")
        assert (await person.http.get(left)).status_code == 404

    run_async(check())


def test_strangers_cannot_use_up_the_sign_ins_of_all(
    runtime: Runtime, run_async: RunAsync, provider: openid_provider.Provider
) -> None:
    """Not even of those who have their network address: any site can send a browser here."""
    runtime = with_provider(runtime, provider)

    async def check() -> None:
        person = browser.Browser(runtime)
        await person.invite()
        back = await go_there(person)
        for _ in range(61):
            assert (await browser.Browser(runtime).http.get(back)).status_code == 404
        for _ in range(15):  # as of colleagues behind one address
            other = browser.Browser(runtime)
            other.http.cookies.set(sign_in.FLOW_COOKIE, "x")
            assert (await other.http.get(back)).status_code == 404
        assert (await person.http.get(back)).status_code == 200

    run_async(check())


def test_an_address_of_another_domain_that_folds_to_the_same_letters_is_not_let_in(
    runtime: Runtime, run_async: RunAsync, provider: openid_provider.Provider
) -> None:
    runtime = with_provider(runtime, provider)
    provider.account["email"] = "ann@stra\N{LATIN SMALL LETTER SHARP S}e.example"

    async def check() -> None:
        person = browser.Browser(runtime)
        await person.invite(email="ann@strasse.example")
        answer = await sign_in_there(person)
        assert (answer.status_code, "Nobody was invited" in answer.text) == (404, True)

    run_async(check())


def test_the_address_may_be_told_beside_the_token_and_keys_must_be_published(
    runtime: Runtime, run_async: RunAsync, provider: openid_provider.Provider
) -> None:
    runtime = with_provider(runtime, provider)

    async def check() -> None:
        person = browser.Browser(runtime)
        await person.invite()
        provider.signs_with_other_key = True
        assert (await sign_in_there(person)).status_code == 404
        provider.signs_with_other_key, provider.tells_in_token = False, False
        assert (await sign_in_there(browser.Browser(runtime))).status_code == 200

    run_async(check())


def test_an_issuer_that_is_away_is_told_of(runtime: Runtime, run_async: RunAsync) -> None:
    with openid_provider.running(REDIRECT_URI, dict(ANN)) as provider:
        runtime = with_provider(runtime, provider)

    async def check() -> None:
        answer = await browser.Browser(runtime).http.get("/studio/sign-in/issuer")
        assert (answer.status_code, "Try again later" in answer.text) == (503, True)

    run_async(check())
