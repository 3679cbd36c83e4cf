"""The local check of an access token: its signature and claims, for any issuer."""

import dataclasses
from typing import Any, Protocol

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

ALGORITHMS = ["RS256"]
LEEWAY_SECONDS = 5
MAX_TOKEN_LENGTH = 4096


class InvalidTokenError(Exception):
    """The token does not identify an active client of this API; the text says why.

    Attributes:
        client_id: the client of a token that is genuine, but not accepted any more.
    """

    def __init__(self, message: str, client_id: str | None = None) -> None:
        super().__init__(message)
        self.client_id = client_id


class Keys(Protocol):
    """The public keys of an issuer."""

    async def verifying(self, kid: str | None) -> KeySet:
        """Return the keys to verify with; an unknown `kid` is a reason to look for newer ones."""


@dataclasses.dataclass(frozen=True)
class Verifier:
    """Accepts RS256 tokens of one issuer for one of some audiences (RFC 7519, RFC 8725)."""

    keys: Keys
    issuer: str
    audiences: tuple[str, ...]

    async def claims(self, token: str) -> dict[str, Any]:
        """Return the claims of a token; ``azp`` is the client, which is still to be looked up.

        Raises:
            InvalidTokenError: the form, signature, issuer, audience or time is not accepted.
        """
        if len(token) > MAX_TOKEN_LENGTH or token.count(".") != 2:
            raise InvalidTokenError("this is not a JWT (three parts joined by dots)")
        try:
            known = await self.keys.verifying(_key_id(token))
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
            aud={"essential": True, "values": list(self.audiences)},
            exp={"essential": True},
            iat={"essential": True},
            azp={"essential": True},
        )


def _key_id(token: str) -> str | None:
    kid = jws.extract_compact(token.encode()).headers().get("kid")
    return kid if isinstance(kid, str) else None
