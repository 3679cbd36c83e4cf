"""Signed links to artifacts: short-lived, for one generation of one tenant."""

import time

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from simulacra.service import errors, runtime
from simulacra.service.database import tables
from simulacra.service.identity.principal import Principal

ALGORITHMS = ["HS256"]
AUDIENCE = "artifact"


def sign(running: runtime.Runtime, generation: tables.Generation) -> str:
    """Return a relative link that lives as long as the policy says."""
    claims = {
        "aud": AUDIENCE,
        "sub": generation.id,
        "tenant": generation.tenant_id,
        "exp": int(time.time() + running.policy.artifact_link.total_seconds()),
    }
    token = jwt.encode({"alg": "HS256"}, claims, _key(running), algorithms=ALGORITHMS)
    return f"/v1/generations/{generation.id}/artifact?token={token}"


def check(running: runtime.Runtime, caller: Principal, generation_id: str, token: str) -> None:
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
        requirements.validate(jwt.decode(token, _key(running), algorithms=ALGORITHMS).claims)
    except (JoseError, ValueError):
        raise errors.ArtifactLinkInvalidError(
            f"The link has expired or is not for {generation_id}; fetch the generation again."
        ) from None


def _key(running: runtime.Runtime) -> OctKey:
    return OctKey.import_key(running.keyring.derive("artifact-links"))
