"""Answers that a caller may have already: with a strong tag, and 304 where it is current."""

import hashlib

from fastapi import Request
from fastapi.responses import Response

REVALIDATED = "no-cache"
"""A copy may be kept, and is asked for again before each use."""


def answer(
    request: Request, content: str | bytes, media_type: str, *, cache: str = REVALIDATED
) -> Response:
    """Return `content`, or 304 to a caller whose copy is current (RFC 9110, 13.1.2)."""
    body = content.encode() if isinstance(content, str) else content
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": cache}
    asked = request.headers.get("if-none-match")
    if asked is not None and names(asked, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def names(if_none_match: str, tag: str) -> bool:
    """Tell whether If-None-Match holds the tag: a list, compared weakly (RFC 9110, 13.1.2)."""
    tags = {it.strip().removeprefix("W/") for it in if_none_match.split(",")}
    return bool(tags & {tag, "*"})
