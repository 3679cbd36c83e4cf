"""The path and the query of a request: what cannot be stored, or is not known, is refused."""

from collections import Counter
from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from simulacra.service import errors
from simulacra.service.fields import MOST_OF_A_NAME, MOST_UNKNOWN, NUL, nearest
from simulacra.service.http import guards

OPERATIONS = "/v1/"
"""What the paths of operations begin with; pages and documents take any query, as the web does."""


async def check(request: Request) -> None:
    """Refuse a NUL in the path or the query, and of an operation a parameter that it does not have.

    What else they hold is valid UTF-8 by now.

    Raises:
        errors.NotFoundError: the path holds a NUL.
        errors.InvalidFieldsError: the query holds one, or a parameter that is not known or stands
            twice.
    """
    if NUL in request.scope["path"]:
        raise errors.NotFoundError("The path holds a NUL character; no path does.")
    if not request.query_params:
        return
    faults = [
        errors.Fault(name.replace(NUL, ""), "The text holds a NUL character.", is_parameter=True)
        for name, value in request.query_params.multi_items()
        if NUL in name + value
    ]
    if faults:
        raise errors.InvalidFieldsError(faults)
    route = request.scope["route"]
    if isinstance(route, APIRoute) and route.path.startswith(OPERATIONS):
        await _check_names(request, route)


async def _check_names(request: Request, route: APIRoute) -> None:
    known = [*_parameters(route.dependant)]
    given = Counter(name for name, _ in request.query_params.multi_items())
    faults = [
        errors.Fault(name[:MOST_OF_A_NAME], told, is_parameter=True)
        for name, count in given.items()
        if (told := _told(name, count, known, request.method))
    ]
    if not faults:
        return
    guard = guards.guard_of(route)
    if guard is not None:  # a caller without a valid token learns that first, as everywhere
        await guard.admit(request)
    raise errors.InvalidFieldsError(faults[:MOST_UNKNOWN])


def _told(name: str, count: int, known: list[str], method: str) -> str | None:
    """Return what is wrong with a parameter of the query, if anything is."""
    if name in known:
        return "It stands more than once; give it once." if count > 1 else None
    near = nearest(name, known)
    if near is not None:
        return f"There is no such parameter in the query here; did you mean {near!r}?"
    if known:
        names = ", ".join(map(repr, known))
        return f"There is no such parameter in the query here; there are {names}."
    if method in ("POST", "PUT", "PATCH"):
        return "This operation takes no parameters in the query; fields belong into the body."
    return "This operation takes no parameters in the query."


def _parameters(dependant: Dependant) -> Iterator[str]:
    """Yield the names that a query may hold."""
    yield from (parameter.alias for parameter in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _parameters(inner)
