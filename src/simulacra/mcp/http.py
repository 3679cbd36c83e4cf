"""Streamable HTTP: who may call, with which token, from which page."""

import base64
import hashlib
import hmac
import json
import socket
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urlsplit

import uvicorn
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware

from simulacra.client import AsyncSimulacra
from simulacra.client.errors import ClientError, ProblemError
from simulacra.mcp import server
from simulacra.mcp.server import SimulacraServer
from simulacra.mcp.setup import Setup

PATH = "/mcp"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
OF_THE_PROTOCOL = (
    *("Mcp-Session-Id", "Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name", "Last-Event-ID"),
)
CLOSING_SECONDS = 5
"""How long streams that are open may hold up the end of the server."""
MOST_CLIENTS = 10_000
"""Digests of tokens that are kept, with the clients that they were given to."""
MIN_TOKEN = 32
"""Characters of a token that lets callers of the library in."""


class OwnToken:
    """Lets in who has the one token of a server that works with the library."""

    def __init__(self, token: str) -> None:
        self._digest = _digest(token)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return who has the token; None if it is another."""
        if not hmac.compare_digest(_digest(token), self._digest):
            return None
        return AccessToken(token="", client_id="owner", scopes=[])


class ServiceTokens:
    """Asks the service whether a token is good, each time, and keeps nothing but its digest.

    Tools call the service with the same token, so it decides about every one of them as well.
    Where it does not answer here, it is left to the tool to say so; what the token says of its
    client counts only if the service has found that very token to be good, now or before.

    Args:
        open_api: a client that calls with a token.
    """

    def __init__(self, open_api: Callable[[str], AsyncSimulacra]) -> None:
        self._open_api = open_api
        self._clients: OrderedDict[bytes, str] = OrderedDict()

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return whose token it is; None if the service refuses it."""
        digest = _digest(token)
        unknown = f"token {digest.hex()}"
        try:
            async with self._open_api(token) as api:
                await api.call("GET", "/v1/usage")
            is_good = True
        except ProblemError as error:
            if error.status == 401:
                self._clients.pop(digest, None)
                return None
            is_good = error.status == 403  # it is, and may not read the usage
        except ClientError:
            is_good = False
        if is_good:
            self._clients[digest] = _client_of(token) or unknown
            self._clients.move_to_end(digest)
            while len(self._clients) > MOST_CLIENTS:
                self._clients.popitem(last=False)
        return AccessToken(token="", client_id=self._clients.get(digest, unknown), scopes=[])


def create_app(
    setup: Setup,
    verifier: OwnToken | ServiceTokens,
    *,
    public_url: str,
    issuer: str,
    origins: list[str],
) -> Starlette:
    """Return the application.

    Args:
        setup: what the tools work with.
        verifier: lets callers in.
        public_url: address that clients call, without a path.
        issuer: that gives access tokens, as the metadata of the protected resource say (RFC 9728).
        origins: of pages that may call, besides those of the public address and of this machine.
    """
    made = create_server(setup, verifier, public_url=public_url, issuer=issuer)
    host = urlsplit(public_url).netloc
    app = made.streamable_http_app(
        streamable_http_path=PATH,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=[host, *(f"{it}:*" for it in LOOPBACK)],
            allowed_origins=[public_url, *(f"http://{it}:*" for it in LOOPBACK), *origins],
        ),
    )
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", *OF_THE_PROTOCOL],
            expose_headers=["WWW-Authenticate", "Mcp-Session-Id"],
        )
    return app


def create_server(
    setup: Setup, verifier: OwnToken | ServiceTokens, *, public_url: str, issuer: str
) -> SimulacraServer:
    """Return a server that lets nobody in without a token."""
    auth = AuthSettings(
        issuer_url=AnyHttpUrl(issuer),
        resource_server_url=AnyHttpUrl(f"{public_url}{PATH}"),
        required_scopes=[],
    )
    return server.create(setup, auth=auth, verifier=verifier)


def serve(app: Starlette, host: str, port: int, on_bound: Callable[[], None]) -> None:
    """Serve an application until it is interrupted.

    Args:
        app: the application.
        host: to listen on.
        port: likewise.
        on_bound: called when clients can connect.

    Raises:
        OSError: the address cannot be listened on.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=CLOSING_SECONDS,
    )
    with socket.create_server((host, port), family=_family(host)) as listening:
        on_bound()
        uvicorn.Server(config).run(sockets=[listening])


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _client_of(token: str) -> str | None:
    """Return the client that a token of the service was given to, which a session belongs to.

    The service has found the token to be good; this only reads what it says.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return f"{claims['iss']} {claims['azp']} {claims['sub']}"
    except (ValueError, LookupError, TypeError):
        return None
