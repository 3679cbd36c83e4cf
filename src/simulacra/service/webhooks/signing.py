"""Secrets of webhooks, and what they sign (standardwebhooks.com)."""

import base64
import datetime as dt
import secrets
from collections.abc import Sequence

import standardwebhooks

from simulacra.service import keys
from simulacra.service.database import tables

PREFIX = "whsec_"
SECRET_BYTES = 32
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def new_secret() -> str:
    """Return a fresh secret, as its holder takes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(
    signing: Sequence[str], message_id: str, at: dt.datetime, body: str
) -> list[tuple[str, str]]:
    """Return the headers that let a receiver verify a message.

    Args:
        signing: secrets, each of which signs: whoever has one of them can verify.
        message_id: the same at each attempt.
        at: the time of the attempt, UTC.
        body: of the message.
    """
    signatures = [standardwebhooks.Webhook(it).sign(message_id, at, body) for it in signing]
    return [
        (ID, message_id),
        (TIMESTAMP, str(int(at.timestamp()))),
        (SIGNATURE, " ".join(signatures)),
    ]


def seal(sealer: keys.Sealer, row_id: str, secret: str) -> bytes:
    """Return a secret as it is stored in the row of this id."""
    return sealer.seal(secret.encode(), _context(row_id))


def unseal(sealer: keys.Sealer, row: tables.WebhookSecret) -> str:
    """Return the secret of a row."""
    return sealer.open(row.sealed_secret, _context(row.id)).decode()


def _context(row_id: str) -> str:
    return f"webhook-secret/{row_id}"
