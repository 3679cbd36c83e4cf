"""Signed links to artifacts: short-lived, for one generation of one tenant.

Where the rows lie in the installation's store, the link is relative and takes an access token
besides. Where they lie in the tenant's own, it is absolute and enough by itself, as links into
object stores are: some programs send their access token along to absolute addresses, others do not,
and both get the rows. It names the client that it was given to, and ends with that client's tokens.
"""

import dataclasses
import datetime as dt
import time
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from simulacra.service import errors, keys
from simulacra.service.database import tables
from simulacra.service.identity import verification
from simulacra.service.identity.principal import Principal

ALGORITHMS = ["HS256"]
RELAY, DELIVERY = "artifact", "delivery"
"""The two kinds of links; neither is accepted in the place of the other."""
SCOPE = "read:generations"


@dataclasses.dataclass(frozen=True)
class Links:
    """The links of one installation.

    Attributes:
        keyring: signs them.
        lifetime: of a link.
        base_url: that absolute links begin with.
    """

    keyring: keys.Keyring
    lifetime: dt.timedelta
    base_url: str

    def sign(self, caller: Principal, generation: tables.Generation) -> str:
        """Return a link to the artifact of a generation, for the client that asks for it."""
        is_relayed = generation.store_id is None
        claims = {
            "aud": RELAY if is_relayed else DELIVERY,
            "sub": generation.id,
            "tenant": generation.tenant_id,
            "azp": caller.client_id,
            "scope": SCOPE,
            "iat": caller.issued_at,  # so that it ends when the token does that asked for it
            "exp": int(time.time() + self.lifetime.total_seconds()),
        }
        token = jwt.encode({"alg": "HS256"}, claims, _key(self.keyring), algorithms=ALGORITHMS)
        path = f"/v1/generations/{generation.id}"
        if is_relayed:
            return f"{path}/artifact?token={token}"
        return f"{self.base_url}{path}/delivery?token={token}"


def check(keyring: keys.Keyring, caller: Principal, generation_id: str, token: str) -> None:
    """Refuse a relative link that is not this caller's, not for this generation, or too old.

    Raises:
        errors.ArtifactLinkInvalidError: the link is refused.
    """
    claims = _claims(keyring, RELAY, generation_id, token)
    if claims["tenant"] != caller.tenant_id:
        raise refusal(generation_id)


def read(keyring: keys.Keyring, generation_id: str, token: str) -> dict[str, Any]:
    """Return the claims of an absolute link, which name its client as an access token's do.

    Raises:
        errors.ArtifactLinkInvalidError: the link is refused.
    """
    return _claims(keyring, DELIVERY, generation_id, token)


def _claims(keyring: keys.Keyring, kind: str, generation_id: str, token: str) -> dict[str, Any]:
    requirements = jwt.JWTClaimsRegistry(
        aud={"essential": True, "value": kind},
        sub={"essential": True, "value": generation_id},
        tenant={"essential": True},
        azp={"essential": True},
        iat={"essential": True},
        exp={"essential": True},
        leeway=verification.LEEWAY_SECONDS,
    )
    try:
        claims = jwt.decode(token, _key(keyring), algorithms=ALGORITHMS).claims
        requirements.validate(claims)
    except (JoseError, ValueError):
        raise refusal(generation_id) from None
    return claims


def refusal(generation_id: str) -> errors.ArtifactLinkInvalidError:
    """Return the error of a link that is not accepted."""
    return errors.ArtifactLinkInvalidError(
        f"The link has expired or is not for {generation_id}; fetch the generation again."
    )


def _key(keyring: keys.Keyring) -> OctKey:
    return OctKey.import_key(keyring.derive("artifact-links"))
