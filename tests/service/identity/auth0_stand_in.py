"""A local HTTPS server in place of an Auth0 tenant (`auth0_tenant`, which cites Auth0's pages)."""

import contextlib
import http.server
import json
import re
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import trustme

from tests.service.identity.auth0_tenant import AnswerError, Auth0Tenant

HANG_SECONDS = 30
Route = Callable[["_Handler", "re.Match[str]"], tuple[int, object]]


class _Handler(http.server.BaseHTTPRequestHandler):
    """Routes requests to the tenant."""

    tenant: Auth0Tenant
    stopping: threading.Event
    query: dict[str, str]
    body: dict[str, Any]
    protocol_version = "HTTP/1.1"
    ROUTES: ClassVar[dict[tuple[str, str], tuple[str | None, Route]]] = {
        ("POST", "/oauth/token"): (None, lambda it, _: (200, it.tenant.token(it.body))),
        ("GET", "/.well-known/jwks.json"): (None, lambda it, _: (200, it.tenant.jwks())),
        ("POST", "/api/v2/clients"): (
            "create:clients",
            lambda it, _: (201, it.tenant.create_client(it.body)),
        ),
        ("GET", "/api/v2/clients"): (
            "read:clients",
            lambda it, _: (200, it.tenant.list_clients(it.query)),
        ),
        ("POST", "/api/v2/clients/([^/]+)/rotate-secret"): (
            "update:client_keys",
            lambda it, found: (200, it.tenant.rotate_secret(found[1])),
        ),
        ("DELETE", "/api/v2/clients/([^/]+)"): (
            "delete:clients",
            lambda it, found: (204, it.tenant.delete_client(found[1])),
        ),
        ("POST", "/api/v2/client-grants"): (
            "create:client_grants",
            lambda it, _: (201, it.tenant.create_grant(it.body)),
        ),
    }

    def answer(self) -> None:
        target = urlsplit(self.path)
        self.query = dict(parse_qsl(target.query))
        self.body = self._body()
        self.tenant.requests.append((self.command, target.path))
        fault = self.tenant.fault_for(self.command, target.path)
        if fault is None or fault.done:
            status, body = self._route(target.path)
        if fault is None:
            self._send(status, body, {})
        elif fault.hang:
            self.stopping.wait(HANG_SECONDS)
            self.close_connection = True
        elif not fault.status:
            self.close_connection = True
        else:
            self._send(fault.status, fault.body, fault.headers)

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the base class's names

    def _body(self) -> dict[str, Any]:
        raw = self.rfile.read(int(self.headers.get("content-length", "0")))
        if not raw:
            return {}
        if "json" in self.headers.get("content-type", ""):
            body: dict[str, Any] = json.loads(raw)
            return body
        return dict(parse_qsl(raw.decode()))

    def _route(self, path: str) -> tuple[int, object]:
        for (method, pattern), (scope, call) in self.ROUTES.items():
            found = re.fullmatch(pattern, path)
            if method == self.command and found:
                return self._call(scope, call, found)
        return 404, {"statusCode": 404, "error": "Not Found", "message": "Not Found"}

    def _call(self, scope: str | None, call: Route, found: "re.Match[str]") -> tuple[int, object]:
        with self.tenant.lock:
            try:
                if scope:
                    self.tenant.authorise(self.headers.get("authorization", ""), scope)
                return call(self, found)
            except AnswerError as answer:
                return answer.status, answer.body

    def _send(self, status: int, body: object, headers: dict[str, str]) -> None:
        content = b"" if status == 204 else json.dumps(body).encode()
        self.send_response(status)
        if self.path.startswith("/.well-known/"):
            # https://community.auth0.com/t/jwks-caching-strategy-recommendations/183415
            directives = "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400"
            self.send_header("Cache-Control", directives)
        elif not headers:
            limits = {"limit": 50, "remaining": 49, "reset": int(time.time()) + 1}
            headers = {f"x-ratelimit-{name}": str(value) for name, value in limits.items()}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keep quiet."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away, or does not trust us, is none of our concern."""


@contextlib.contextmanager
def running(audience: str) -> Iterator[tuple[Auth0Tenant, Path]]:
    """Serve a tenant on a free port; yield it, and the certificate file of its authority."""
    tenant, authority, stopping = Auth0Tenant(audience), trustme.CA(), threading.Event()
    certificate = authority.issue_cert("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = _Server(
        ("127.0.0.1", 0), type("Handler", (_Handler,), {"tenant": tenant, "stopping": stopping})
    )
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    tenant.domain = f"localhost:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    with tempfile.TemporaryDirectory() as folder:
        ca = Path(folder) / "auth0-ca.pem"
        authority.cert_pem.write_to_path(str(ca))
        thread.start()
        try:
            yield tenant, ca
        finally:
            stopping.set()
            server.shutdown()
            thread.join()
            server.server_close()
