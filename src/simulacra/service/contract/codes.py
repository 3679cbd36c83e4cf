"""Which problems an operation may answer: what it says itself, and what follows from its route."""

from collections.abc import Iterable, Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from simulacra.service.http import (
    content,
    guards,
    idempotency_key,
    openapi,
    rate_limits,
    serving,
    status_codes,
)

EVERYWHERE = (
    "simio_malformed_request",
    "simio_request_timeout",
    "simio_head_too_large",
    "simio_invalid_field",  # the query may hold a NUL, or a parameter that is not known
    "simio_internal",
)
OF_GUARDS: dict[type[guards.Guard], tuple[str, ...]] = {
    guards.Public: (),
    guards.Tenant: ("simio_unauthorized", "simio_forbidden", "simio_rate_limited"),
    guards.Link: ("simio_artifact_link_invalid", "simio_rate_limited"),
}
OF_DEPENDENCIES: dict[object, tuple[str, ...]] = {
    serving.serving: ("simio_unavailable",),
    content.JsonOnly.dependency: (
        "simio_malformed_body",
        "simio_unsupported_content_type",
        "simio_body_too_large",
    ),
    idempotency_key.only: ("simio_invalid_idempotency_key",),
}


def of(route: APIRoute) -> list[str]:
    """Return the codes of a route, in the order of the catalog."""
    found = {*EVERYWHERE, *_of_path(route)}
    for response in route.responses.values():
        found.update(response.get(openapi.CODES, ()))
    for call in _calls(route.dependant):
        found.update(_of_call(call))
    return [code for code in status_codes.STATUS_CODES if code in found]


def by_status(codes: Iterable[str]) -> dict[int, list[str]]:
    """Return codes by the status that they are sent with."""
    statuses: dict[int, list[str]] = {}
    for code in codes:
        statuses.setdefault(status_codes.STATUS_CODES[code], []).append(code)
    return statuses


def _of_path(route: APIRoute) -> tuple[str, ...]:
    """Return what a parameter of the path may lead to: a NUL in it."""
    return ("simio_not_found",) if route.param_convertors else ()


def _of_call(call: object) -> tuple[str, ...]:
    if isinstance(call, guards.Guard):
        return OF_GUARDS[type(call)]
    if isinstance(call, rate_limits.ByAddress):
        return ("simio_rate_limited", "simio_unavailable")
    return OF_DEPENDENCIES.get(call, ())


def _calls(dependant: Dependant) -> Iterator[object]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from _calls(dependency)
