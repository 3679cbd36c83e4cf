import asyncio
import dataclasses

import pytest
from fastapi import Request
from sqlalchemy import text

from simulacra.service import runtime, tenancy
from simulacra.service.http import problems, throttling
from simulacra.service.http.throttling import Limit

FIVE = Limit("five", calls=5, seconds=3600)


def request_from(host: str) -> Request:
    return Request({"type": "http", "client": (host, 1), "headers": []})


def test_everybody_has_an_allowance_of_their_own(running: runtime.Runtime, play) -> None:  # type: ignore[no-untyped-def]
    async def check() -> None:
        throttle = running.throttle
        mine = [await throttle.hit(FIVE, "a", "b") for _ in range(6)]
        assert [one.is_refused for one in mine] == [False] * 5 + [True]
        assert [one.remaining for one in mine] == [4, 3, 2, 1, 0, 0]
        assert 0 < mine[-1].reset <= 3600 / 5
        assert not (await throttle.hit(FIVE, "a")).is_refused
        assert not (await throttle.hit(dataclasses.replace(FIVE, name="six"), "a", "b")).is_refused

    play(check())


def test_of_many_calls_at_once_no_more_than_the_limit_pass(
    running: runtime.Runtime,
    play,  # type: ignore[no-untyped-def]
) -> None:
    async def check() -> None:
        standings = await asyncio.gather(*(running.throttle.hit(FIVE, "x") for _ in range(40)))
        assert sum(not one.is_refused for one in standings) == 5

    play(check())
