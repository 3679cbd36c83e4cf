"""Links to artifacts: short-lived, for one generation of one tenant, and opaque.

Where the rows lie in the installation's store, the link is relative and takes an access token
besides. Where they lie in the tenant's own, it is absolute and enough by itself, as links into
object stores are: some programs send their access token along to absolute addresses, others do not,
and both get the rows. It names the client that it was given to, and ends with that client's tokens.

What a link says is sealed, not only signed: it shows neither tenant nor client.
"""

import base64
import binascii
import dataclasses
import datetime as dt
import json
import time
from typing import Any, NamedTuple

from simulacra.service import errors, keys
from simulacra.service.database import tables
from simulacra.service.identity.principal import Principal

RELAY, DELIVERY = "artifact", "delivery"
"""The two kinds of links; neither is accepted in the place of the other."""
SCOPE = "read:generations"
MAX_LENGTH = 1024


class Link(NamedTuple):
    """A signed link, and the token in it, which is what makes it one."""

    url: str
    token: str


@dataclasses.dataclass(frozen=True)
class Links:
    """The links of one installation.

    Attributes:
        keyring: seals them.
        lifetime: of a link.
        base_url: that absolute links begin with.
    """

    keyring: keys.Keyring
    lifetime: dt.timedelta
    base_url: str

    def sign(self, caller: Principal, generation: tables.Generation) -> Link:
        """Return a link to the artifact of a generation, for the client that asks for it."""
        kind = RELAY if generation.store_id is None else DELIVERY
        claims = {
            "tenant": generation.tenant_id,
            "azp": caller.client_id,
            "scope": SCOPE,
            "iat": caller.issued_at,  # so that it ends when the token does that asked for it
            "exp": int(time.time() + self.lifetime.total_seconds()),
        }
        sealed = _sealer(self.keyring).seal(
            json.dumps(claims).encode(), _context(kind, generation.id)
        )
        token = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        relative = f"/v1/generations/{generation.id}/{kind}?token={token}"
        return Link(relative if kind == RELAY else f"{self.base_url}{relative}", token)


def check(keyring: keys.Keyring, caller: Principal, generation_id: str, token: str) -> None:
    """Refuse a relative link that is not this caller's, not for this generation, or too old.

    Raises:
        errors.ArtifactLinkInvalidError: the link is refused.
    """
    if _claims(keyring, RELAY, generation_id, token)["tenant"] != caller.tenant_id:
        raise refusal(generation_id)


def read(keyring: keys.Keyring, generation_id: str, token: str) -> dict[str, Any]:
    """Return the claims of an absolute link, which name its client as an access token's do.

    Raises:
        errors.ArtifactLinkInvalidError: the link is refused.
    """
    return _claims(keyring, DELIVERY, generation_id, token)


def refusal(generation_id: str) -> errors.ArtifactLinkInvalidError:
    """Return the error of a link that is not accepted."""
    return errors.ArtifactLinkInvalidError(
        f"The link has expired or is not for {generation_id}; fetch the generation again."
    )


def _claims(keyring: keys.Keyring, kind: str, generation_id: str, token: str) -> dict[str, Any]:
    if len(token) > MAX_LENGTH:
        raise refusal(generation_id)
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars="-_", validate=True)
        opened = _sealer(keyring).open(sealed, _context(kind, generation_id))
    except (binascii.Error, ValueError, keys.OtherKeyError):
        raise refusal(generation_id) from None
    claims: dict[str, Any] = json.loads(opened)
    if claims["exp"] <= time.time():
        raise refusal(generation_id)
    return claims


def _context(kind: str, generation_id: str) -> str:
    return f"{kind}-link/{generation_id}"


def _sealer(keyring: keys.Keyring) -> keys.Sealer:
    return keys.Sealer(keyring.derive("artifact-links"))
