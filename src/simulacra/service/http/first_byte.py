"""What a client speaks on the port of HTTPS, told from its first byte.

Who types http:// where https:// is spoken would see a connection that is cut off, since a TLS
library has nothing to say to it. So the server accepts connections without TLS and leaves the first
byte where it is: what begins like a request of HTTP is refused with the address that is right, and
everything else goes to the TLS library as if it had just been accepted.
"""

import asyncio
import contextlib
import os
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import httptools
import uvicorn

from simulacra.service.http import connection

MOST_OF_A_PATH = 200
"""Bytes of a path that are quoted; a longer one is left out."""


def decides(config: uvicorn.Config, base_url: str) -> ssl.SSLContext | None:
    """Have the first byte decide on the connections of a server with TLS, before it starts.

    Returns:
        The context that its connections get, or None if it has no TLS.
    """
    config.load()
    context, config.ssl = config.ssl, None  # the server's own TLS would come before any byte
    if context is not None:
        plain = type("Plain", (Plain,), {"base_url": base_url})
        parts = {"context": context, "encrypted": config.http_protocol_class, "plain": plain}
        config.http_protocol_class = type("Undecided", (Undecided,), parts)
    return context


class Undecided(asyncio.Protocol):
    """A connection of which no byte has come. Subclasses say what becomes of it.

    uvicorn counts it among its connections, and so ends it when the server stops.
    """

    context: ssl.SSLContext
    encrypted: type[connection.Connection]
    plain: type[connection.Connection]
    handshake_seconds = 60.0
    """Until the end of the handshake, as without us; the first byte is a part of it."""

    def __init__(self, **parts: Any) -> None:  # noqa: ANN401 - uvicorn's, for the protocol
        self._parts = parts
        self._connections: set[Any] = parts["server_state"].connections
        self._deciding: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Take the socket from the transport before that reads of it."""
        with contextlib.suppress(OSError):  # no descriptor is left: the connection is closed
            own = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
            own.settimeout(0)
            self._connections.add(self)
            self._deciding = asyncio.get_running_loop().create_task(self._decide(own))
            self._deciding.add_done_callback(lambda _: self._connections.discard(self))
        transport.abort()  # closes its own descriptor, and not the connection

    def shutdown(self) -> None:
        """Let the client go, since the server stops."""
        if self._deciding is not None:
            self._deciding.cancel()

    async def _decide(self, own: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + self.handshake_seconds
        # The client may be gone, come too late, or speak something else.
        with contextlib.suppress(OSError), contextlib.ExitStack() as closing:
            closing.callback(own.close)
            async with asyncio.timeout_at(until):
                await _readable(own)
            first = own.recv(1, socket.MSG_PEEK)
            if first:
                closing.pop_all()  # from now on the transport closes it
                await self._connect(own, first, until - loop.time())

    async def _connect(self, own: socket.socket, first: bytes, seconds: float) -> None:
        """Hand the connection on; the first byte is still to be read."""
        connect = asyncio.get_running_loop().connect_accepted_socket
        if b"A" <= first <= b"Z":  # as methods of HTTP begin; a record of TLS begins with 22
            await connect(lambda: self.plain(**self._parts), own)
            return
        await connect(
            lambda: self.encrypted(**self._parts),
            own,
            ssl=self.context,
            ssl_handshake_timeout=max(seconds, 1.0),
        )


class Plain(connection.Connection):
    """A connection of plain HTTP, whose first request is refused when its head is there."""

    def on_headers_complete(self) -> None:
        """Refuse the request.

        Raises:
            httptools.HttpParserError: always, which has the connection refused.
        """
        self._fault = ("simio_malformed_request", self._advice())
        raise httptools.HttpParserError

    def _advice(self) -> str:
        path, _, _ = self.url.partition(b"?")  # the query may hold what is for nobody else
        is_short = path.startswith(b"/") and len(path) <= MOST_OF_A_PATH
        address = f"https://{urlsplit(self.base_url).netloc}"
        address += path.decode("ascii", "replace") if is_short else ""
        advice = f"This port speaks HTTPS only, and the request came as plain HTTP; use {address}."
        if any(name == b"authorization" for name, _ in self.headers):
            advice += " What its Authorization header holds went unencrypted: replace it."
        return advice


async def _readable(own: socket.socket) -> None:
    """Wait until there is something to read, and leave it there."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def notice() -> None:
        loop.remove_reader(own)
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(own, notice)
    try:
        await ready
    finally:
        loop.remove_reader(own)
