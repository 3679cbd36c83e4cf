"""The path and the query of a request: what cannot be stored is refused before it is used."""

from fastapi import Request

from simulacra.service import errors
from simulacra.service.fields import NUL


async def check(request: Request) -> None:
    """Refuse a NUL in the path or the query; what else they hold is valid UTF-8 by now.

    Raises:
        errors.NotFoundError: the path holds one.
        errors.InvalidFieldsError: the query holds one.
    """
    if NUL in request.scope["path"]:
        raise errors.NotFoundError("The path holds a NUL character; no path does.")
    faults = [
        errors.Fault(name.replace(NUL, ""), "The text holds a NUL character.", is_parameter=True)
        for name, value in request.query_params.multi_items()
        if NUL in name + value
    ]
    if faults:
        raise errors.InvalidFieldsError(faults)
