"""A small OpenID Connect provider that speaks HTTP, and can be told to err.

It refuses what OpenID Connect Core 1.0 and RFC 7636 have it refuse: an unknown client or address
to come back to, a code that was used, and a code verifier that does not fit the challenge.
"""

import base64
import contextlib
import dataclasses
import hashlib
import http.server
import json
import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID, CLIENT_SECRET = "study page", "s3cret/+ of the study page"


@dataclasses.dataclass
class Provider:
    """What the provider knows.

    Attributes:
        url: its address, which is its name as an issuer.
        redirect_uri: where it lets browsers go back to.
        account: claims of whoever signs in.
        overrides: claims that an ID token has in place of the right ones.
        tells_in_token: whether the address is in the ID token; else userinfo tells it.
        signs_with_other_key: whether ID tokens are signed with a key that is not published.
    """

    url: str
    redirect_uri: str
    account: dict[str, Any]
    overrides: dict[str, Any] = dataclasses.field(default_factory=dict)
    tells_in_token: bool = True
    signs_with_other_key: bool = False
    key: RSAKey = dataclasses.field(default_factory=lambda: RSAKey.generate_key(2048))
    codes: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    access: set[str] = dataclasses.field(default_factory=set)

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize?prompt=login",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
        }

    def keys(self) -> dict[str, Any]:
        document = KeySet([self.key]).as_dict(private=False)
        return {"keys": [entry | {"kid": "one", "use": "sig"} for entry in document["keys"]]}

    def authorize(self, asked: dict[str, str]) -> str:
        """Return where the browser goes, once somebody has signed in."""
        assert asked["client_id"] == CLIENT_ID
        assert asked["redirect_uri"] == self.redirect_uri
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.url}
        return f"{self.redirect_uri}?{urlencode(back)}"

    def token(self, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        # RFC 6749, section 2.3.1: both parts are form-encoded.
        if tuple(map(unquote_plus, given.split(":"))) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        if asked is None or asked["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": self.account["sub"],
            "iat": int(time.time()),
            "exp": int(time.time()) + 60,
            "nonce": asked["nonce"],
        }
        told = self.account if self.tells_in_token else {}
        key = RSAKey.generate_key(2048) if self.signs_with_other_key else self.key
        header = {"alg": "RS256", "kid": "one"}
        access = secrets.token_urlsafe()
        self.access.add(access)
        signed = jwt.encode(header, claims | told | self.overrides, key)
        return 200, {"id_token": signed, "access_token": access, "token_type": "Bearer"}

    def userinfo(self, authorization: str) -> tuple[int, dict[str, Any]]:
        if authorization.removeprefix("Bearer ") not in self.access:
            return 401, {}
        return 200, self.account


class _Handler(http.server.BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        target, provider = urlsplit(self.path), self.provider
        match target.path:
            case "/.well-known/openid-configuration":
                self._send(200, provider.discovery())
            case "/keys":
                self._send(200, provider.keys())
            case "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(dict(parse_qsl(target.query))))
                self.end_headers()
            case "/userinfo":
                self._send(*provider.userinfo(self.headers.get("Authorization", "")))
            case _:
                self._send(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        authorization = self.headers.get("Authorization", "")
        self._send(*self.provider.token(authorization, dict(parse_qsl(body))))

    def _send(self, status: int, document: dict[str, Any]) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Print nothing."""


@contextlib.contextmanager
def running(redirect_uri: str, account: dict[str, Any]) -> Iterator[Provider]:
    """Serve a provider during the statement."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}", redirect_uri, account)
    server.RequestHandlerClass = type("Handler", (_Handler,), {"provider": provider})
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
