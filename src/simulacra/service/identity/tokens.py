"""Access tokens: RS256 JWTs in the shape that Auth0 gives to machine-to-machine clients."""

import dataclasses
import time

from joserfc import jwt

from simulacra.service.identity import clients, principal, signing, verification


@dataclasses.dataclass(frozen=True)
class Tokens:
    """Mints and verifies the tokens of one issuer.

    Attributes:
        audience: of tokens for which none is asked.
        also: other audiences that may be asked for.
    """

    signing_keys: signing.SigningKeys
    clients: clients.Clients
    issuer: str
    audience: str
    lifetime: int
    also: tuple[str, ...] = ()

    @property
    def audiences(self) -> tuple[str, ...]:
        """Every audience of its tokens."""
        return (self.audience, *self.also)

    async def mint(
        self,
        client_id: str,
        scopes: tuple[str, ...],
        issued_at: int | None = None,
        audience: str | None = None,
    ) -> str:
        """Return a token for an authenticated client, issued now or as `clients.Grant` says."""
        key = await self.signing_keys.current()
        issued = int(time.time()) if issued_at is None else issued_at
        claims = {
            "iss": self.issuer,
            "sub": f"{client_id}@clients",
            "aud": audience or self.audience,
            "iat": issued,
            "exp": issued + self.lifetime,
            "scope": " ".join(scopes),
            "gty": "client-credentials",
            "azp": client_id,
        }
        header = {"alg": "RS256", "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=verification.ALGORITHMS)

    async def verify(self, token: str) -> principal.Principal:
        """Return the caller behind a token.

        Raises:
            verification.InvalidTokenError: it does not identify an active client.
        """
        verifier = verification.Verifier(self.signing_keys, self.issuer, self.audiences)
        return await self.clients.identify(await verifier.claims(token))
