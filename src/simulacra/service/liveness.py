"""Whether a process is alive, told by a thread on a port of its own.

The event loop may be busy with the requests of customers, and who asks whether the process is alive
must not wait for them, or a process would be restarted for being used. So a thread answers, and it
looks at when the loop last came round. A loop that has not for `PATIENCE_SECONDS` is stuck: then
the answer is 503, and only a restart helps.
"""

import asyncio
import contextlib
import http.client
import http.server
import logging
import socket
import socketserver
import threading
import time
from collections.abc import AsyncIterator
from http import HTTPStatus

PATH = "/livez"
PATIENCE_SECONDS = 30.0
"""How long a loop may take to come round; no request and no job holds it for nearly as long."""
BEAT_SECONDS = 0.25
READ_SECONDS = 5.0
"""How long a caller may take to send its request, which holds a thread."""
ASK_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Heartbeat:
    """When the event loop of this process last came round."""

    def __init__(self) -> None:
        self._beat_at = time.monotonic()

    @property
    def silent_seconds(self) -> float:
        """The time since then; any thread may ask."""
        return time.monotonic() - self._beat_at

    async def keep_beating(self) -> None:
        """Note again and again that the loop comes round, until cancelled."""
        while True:
            self._beat_at = time.monotonic()
            await asyncio.sleep(BEAT_SECONDS)


@contextlib.asynccontextmanager
async def serving(address: tuple[str, int] | None) -> AsyncIterator[int | None]:
    """Tell whether this process is alive during the statement.

    Args:
        address: host and port to listen on, 0 for any; None tells nobody.

    Yields:
        The port, or None.

    Raises:
        OSError: nothing can listen there.
    """
    if address is None:
        yield None
        return
    heartbeat = Heartbeat()
    server = _Server(address, heartbeat)
    thread = threading.Thread(target=server.serve_forever, name="liveness", daemon=True)
    thread.start()
    beating = asyncio.create_task(heartbeat.keep_beating())
    port = int(server.server_address[1])
    logger.info("whether this process is alive is told at http://%s:%d%s", address[0], port, PATH)
    try:
        yield port
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        await asyncio.to_thread(server.shutdown)
        server.server_close()


def ask(host: str, port: int) -> bool:
    """Tell whether the process that listens there says that it is alive; no proxy is asked."""
    connection = http.client.HTTPConnection(host, port, timeout=ASK_SECONDS)
    try:
        connection.request("GET", PATH)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class _Server(socketserver.ThreadingTCPServer):
    """Answers each caller in a thread, so that one that is slow keeps no other waiting."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int], heartbeat: Heartbeat) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.heartbeat = heartbeat
        super().__init__(address, _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of callers that went away."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: _Server
    timeout = READ_SECONDS

    def do_GET(self) -> None:
        """Answer."""
        silent = self.server.heartbeat.silent_seconds
        if self.path != PATH:
            self._send(HTTPStatus.NOT_FOUND, f"there is only {PATH}")
        elif silent > PATIENCE_SECONDS:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, f"stuck for {silent:.0f} s")
        else:
            self._send(HTTPStatus.OK, "alive")

    def _send(self, status: HTTPStatus, text: str) -> None:
        body = f"{text}\n".encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base has it
        """Log nothing: probes come every few seconds."""
