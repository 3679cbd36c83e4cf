"""Text that can be stored: what UTF-8 or PostgreSQL cannot hold is refused at the door."""

from typing import Annotated

from fastapi import Request
from pydantic import AfterValidator

from simulacra.service import errors
from simulacra.service.http import problems

NUL = "\0"


def storable(text: str) -> str:
    """Return `text` as it is.

    Raises:
        ValueError: it holds a NUL, which PostgreSQL's text cannot, or a lone surrogate, which
            UTF-8 cannot.
    """
    if NUL in text:
        raise ValueError("the text holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("the text holds half of a surrogate pair") from None
    return text


Text = Annotated[str, AfterValidator(storable)]
"""A field of a model."""


async def check_address(request: Request) -> None:
    """Refuse a NUL in the path or the query; what else they hold is valid UTF-8 by now.

    Raises:
        problems.Problem: the path holds one.
        errors.InvalidFieldsError: the query holds one.
    """
    if NUL in request.scope["path"]:
        raise problems.Problem("simio_not_found", "The path holds a NUL character; no path does.")
    faults = [
        errors.Fault(name.replace(NUL, ""), "The text holds a NUL character.", is_parameter=True)
        for name, value in request.query_params.multi_items()
        if NUL in name + value
    ]
    if faults:
        raise errors.InvalidFieldsError(faults)
