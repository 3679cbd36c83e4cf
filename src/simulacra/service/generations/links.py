"""Signed links to artifacts: short-lived, for one generation of one tenant."""

import datetime as dt
import time

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from simulacra.service import errors, keys
from simulacra.service.database import tables
from simulacra.service.identity.principal import Principal

ALGORITHMS = ["HS256"]
AUDIENCE = "artifact"


def sign(keyring: keys.Keyring, lifetime: dt.timedelta, generation: tables.Generation) -> str:
    """Return a relative link to the artifact of a generation."""
    claims = {
        "aud": AUDIENCE,
        "sub": generation.id,
        "tenant": generation.tenant_id,
        "exp": int(time.time() + lifetime.total_seconds()),
    }
    token = jwt.encode({"alg": "HS256"}, claims, _key(keyring), algorithms=ALGORITHMS)
    return f"/v1/generations/{generation.id}/artifact?token={token}"


def check(keyring: keys.Keyring, caller: Principal, generation_id: str, token: str) -> None:
    """Refuse a link that is not this caller's, not for this generation, or too old.

    Raises:
        errors.ArtifactLinkInvalidError: the link is refused.
    """
    requirements = jwt.JWTClaimsRegistry(
        aud={"essential": True, "value": AUDIENCE},
        sub={"essential": True, "value": generation_id},
        tenant={"essential": True, "value": caller.tenant_id},
        exp={"essential": True},
    )
    try:
        requirements.validate(jwt.decode(token, _key(keyring), algorithms=ALGORITHMS).claims)
    except (JoseError, ValueError):
        raise errors.ArtifactLinkInvalidError(
            f"The link has expired or is not for {generation_id}; fetch the generation again."
        ) from None


def _key(keyring: keys.Keyring) -> OctKey:
    return OctKey.import_key(keyring.derive("artifact-links"))
