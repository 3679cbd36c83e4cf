"""Around the framework: request ids, security and rate headers, and errors in one form only.

It stands outside the framework, because some answers are made where the framework's handlers do
not reach: a body over its limit, a method that a route does not have, an unexpected exception.
"""

import hashlib
import hmac
import logging
import re
import time
import traceback
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from simulacra.service import keys, measures, throttling
from simulacra.service.audit import origin
from simulacra.service.errors import catalog
from simulacra.service.http import problems, rate_limits

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "strict-transport-security": "max-age=31536000",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
OWN_MEDIA_TYPES = ("json", "text/html")
"""Parts of the media types that our own errors have: problems, and the operators' pages."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Others are measured as one, since anyone may make them up."""
FRAMEWORK_CODES = {
    401: "simio_unauthorized",
    404: "simio_not_found",
    405: "simio_method_not_allowed",
    413: "simio_body_too_large",
    415: "simio_unsupported_content_type",
    503: "simio_unavailable",
}

SINGLE_HEADERS = ("Host", "Authorization", "Content-Type", "Content-Encoding")
"""Of two of these one part of a chain may take the first, and another the last."""
ADDRESS_DIGITS = 16
"""Of the keyed hash that stands for an address in the log."""
NOBODY = "-"

logger = logging.getLogger("simulacra.requests")


class Envelope:
    """ASGI application around the framework's.

    Args:
        app: the framework's.
        base_url: of the documents that explain errors.
        address_key: of the hashes that stand for callers' addresses in the log.
    """

    def __init__(self, app: ASGIApp, base_url: str, address_key: bytes) -> None:
        self._app = app
        self._base_url = base_url
        self._address_key = address_key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send, self._base_url)
        measures.OPEN_REQUESTS.inc()
        origin.REQUEST_ID.set(exchange.request_id)
        try:
            refusal = _refusal(Headers(scope=scope))
            if refusal is None:
                await self._app(scope, receive, exchange.send)
            else:
                await exchange.respond(refusal)
        except ClientDisconnect:
            exchange.status = 499  # as nginx logs it: the caller hung up before the body ended
        except Exception as error:  # noqa: BLE001 - the last line: unknown text must not leak
            _log_without_values(error, exchange.request_id)
            await exchange.send_problem("simio_internal", "The request failed unexpectedly.")
        finally:
            measures.OPEN_REQUESTS.dec()
            exchange.log(self._address_key)


class _Exchange:
    """One request and its response."""

    def __init__(self, scope: Scope, send: Send, base_url: str) -> None:
        self.request_id = _request_id(scope)
        self.status = 0
        self._scope = scope
        self._send = send
        self._base_url = base_url
        self._replacing = False
        self._began = time.monotonic()
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def send(self, message: Message) -> None:
        """Pass a message on, replacing an error that is not in our form."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            media_type = headers.get("content-type", "json")
            if self.status >= 400 and not any(own in media_type for own in OWN_MEDIA_TYPES):
                self._replacing = True
                await self._replace(self.status, {k: v for k, v in headers.items() if k == "allow"})
                return
            self._decorate(headers)
        if not self._replacing:
            await self._send(message)

    async def send_problem(self, code: str, detail: str) -> None:
        """Answer with a problem, unless an answer has begun."""
        if self.status == 0:
            await self.respond(problems.Problem(code, detail))

    async def _replace(self, status: int, headers: dict[str, str]) -> None:
        fallback = "simio_internal" if status >= 500 else "simio_malformed_body"
        code = framework_code(status, Headers(scope=self._scope)) or fallback
        limit = self._scope.get(MAX_BODY_SIZE_SCOPE_KEY)
        detail = too_large(limit) if status == 413 and limit else catalog.CATALOG[code].meaning
        await self.respond(problems.Problem(code, detail, headers=headers))

    async def respond(self, problem: problems.Problem) -> None:
        """Answer with a problem."""
        self._scope["state"]["problem"] = problem.entry.code
        body = problems.render(self._complete(problem))
        self.status = problem.status
        start: Message = {"type": "http.response.start", "status": self.status, "headers": []}
        headers = MutableHeaders(scope=start)
        headers.update(
            problem.headers
            | {"content-type": problems.MEDIA_TYPE, "content-length": str(len(body))}
        )
        self._decorate(headers)
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})

    def _complete(self, problem: problems.Problem) -> dict[str, Any]:
        instance = {"instance": self._scope["path"], "request_id": self.request_id}
        return problem.document(self._base_url) | instance

    def _decorate(self, headers: MutableHeaders) -> None:
        headers["x-request-id"] = self.request_id
        standing: throttling.Standing | None = self._scope["state"].get("standing")
        counted = rate_limits.headers_of(standing) if standing is not None else {}
        for name, value in (SECURITY_HEADERS | counted).items():
            headers.setdefault(name, value)

    def log(self, address_key: bytes) -> None:
        """Measure a request and write its one log line: no query, no header, no body."""
        elapsed = time.monotonic() - self._began
        path, method, state = self._scope["path"], self._scope["method"], self._scope["state"]
        route = getattr(self._scope.get("route"), "path", measures.UNMATCHED)
        known = method if method in METHODS else measures.UNMATCHED
        measures.REQUEST_SECONDS.labels(known, route, str(self.status)).observe(elapsed)
        if "problem" in state:
            measures.PROBLEMS.labels(state["problem"]).inc()
        client_id = state["caller"].client_id if "caller" in state else NOBODY
        address = _address(self._scope, address_key)
        logger.info(
            "%s %r %d %.1fms %s client=%s from=%s",
            *(method, path, self.status, elapsed * 1000, self.request_id, client_id, address),
            extra={
                "method": method,
                "path": path,
                "status": self.status,
                "seconds": round(elapsed, 4),
                "request_id": self.request_id,
                "client_id": client_id,
                "address": address,
            },
        )


def _refusal(headers: Headers) -> problems.Problem | None:
    """Return the problem of a head that could be understood in two ways, or of no use to us."""
    for name in SINGLE_HEADERS:
        if len(headers.getlist(name)) > 1:
            detail = f"The request has the header {name} more than once; send it once."
            return problems.Problem("simio_malformed_request", detail)
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        return problems.Problem(
            "simio_unsupported_content_type",
            "Bodies are read as they are; send this one without a Content-Encoding.",
            headers={"Accept-Encoding": "identity"},
        )
    return None


def framework_code(status: int, headers: Headers) -> str | None:
    """Return the code of an answer that the framework has made, by its status."""
    if status == 413 and "multipart/" in headers.get("content-type", "").lower():
        return "simio_file_too_large"
    return FRAMEWORK_CODES.get(status)


def too_large(limit: int) -> str:
    """Return the text of a refused body."""
    return f"The body is larger than the {limit:,} bytes that this operation reads."


def _address(scope: Scope, key: bytes) -> str:
    """Return what stands for the caller's address: the same for the same, but nobody's address."""
    client = scope.get("client")
    if not client:
        return NOBODY
    return hmac.digest(key, client[0].encode(), hashlib.sha256).hex()[:ADDRESS_DIGITS]


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else keys.random_id("req_")


def _log_without_values(error: Exception, request_id: str) -> None:
    """Log where an exception came from, but not its text, which may quote a caller's data."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    logger.error("%s in %s (%s)", type(error).__name__, where, request_id)
