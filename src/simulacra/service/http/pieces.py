"""Answers in small pieces.

The server waits for the client between two pieces. So an answer that is not taken holds little
memory, and one that is taken slowly is seen to be.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PIECE_BYTES = 64 * 1024


class Pieces:
    """An ASGI layer below which an answer may be of one piece."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_pieces(message: Message) -> None:
            body = memoryview(message.get("body", b""))
            while len(body) > PIECE_BYTES:
                piece, body = bytes(body[:PIECE_BYTES]), body[PIECE_BYTES:]
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({**message, "body": bytes(body)} if "body" in message else message)

        await self._app(scope, receive, send_pieces)
