"""A document that stays the same while a process runs: compressed once, and with a tag."""

import gzip
import hashlib
from typing import NamedTuple

from fastapi import Request
from fastapi.responses import Response

from simulacra.service.http import etags


class _Form(NamedTuple):
    """The bytes of a document, and what they are sent with."""

    content: bytes
    etag: str
    headers: dict[str, str]


class Document:
    """The answers of a GET that gives out the same bytes again and again."""

    def __init__(self, content: bytes, media_type: str) -> None:
        digest = hashlib.sha256(content).hexdigest()
        self._plain = _Form(content, f'"{digest}"', {})
        compressed = gzip.compress(content, mtime=0)
        self._gzip = _Form(compressed, f'"{digest}-gzip"', {"Content-Encoding": "gzip"})
        self._media_type = media_type

    def answer(self, request: Request) -> Response:
        """Return the document as the caller can take it, or 304 if its copy is current."""
        takes_gzip = _takes_gzip(request.headers.get("accept-encoding", ""))
        form = self._gzip if takes_gzip else self._plain
        headers = {"ETag": form.etag, "Vary": "Accept-Encoding", "Cache-Control": "no-cache"}
        if etags.is_current(request.headers.get("if-none-match"), form.etag):
            return Response(status_code=304, headers=headers)
        return Response(form.content, headers=headers | form.headers, media_type=self._media_type)


def _takes_gzip(accept_encoding: str) -> bool:
    """Tell whether Accept-Encoding allows gzip (RFC 9110, 12.5.3)."""
    for coding in accept_encoding.lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";q=")
        if name in ("gzip", "x-gzip"):
            return weight.strip("0.") != "" or not weight
    return False
