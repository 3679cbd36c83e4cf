"""What browsers and others look for at addresses that everybody knows."""

import dataclasses

import pytest

from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.endpoints import api

SECURITY = "/.well-known/security.txt"


def test_browsers_find_an_icon(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        async with api.anonymous(runtime) as http:
            icon = await http.get("/favicon.ico")
            assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")
            assert icon.text.lstrip().startswith("<svg")

    run_async(check())


@pytest.mark.parametrize("contact", [None, "http://acme.example/help"])
def test_nobody_is_named_who_cannot_be(
    runtime: Runtime, run_async: RunAsync, contact: str | None
) -> None:
    async def check() -> None:
        policy = dataclasses.replace(runtime.policy, support_contact=contact)
        async with api.anonymous(dataclasses.replace(runtime, policy=policy)) as http:
            answer = await http.get(SECURITY)
            assert api.is_problem(answer, 404, "simio_not_found")
            assert "support_contact" in answer.json()["detail"]

    run_async(check())


def test_who_is_told_of_weaknesses_is_named(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        policy = dataclasses.replace(runtime.policy, support_contact="help@acme.example")
        async with api.anonymous(dataclasses.replace(runtime, policy=policy)) as http:
            answer = await http.get(SECURITY)
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
            assert "Contact: mailto:help@acme.example\n" in answer.text

    run_async(check())
