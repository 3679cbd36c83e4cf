"""An Auth0 tenant in memory, as far as this service sees one; `auth0_stand_in` serves it.

What it does is taken from Auth0's pages, cited where it is done; no real tenant was asked.

- paths, status codes, scopes: https://auth0.com/docs/api/management/v2/clients/post-clients,
  .../clients/post-rotate-secret, .../clients/delete-clients-by-id, .../clients/get-clients,
  .../client-grants/post-client-grants
- the table of status and error codes of clients: https://github.com/auth0/docs,
  articles/organizations/define-organization-behavior.md, and the errors that auth0-python 6.8
  raises for each endpoint
- rate limits: https://auth0.com/blog/why-getting-429s-and-how-to-stop-them and
  https://community.auth0.com/t/how-to-tell-if-you-are-approaching-the-rate-limit/82103
- management tokens: https://auth0.com/docs/tokens/apiv2
- signing keys: https://auth0.com/docs/config/tenant-settings/signing-keys/rotate-signing-keys
"""

import dataclasses
import re
import secrets
import threading
import time
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from simulacra.service.identity import principal

MANAGEMENT_SCOPES = (
    "create:clients",
    "read:clients",
    "delete:clients",
    "update:client_keys",
    "create:client_grants",
)
DAY = 86_400


@dataclasses.dataclass
class Auth0Fault:
    """What befalls the next requests that match."""

    method: str
    path: str
    status: int = 0  # 0: the connection is cut without an answer
    times: int = 1
    done: bool = False  # carried out before the answer is lost
    hang: bool = False  # no answer at all, until the server ends
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    body: object = None


