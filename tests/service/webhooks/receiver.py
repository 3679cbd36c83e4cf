"""A receiver of webhooks on this machine, with or without TLS."""

import contextlib
import dataclasses
import http.server
import ssl
import threading
from collections.abc import Callable, Iterator

import standardwebhooks
import trustme

HOST = "hooks.example.test"
"""A name that only the certificate knows; tests say what it resolves to."""


@dataclasses.dataclass
class Message:
    """What was posted."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def is_signed_by(self, secret: str) -> bool:
        """Tell whether the library of Standard Webhooks takes it."""
        try:
            standardwebhooks.Webhook(secret).verify(self.body, self.headers)
        except standardwebhooks.WebhookVerificationError:
            return False
        return True


@dataclasses.dataclass
class Receiver:
    """A server that keeps what is posted to it.

    Attributes:
        answer: writes the answer; it is given the handler of the request.
        names: that TLS asked for (SNI).
    """

    port: int = 0
    scheme: str = "http"
    messages: list[Message] = dataclasses.field(default_factory=list)
    names: list[str | None] = dataclasses.field(default_factory=list)
    answer: Callable[[http.server.BaseHTTPRequestHandler], None] = lambda it: answer(it, 204)

    def url(self, host: str = "127.0.0.1", path: str = "/hook") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


def answer(handler: http.server.BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    """Answer a request."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("content-length", "0")
    handler.end_headers()


def answering(status: int) -> Callable[[http.server.BaseHTTPRequestHandler], None]:
    return lambda handler: answer(handler, status)


@contextlib.contextmanager
def receiving(authority: trustme.CA | None = None, host: str = HOST) -> Iterator[Receiver]:
    """Yield a receiver; one with an authority has a certificate for `host`."""
    receiver = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.messages.append(Message(self.path, headers, body))
            with contextlib.suppress(OSError):
                receiver.answer(self)

        do_GET = do_CONNECT = do_POST  # noqa: N815 - as the library asks for

        def log_message(self, *_: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Say nothing of a peer that hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    if authority is not None:
        receiver.scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(host).configure_cert(context)
        context.sni_callback = lambda _socket, name, _context: receiver.names.append(name)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
