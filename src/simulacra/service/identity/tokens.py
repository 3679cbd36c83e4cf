"""Access tokens: RS256 JWTs in the shape that Auth0 gives to machine-to-machine clients."""

import dataclasses
import time
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError

from simulacra.service.identity import clients, principal, signing

ALGORITHMS = ["RS256"]
LEEWAY_SECONDS = 5
MAX_TOKEN_LENGTH = 4096


class InvalidTokenError(Exception):
    """The token does not identify an active client of this API; the text says why."""


@dataclasses.dataclass(frozen=True)
class Tokens:
    """Mints and verifies the tokens of one issuer for one audience."""

    signing_keys: signing.SigningKeys
    clients: clients.Clients
    issuer: str
    audience: str
    lifetime: int

    async def mint(self, client_id: str, scopes: tuple[str, ...]) -> str:
        """Return a token for an authenticated client."""
        key = await self.signing_keys.newest()
        issued = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": f"{client_id}@clients",
            "aud": self.audience,
            "iat": issued,
            "exp": issued + self.lifetime,
            "scope": " ".join(scopes),
            "gty": "client-credentials",
            "azp": client_id,
        }
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key, algorithms=ALGORITHMS)

    async def verify(self, token: str) -> principal.Principal:
        """Return the caller behind a token.

        Raises:
            InvalidTokenError: the signature, issuer, audience, time or client is not accepted.
        """
        claims = await self._claims(token)
        tenant_id = await self.clients.tenant_of(str(claims["azp"]))
        if tenant_id is None:
            raise InvalidTokenError("the client of this token is not active")
        scopes = frozenset(str(claims.get("scope", "")).split())
        return principal.Principal(tenant_id, str(claims["azp"]), scopes)

    async def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_TOKEN_LENGTH or token.count(".") != 2:
            raise InvalidTokenError("this is not a JWT (three parts joined by dots)")
        try:
            kid = _key_id(token)
            known = await self.signing_keys.verifying(kid)
            decoded = jwt.decode(token, known, algorithms=ALGORITHMS)
            self._requirements().validate(decoded.claims)
        except (JoseError, ValueError) as error:
            reason = getattr(error, "error", "invalid")
            raise InvalidTokenError(f"the token was refused: {reason}") from None
        return decoded.claims

    def _requirements(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.audience},
            exp={"essential": True},
            azp={"essential": True},
        )


def _key_id(token: str) -> str | None:
    kid = jws.extract_compact(token.encode()).headers().get("kid")
    return kid if isinstance(kid, str) else None