class AnswerError(Exception):
    """An answer that is not a success."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status)
        self.status, self.body = status, body


def _refusal(status: int, message: str, code: str | None = None) -> AnswerError:
    """Return an error in the form of the Management API.

    The form: https://community.auth0.com/t/management-api-token-from-api-explorer-tab-does-not-contain-expected-scopes/144385
    """
    names = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}
    names |= {409: "Conflict", 429: "Too Many Requests"}
    body = {"statusCode": status, "error": names[status], "message": message}
    return AnswerError(status, body | ({"errorCode": code} if code else {}))


class Auth0Tenant:
    """The tenant: its applications, grants and keys, and how to make it misbehave."""

    def __init__(self, audience: str) -> None:
        self.audience = audience
        self.domain = ""
        self.management_id = _random(32)
        self.management_secret = _random(64)
        self.management_scopes: tuple[str, ...] = MANAGEMENT_SCOPES
        self.management_granted = True
        self.management_token_seconds = DAY
        self.api_scopes: tuple[str, ...] = principal.SCOPES
        self.clients: dict[str, dict[str, Any]] = {}
        self.grants: dict[tuple[str, str], dict[str, Any]] = {}
        self.keys = [_key(), _key()]  # the current one and the next one
        self.faults: list[Auth0Fault] = []
        self.requests: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    def fail(self, method: str, path: str, **how: Any) -> None:  # noqa: ANN401 - fields of a Auth0Fault
        """Let the next matching requests fail; `path` is a regular expression of the whole."""
        self.faults.append(Auth0Fault(method, path, **how))

    def throttle(self, method: str, path: str, seconds: float, times: int = 1) -> None:
        """Answer 429 until a moment, which the headers name as Auth0's do: a UNIX time."""
        headers = {
            "x-ratelimit-limit": "2",
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": str(int(time.time() + seconds)),
        }
        refused = _refusal(429, "Global limit has been reached", "too_many_requests")
        self.fail(method, path, status=429, times=times, headers=headers, body=refused.body)

    def rotate_keys(self) -> None:
        """Sign with the next key from now on; the previous one stays in the JWKS."""
        self.keys = [self.keys[1], _key(), *self.keys[:1]]

    def revoke_previous_key(self) -> None:
        """Take the previous key out of the JWKS."""
        del self.keys[2:]

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a token under the current key."""
        header = {"alg": "RS256", "typ": "JWT", "kid": self.keys[0].kid}
        return jwt.encode(header, claims, self.keys[0], algorithms=["RS256"])

    def count(self, method: str, path: str) -> int:
        """Return how many requests matched."""
        return sum(
            one == method and re.fullmatch(path, at) is not None for one, at in self.requests
        )

    def fault_for(self, method: str, path: str) -> Auth0Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.method == method and re.fullmatch(fault.path, path):
                    fault.times -= 1
                    if not fault.times:
                        self.faults.remove(fault)
                    return fault
        return None

    # The token endpoint and the JWKS

    def token(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Mint a token, as POST /oauth/token does for client credentials."""
        client_id, audience = str(fields.get("client_id")), str(fields.get("audience"))
        if fields.get("grant_type") != "client_credentials":
            raise AnswerError(403, {"error": "unsupported_grant_type"})
        if client_id == self.management_id:
            secret, granted = self.management_secret, self.management_granted
            scopes, lifetime = self.management_scopes, self.management_token_seconds
            granted = granted and audience == f"https://{self.domain}/api/v2/"
        else:
            secret = str(self.clients.get(client_id, {}).get("client_secret", ""))
            grant = self.grants.get((client_id, audience))
            granted, lifetime = grant is not None, DAY
            scopes = tuple(grant["scope"]) if grant else ()
        # https://github.com/auth0/node-auth0/issues/682
        if not secret or not secrets.compare_digest(secret, str(fields.get("client_secret"))):
            raise AnswerError(401, {"error": "access_denied", "error_description": "Unauthorized"})
        if not granted:  # https://github.com/auth0/ruby-auth0/issues/610
            description = f'Client is not authorized to access "{audience}". You need to create a '
            description += '"client-grant" associated to this API.'
            raise AnswerError(403, {"error": "access_denied", "error_description": description})
        return {
            "access_token": self.sign(self.claims(client_id, audience, scopes, lifetime)),
            "scope": " ".join(scopes),
            "expires_in": lifetime,
            "token_type": "Bearer",
        }

    def claims(
        self, client_id: str, audience: str, scopes: tuple[str, ...], lifetime: int
    ) -> dict[str, Any]:
        """Return the claims of Auth0's default token profile for a machine-to-machine client."""
        now = int(time.time())
        return {
            "iss": f"https://{self.domain}/",
            "sub": f"{client_id}@clients",
            "aud": audience,
            "iat": now,
            "exp": now + lifetime,
            "scope": " ".join(scopes),
            "gty": "client-credentials",
            "azp": client_id,
        }

    def jwks(self) -> dict[str, Any]:
        """Return current, next and (until it is revoked) previous key."""
        return {"keys": [key.as_dict(private=False, use="sig", alg="RS256") for key in self.keys]}

    # The Management API

    def authorise(self, header: str, scope: str) -> None:
        """Check the management token.

        The answers: https://github.com/auth0/go-auth0/issues/22 and the page named at `_refusal`.
        """
        try:
            token = header.removeprefix("Bearer ")
            claims = jwt.decode(token, KeySet(list(self.keys)), algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            raise _refusal(401, "Invalid token") from None
        if claims["exp"] <= time.time():
            raise _refusal(401, "Expired token received for JSON Web Token validation")
        if claims["aud"] != f"https://{self.domain}/api/v2/":
            raise _refusal(401, "Bad audience")
        if scope not in claims["scope"].split():
            message = f"Insufficient scope, expected any of: {scope}"
            raise _refusal(403, message, "insufficient_scope")

    def create_client(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make an application.

        Names, metadata: the schema of auth0-python, which is made from Auth0's own OpenAPI.
        """
        name = body.get("name")
        if not isinstance(name, str) or not name or re.search("[<>]", name):
            message = "Payload validation error: 'String does not match pattern' on property name"
            raise _refusal(400, message, "invalid_body")
        metadata = body.get("client_metadata", {})
        if len(metadata) > 10 or any(len(str(value)) > 255 for value in metadata.values()):
            message = "Payload validation error on property client_metadata"
            raise _refusal(400, message, "invalid_body")
        made = {**body, "client_id": _random(32), "client_secret": _random(64), "tenant": "acme"}
        self.clients[made["client_id"]] = made
        return made

    def list_clients(self, query: dict[str, str]) -> dict[str, Any]:
        """List a page of applications, at most 100 of them, with the fields that are asked for."""
        start, limit = int(query.get("page", "0")), min(100, int(query.get("per_page", "50")))
        kinds = query.get("app_type", "").split(",")
        chosen = [
            one for one in self.clients.values() if kinds == [""] or one.get("app_type") in kinds
        ]
        fields = query.get("fields", "").split(",")
        page = [
            {name: one[name] for name in fields if name in one}
            for one in chosen[start * limit : (start + 1) * limit]
        ]
        return {"total": len(chosen), "start": start * limit, "limit": limit, "clients": page}

    def rotate_secret(self, client_id: str) -> dict[str, Any]:
        """Give an application another secret; the old one stops."""
        if client_id not in self.clients:
            raise _refusal(404, "Client not found.", "inexistent_client")
        self.clients[client_id]["client_secret"] = _random(64)
        return self.clients[client_id]

    def delete_client(self, client_id: str) -> dict[str, Any]:
        """Delete an application and its grants; the endpoint documents no 404."""
        self.clients.pop(client_id, None)
        for key in [key for key in self.grants if key[0] == client_id]:
            del self.grants[key]
        return {}

    def create_grant(self, body: dict[str, Any]) -> dict[str, Any]:
        """Let an application call an API."""
        client_id, audience, scopes = body.get("client_id"), body.get("audience"), body["scope"]
        if client_id not in self.clients:
            raise _refusal(404, "Client not found.", "inexistent_client")
        if audience != self.audience:
            raise _refusal(404, "The resource server does not exist", "inexistent_resource_server")
        if not set(scopes) <= set(self.api_scopes):
            raise _refusal(400, "Scopes not defined on the API", "invalid_body")
        if (client_id, audience) in self.grants:
            raise _refusal(409, "A resource grant already exists", "conflict")
        grant = {"id": f"cgr_{_random(16)}", "client_id": client_id, "audience": audience}
        self.grants[client_id, audience] = grant = grant | {"scope": scopes}
        return grant


def _random(length: int) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": _random(21)}, private=True)
