"""The seal of an entry: HMAC-SHA-256 (RFC 2104) over its fields and the seal before it.

The key comes from the master key, which is not in the database: who can write to the tables,
their owner included, cannot make a seal that holds. Fields are encoded as one JSON array in a
fixed order, so that no two entries have the same encoding.
"""

import datetime as dt
import hashlib
import hmac
import json

from simulacra.service.database import tables

FORM = "simulacra-audit-1"
ORIGIN = bytes(hashlib.sha256().digest_size)
"""What the first entry follows."""


def seal(key: bytes, entry: tables.AuditEntry) -> bytes:
    """Return the 32 bytes that `entry.hash` has to be; reads every other field of it."""
    return hmac.digest(key, _encode(entry), hashlib.sha256)


def fault(key: bytes, entry: tables.AuditEntry, number: int, previous: bytes) -> str | None:
    """Return what is wrong with an entry that ought to be `number` and to follow `previous`."""
    if entry.number != number:
        return f"entry {number} is missing"
    if not hmac.compare_digest(entry.previous_hash, previous):
        return f"entry {number} does not follow entry {number - 1}"
    if not hmac.compare_digest(entry.hash, seal(key, entry)):
        return f"entry {number} was altered, or sealed under another master key"
    return None


def _encode(entry: tables.AuditEntry) -> bytes:
    fields = [
        FORM,
        entry.number,
        entry.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        entry.actor_kind,
        entry.actor_id,
        entry.action,
        entry.subject_id,
        entry.tenant_id,
        entry.request_id,
        entry.outcome,
        entry.details,
        entry.previous_hash.hex(),
    ]
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
