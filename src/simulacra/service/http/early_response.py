"""Answering before the body has arrived, in a way that the caller gets to read the answer.

A refusal that does not read a long body must end the connection, or the rest would be read only
to be thrown away. But closing at once, while the caller still sends, makes its system drop the
answer (RFC 9112, section 9.6). So the answer is sent, the caller is given a moment to stop, and
then the connection is closed.
"""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READ_ANYWAY_BYTES = 64 * 1024
DISCARD_SECONDS = 2.0


class EarlyResponse:
    """The outermost ASGI layer, around the envelope."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _has_long_body(scope):
            await self._app(scope, receive, send)
            return
        body = _Body(receive)

        async def send_and_discard(message: Message) -> None:
            if message["type"] == "http.response.start" and not body.is_read:
                MutableHeaders(scope=message)["connection"] = "close"
            is_last = message["type"] == "http.response.body" and not message.get("more_body")
            if is_last and not body.is_read:
                await send({**message, "more_body": True})
                await body.discard()
                message = {"type": "http.response.body", "body": b""}
            await send(message)

        await self._app(scope, body.receive, send_and_discard)


class _Body:
    """A request body, watched for its end."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.is_read = False

    async def receive(self) -> Message:
        message = await self._receive()
        self.is_read |= not message.get("more_body", False)
        return message

    async def discard(self) -> None:
        """Throw the rest away for as long as the caller is given."""
        try:
            async with asyncio.timeout(DISCARD_SECONDS):
                while not self.is_read:
                    await self.receive()
        except TimeoutError:
            self.is_read = True


def _has_long_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    length = headers.get("content-length", "0")
    is_long = length.isdigit() and int(length) > READ_ANYWAY_BYTES
    return is_long or "transfer-encoding" in headers
