"""What makes two requests the same one, whatever their bytes looked like on the way."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, BinaryIO

CHUNK_BYTES = 1024**2


def of_file(file: BinaryIO) -> str:
    """Return the hex SHA-256 of a file, and put it back to its beginning."""
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def of_request(path: str, fields: Mapping[str, Any], files: Mapping[str, str] = {}) -> bytes:
    """Return the 32-byte fingerprint of a request.

    Args:
        path: what the request is about, such as the id in its address.
        fields: its validated fields, without `wait_seconds`.
        files: hex SHA-256 of each file, by field.
    """
    whole = {"path": path, "fields": _canonical(fields), "files": dict(files)}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()


def _canonical(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can say
    """Return the value with one spelling for each number, as RFC 8785 wants it: 1.0 is 1."""
    match value:
        case Mapping():
            return {name: _canonical(member) for name, member in value.items()}
        case list() | tuple():
            return [_canonical(member) for member in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value
