"""Request bodies: their Content-Type, and how long they may be."""

import json

from fastapi import Depends, Request
from fastapi.routing import APIRoute

from simulacra.service import errors
from simulacra.service.fields import MOST_OF_A_NAME, MOST_UNKNOWN
from simulacra.service.http import addresses, guards, json_text, problems

JSON, MULTIPART = "application/json", "multipart/form-data"
MAX_BYTES = 4096
"""The longest body of an operation that takes a few short fields."""

NOTHING = (b"", b"{}", b"null")


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


async def check_absent(request: Request) -> None:
    """Refuse what an operation would ignore: a body that holds anything, where none is taken.

    Clients that always send JSON send an empty object or null, which says nothing.

    Raises:
        errors.InvalidFieldsError: names the members, or the whole body.
    """
    route = request.scope["route"]
    if not _takes_nothing(route) or request.headers.get("content-length") == "0":
        return
    guard = guards.guard_of(route)
    if guard is not None:  # a caller without a valid token learns that first, as everywhere
        await guard.admit(request)
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            break
    if len(body) <= MAX_BYTES and body.strip() in NOTHING:
        return
    members = _members(body)
    pointers = [errors.pointer(name[:MOST_OF_A_NAME]) for name in members[:MOST_UNKNOWN]] or [""]
    detail = "This operation takes no fields; send no body, or {}."
    raise errors.InvalidFieldsError([errors.Fault(pointer, detail) for pointer in pointers])


def _takes_nothing(route: object) -> bool:
    return (
        isinstance(route, APIRoute)
        and route.path.startswith(addresses.OPERATIONS)  # and not a form of the operators' page
        and "POST" in (route.methods or ())
        and route.body_field is None
        and "requestBody" not in (route.openapi_extra or {})
    )


def _members(body: bytes) -> list[str]:
    try:
        value = json_text.parse(body)
    except json.JSONDecodeError:
        return []
    return list(value) if isinstance(value, dict) else []


JsonOnly = Depends(_json_only)
