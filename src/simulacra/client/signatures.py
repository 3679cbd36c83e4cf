"""Whether a message came from the service: the signature of a webhook.

The signatures are those of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA-256 over
id, time and body. While a secret is replaced, a message has one by each of the two.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from simulacra.client.errors import SignatureError

PREFIX, VERSION = "whsec_", "v1"
TOLERANCE_SECONDS = 300


def verify(
    secret: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> dict[str, Any]:
    """Return the event of a message that the service has signed.

    A message may come twice, with the same ``webhook-id``: remember those that were handled.

    Args:
        secret: of the webhook, ``whsec_...``.
        headers: of the request, their names in any case.
        body: of the request, byte for byte.
        tolerance_seconds: how old, or how early, a message may be.
        now: seconds since 1970; by default the clock's.

    Raises:
        SignatureError: a header is missing, no signature is right, or the message is too old.
        ValueError: the secret is not one of a webhook.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, timestamp, signatures = (
            lowered[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        )
    except KeyError as error:
        raise SignatureError(f"The message has no header {error.args[0]}.") from None
    if not (timestamp.isascii() and timestamp.isdecimal()):
        raise SignatureError("The header webhook-timestamp is no number of seconds.")
    signed = b".".join([message_id.encode(), timestamp.encode(), body])
    right = base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest())
    given = [it.partition(",") for it in signatures.split()]
    if not any(
        version == VERSION and hmac.compare_digest(right, signature.encode())
        for version, _, signature in given
    ):
        raise SignatureError("No signature of the message is by this secret.")
    apart = abs((time.time() if now is None else now) - int(timestamp))
    if apart > tolerance_seconds:
        raise SignatureError(
            f"The message is {apart:.0f} seconds off; {tolerance_seconds:g} may be."
        )
    event: dict[str, Any] = json.loads(body)
    return event


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("the secret of a webhook is whsec_ and base64") from None
