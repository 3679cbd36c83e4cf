"""Request bodies: their Content-Type, and how long they may be."""

from fastapi import Depends, Request

from simulacra.service.http import problems

JSON, MULTIPART = "application/json", "multipart/form-data"
MAX_BYTES = 4096
"""The longest body of an operation that takes a few short fields."""


def require(request: Request, media_type: str) -> None:
    """Refuse a body of another media type than `media_type`.

    Raises:
        problems.Problem: the Content-Type names another type, or none.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != media_type:
        raise problems.Problem(
            "simio_unsupported_content_type",
            f"This operation takes {media_type!r}; the request has {given or 'no Content-Type'!r}.",
        )


async def _json_only(request: Request) -> None:
    if request.headers.get("content-length", "0") != "0" or "content-type" in request.headers:
        require(request, JSON)


JsonOnly = Depends(_json_only)
