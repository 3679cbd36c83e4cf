"""Signing in with an account elsewhere: OpenID Connect, authorization code with PKCE.

The browser is sent to the issuer with a random state, nonce and code verifier (RFC 7636), which it
carries sealed in a cookie meanwhile. What it brings back is a code, which this process exchanges
for an ID token with a secret that no browser has. The token is checked as OpenID Connect Core 1.0
says (section 3.1.3.7), and RFC 9700 on the way. Who somebody is, is the issuer's subject; the
address decides once, when they sign in for the first time, and only if the issuer has verified it.
"""

import asyncio
import base64
import binascii
import dataclasses
import hashlib
import hmac
import json
import logging
import secrets
import time
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from pydantic import BaseModel, ValidationError

from simulacra.service import errors, keys
from simulacra.service.identity import jwks

WELL_KNOWN = "/.well-known/openid-configuration"
SCOPES = "openid email"
ALGORITHMS = ["RS256", "PS256"]
FLOW_SECONDS = 600
"""How long somebody may take at the issuer."""
HTTP_SECONDS = 5
MAX_BYTES = 65_536
"""Of an answer of the issuer."""
LEEWAY_SECONDS = 5
CONTEXT = "sign-in-flow"
AWAY = "The sign-in with your company's account does not work at the moment. Try again later."
REFUSED = "The sign-in was not completed. Begin again."

logger = logging.getLogger("simulacra.identity")


@dataclasses.dataclass(frozen=True)
class Registration:
    """What an operator has agreed on with an issuer.

    Attributes:
        issuer: its address, as its tokens name it.
        client_id: of this service there.
        client_secret: likewise.
        name: what people call it, for the button.
        redirect_uri: where browsers come back.
    """

    issuer: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    name: str
    redirect_uri: str


@dataclasses.dataclass(frozen=True)
class Departure:
    """Where a browser is sent, and what it carries in a cookie until it is back."""

    url: str
    flow: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class Identity:
    """Who has signed in at the issuer.

    Attributes:
        subject: the issuer and its name for them, which never changes.
        email: their address, if the issuer has verified that it is theirs.
    """

    subject: str
    email: str | None


