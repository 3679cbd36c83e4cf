"""A client whose server is a function."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from simulacra.client import Simulacra
from simulacra.client.retrying import Patience

BASE = "https://api.example"
SECRET = "a-secret-of-the-client"
Answers = Callable[[httpx.Request], httpx.Response]


class Service:
    """Answers requests from a list, one after another, and mints tokens in between.

    Attributes:
        answers: what is to come: answers, or failures to raise.
        requests: those that came, without those for tokens.
        minted: how many tokens were minted.
        pauses: how long the client paused, seconds.
    """

    def __init__(self) -> None:
        self.answers: list[httpx.Response | httpx.RequestError] = []
        self.requests: list[httpx.Request] = []
        self.minted = 0
        self.lifetime = 86_400

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        if request.url.path == "/oauth/token":
            self.minted += 1
            token = {"access_token": f"token-{self.minted}", "expires_in": self.lifetime}
            return httpx.Response(200, json=token)
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, httpx.RequestError):
            raise answer
        return answer

    def will(self, *answers: httpx.Response | httpx.RequestError) -> None:
        """Answer with these, one after another."""
        self.answers += answers

    def headers(self, name: str) -> list[str | None]:
        """Return a header of each request."""
        return [it.headers.get(name) for it in self.requests]


def ok(**document: Any) -> httpx.Response:  # noqa: ANN401 - JSON
    return httpx.Response(200, json=document)


def problem(
    status: int,
    code: str,
    headers: dict[str, str] | None = None,
    **more: Any,  # noqa: ANN401 - JSON
) -> httpx.Response:
    document = {
        "type": f"{BASE}/errors/{code}",
        "title": "A title",
        "status": status,
        "detail": "A detail.",
        "code": code,
        "request_id": "req_1",
        "retryable": False,
    }
    return httpx.Response(status, json=document | more, headers=headers)


@pytest.fixture
def service() -> Iterator[Service]:
    """The server; all that it was told to answer must have been asked for."""
    it = Service()
    yield it
    assert it.answers == []


@pytest.fixture
def api(service: Service) -> Iterator[Simulacra]:
    with Simulacra(
        BASE,
        client_id="client",
        client_secret=SECRET,
        transport=httpx.MockTransport(service),
        new_patience=lambda seconds: Patience(seconds, first=0.001),
    ) as it:
        yield it
