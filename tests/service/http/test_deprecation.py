import asyncio
import datetime as dt

import httpx
import pytest
from fastapi import FastAPI

from simulacra.service.http import deprecation

SINCE = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


def test_every_answer_says_since_when_and_until_when() -> None:
    app = FastAPI()
    until = SINCE + dt.timedelta(days=60)

    @app.get("/old", dependencies=[deprecation.announced(SINCE, until, "/v1/new")])
    async def old() -> None: ...

    async def ask() -> httpx.Headers:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://x") as http:
            return (await http.get("/old")).headers

    headers = asyncio.run(ask())
    assert headers["deprecation"] == "@1798761600"
    assert headers["sunset"] == "Tue, 02 Mar 2027 00:00:00 GMT"
    assert headers["link"] == '</v1/new>; rel="successor-version"'


def test_an_end_without_notice_is_refused() -> None:
    with pytest.raises(ValueError, match="30 days"):
        deprecation.announced(SINCE, SINCE + dt.timedelta(days=29), "/v1/new")
