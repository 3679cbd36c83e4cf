"""Answers are sent in small pieces."""

import asyncio

from starlette.types import Message, Receive, Scope, Send

from simulacra.service.http import pieces


def sent(*bodies: bytes) -> list[Message]:
    messages: list[Message] = []

    async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number, body in enumerate(bodies, 1):
            more = number < len(bodies)
            await send({"type": "http.response.body", "body": body, "more_body": more})

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        raise AssertionError

    asyncio.run(pieces.Pieces(application)({"type": "http"}, receive, send))
    assert messages[0] == {"type": "http.response.start", "status": 200, "headers": []}
    return messages[1:]


def test_a_long_body_is_cut_and_nothing_is_lost() -> None:
    whole = bytes(range(256)) * 1000
    messages = sent(whole, b"", b"end")
    assert b"".join(message["body"] for message in messages) == whole + b"end"
    assert max(len(message["body"]) for message in messages) == pieces.PIECE_BYTES
    assert [message.get("more_body", False) for message in messages[-2:]] == [True, False]


def test_a_short_body_stays_whole() -> None:
    assert sent(b"short") == [{"type": "http.response.body", "body": b"short", "more_body": False}]