class _Metadata(BaseModel):
    """What is needed of a discovery document (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]


class Issuer:
    """One issuer that people may sign in with."""

    def __init__(
        self,
        registration: Registration,
        keyring: keys.Keyring,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self.registration = registration
        self._sealer = keys.Sealer(keyring.derive(CONTEXT))
        self._http = http or httpx.AsyncClient(timeout=HTTP_SECONDS)
        self._metadata: _Metadata | None = None
        self._keys: jwks.RemoteKeys | None = None
        self._discovering = asyncio.Lock()

    async def depart(self) -> Departure:
        """Return where a browser is sent.

        Raises:
            errors.ProviderUnavailableError: the issuer does not answer.
        """
        metadata = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.registration.client_id,
            "redirect_uri": self.registration.redirect_uri,
            "scope": SCOPES,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        until = int(time.time()) + FLOW_SECONDS
        flow = json.dumps({"state": state, "nonce": nonce, "verifier": verifier, "until": until})
        sealed = base64.urlsafe_b64encode(self._sealer.seal(flow.encode(), CONTEXT)).decode()
        return Departure(f"{metadata.authorization_endpoint}{joint}{urlencode(asked)}", sealed)

    async def arrive(self, flow: str, state: str, code: str, issuer: str | None) -> Identity:
        """Return who has come back from the issuer.

        Args:
            flow: what the browser carried in its cookie.
            state: what the issuer sent it back with.
            code: likewise.
            issuer: who says to have sent it, if somebody does (RFC 9207).

        Raises:
            errors.PersonError: it is another sign-in, too old, or not what the issuer says.
            errors.ProviderUnavailableError: the issuer does not answer.
        """
        begun = self._opened(flow)
        if not hmac.compare_digest(begun["state"].encode(), state.encode()):
            raise errors.PersonError(REFUSED)
        metadata = await self._discovered()
        if issuer is not None and issuer != metadata.issuer:
            raise errors.PersonError(REFUSED)
        tokens = await self._exchange(metadata, code, begun["verifier"])
        claims = await self._checked(str(tokens.get("id_token", "")), begun["nonce"])
        if "email" not in claims and metadata.userinfo_endpoint is not None:
            claims |= await self._told(metadata.userinfo_endpoint, tokens, claims["sub"])
        email = claims.get("email") if claims.get("email_verified") is True else None
        return Identity(f"{metadata.issuer} {claims['sub']}", email and str(email))

    async def close(self) -> None:
        """Close connections."""
        if self._keys is not None:
            await self._keys.close()
        await self._http.aclose()

    def _opened(self, flow: str) -> dict[str, Any]:
        try:
            sealed = base64.b64decode(flow, altchars="-_", validate=True)
            begun: dict[str, Any] = json.loads(self._sealer.open(sealed, CONTEXT))
        except (binascii.Error, ValueError, keys.OtherKeyError):
            raise errors.PersonError(REFUSED) from None
        if begun["until"] < time.time():
            raise errors.PersonError(REFUSED)
        return begun

    async def _discovered(self) -> _Metadata:
        """Return the issuer's discovery document, fetched once."""
        async with self._discovering:
            if self._metadata is None:
                found = await self._asked("GET", self.registration.issuer.rstrip("/") + WELL_KNOWN)
                try:
                    metadata = _Metadata.model_validate(found)
                except ValidationError:
                    raise self._away("its discovery document lacks an endpoint") from None
                if metadata.issuer != self.registration.issuer:
                    raise self._away("its discovery document is another issuer's")
                self._keys = jwks.RemoteKeys(metadata.jwks_uri, self._http)
                self._metadata = metadata
            return self._metadata

    async def _exchange(self, metadata: _Metadata, code: str, verifier: str) -> dict[str, Any]:
        """Return the tokens that a code stands for."""
        own = self.registration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": own.redirect_uri,
            "code_verifier": verifier,
        }
        if "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            # RFC 6749, section 2.3.1: both parts are form-encoded first.
            basic = httpx.BasicAuth(quote(own.client_id, ""), quote(own.client_secret, ""))
            return await self._asked("POST", metadata.token_endpoint, data=form, auth=basic)
        form |= {"client_id": own.client_id, "client_secret": own.client_secret}
        return await self._asked("POST", metadata.token_endpoint, data=form)

    async def _checked(self, token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token that is this issuer's, for us, and for this sign-in."""
        if self._keys is None:
            raise self._away("it was not discovered")
        requirements = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.registration.issuer},
            aud={"essential": True, "value": self.registration.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            kid = jws.extract_compact(token.encode()).headers().get("kid")
            known = await self._keys.verifying(kid if isinstance(kid, str) else None)
            decoded = jwt.decode(token, known, algorithms=ALGORITHMS)
            requirements.validate(decoded.claims)
        except (JoseError, ValueError) as error:
            reason = getattr(error, "error", "invalid")
            logger.warning("an ID token of the issuer was refused: %s", reason)
            raise errors.PersonError(REFUSED) from None
        audience, party = decoded.claims["aud"], decoded.claims.get("azp")
        if isinstance(audience, list) and len(audience) > 1 and party is None:
            raise errors.PersonError(REFUSED)
        if party is not None and party != self.registration.client_id:
            raise errors.PersonError(REFUSED)
        return dict(decoded.claims)

    async def _told(self, endpoint: str, tokens: dict[str, Any], subject: str) -> dict[str, Any]:
        """Return what the issuer says beside the token, about the same subject."""
        bearer = {"Authorization": f"Bearer {tokens.get('access_token', '')}"}
        claims = await self._asked("GET", endpoint, headers=bearer)
        if claims.get("sub") != subject:
            raise errors.PersonError(REFUSED)
        return {name: claims[name] for name in ("email", "email_verified") if name in claims}

    async def _asked(self, method: str, url: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's
        """Return what the issuer answers; a refusal is the browser's fault, not an outage."""
        try:
            async with asyncio.timeout(2 * HTTP_SECONDS):
                answer = await self._http.request(method, url, **options)
        except (httpx.HTTPError, TimeoutError) as error:
            raise self._away(type(error).__name__) from None
        if answer.is_client_error:
            logger.warning("the issuer answered %d to a sign-in", answer.status_code)
            raise errors.PersonError(REFUSED)
        try:
            found = answer.json() if answer.is_success and len(answer.content) < MAX_BYTES else None
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self._away(f"it answered {answer.status_code}")
        return found

    def _away(self, reason: str) -> errors.ProviderUnavailableError:
        logger.warning("signing in with an account of the issuer failed: %s", reason)
        return errors.ProviderUnavailableError(AWAY, HTTP_SECONDS)
