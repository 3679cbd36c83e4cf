"""From exceptions to problem responses: one translation for each kind."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import MAX_BODY_SIZE_SCOPE_KEY

from simulacra.engine import errors as engine_errors
from simulacra.service import errors, outages
from simulacra.service.errors import catalog
from simulacra.service.http import (
    cross_tenant,
    envelope,
    guards,
    paths,
    problems,
    translation,
    wording,
)

PageOf = Callable[[Request, dict[str, Any]], Response | None]


def register(app: FastAPI, base_url: str, page_of: PageOf) -> None:
    """Register the translations with the framework.

    Args:
        app: the framework's application.
        base_url: of the documents that explain errors.
        page_of: returns a problem as a page, or None to a program.
    """

    def respond(
        request: Request, problem: problems.Problem, afterwards: BackgroundTask | None
    ) -> Response:
        request.state.problem = problem.entry.code
        exchange = {"instance": request.url.path, "request_id": request.state.request_id}
        document = problem.document(base_url) | exchange
        page = page_of(request, document)
        if page is not None:
            page.headers.update(problem.headers)
            page.background = afterwards
            return page
        return Response(
            problems.render(document),
            status_code=problem.status,
            headers=problem.headers,
            media_type=problems.MEDIA_TYPE,
            background=afterwards,
        )

    async def handle(request: Request, error: Exception) -> Response:
        is_absent = isinstance(error, errors.NotFoundError)
        afterwards = cross_tenant.watch(request) if is_absent else None
        return respond(request, _translate(request, error), afterwards)

    for kind in (
        problems.Problem,
        errors.ServiceError,
        engine_errors.EngineError,
        *outages.DATABASE,
        RequestValidationError,
        HTTPException,
    ):
        app.add_exception_handler(kind, handle)


def _translate(request: Request, error: Exception) -> problems.Problem:
    match error:
        case RequestValidationError():
            return from_validation(list(error.errors()))
        case HTTPException():
            return _from_framework(request, error)
        case _:
            return translation.problem_of(error)


def _from_framework(request: Request, error: HTTPException) -> problems.Problem:
    found = envelope.framework_code(error.status_code, request.headers)
    code = found or "simio_malformed_body"
    too_large = envelope.too_large(request.scope.get(MAX_BODY_SIZE_SCOPE_KEY, 0))
    detail = {
        "simio_not_found": _nowhere(request),
        "simio_method_not_allowed": _not_allowed(request),
        "simio_file_too_large": too_large,
        "simio_body_too_large": too_large,
    }.get(code) or catalog.CATALOG[code].meaning
    headers = {"Allow": _allowed(request)} if error.status_code == 405 else error.headers
    return problems.Problem(code, detail, headers=headers)


def _not_allowed(request: Request) -> str:
    taken = _allowed(request)
    takes = f" It takes {taken}." if taken else ""
    return f"{request.url.path} does not take {request.method}.{takes}"


def _nowhere(request: Request) -> str:
    path = request.scope["path"]
    near = paths.nearest(request.app, path)
    if near is None:
        return f"There is no operation at {path!r}; /openapi.json lists them."
    return f"There is no operation at {path!r}; did you mean {near!r}?"


def _allowed(request: Request) -> str:
    """Return the methods of all routes at this path; the framework names the first one's only."""
    matching = (
        route
        for route in guards.routes(request.app)
        if isinstance(route, APIRoute) and route.path_regex.match(request.url.path)
    )
    methods = {method for route in matching for method in route.methods or ()}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def from_validation(faults: list[Any]) -> problems.Problem:
    """Translate pydantic's errors, leaving out the input they quote."""
    for error in faults:
        if error["type"] == "json_invalid":
            reason = error["ctx"]["error"]
            return problems.Problem(
                "simio_malformed_body", f"The body is not valid JSON: {reason}."
            )
    if any(error["loc"] == ("body",) and error["type"] == "missing" for error in faults):
        return problems.Problem(
            "simio_malformed_body",
            "The request body is empty; send JSON with Content-Type: application/json.",
        )
    return translation.problem_of(errors.InvalidFieldsError([_fault(error) for error in faults]))


def _fault(error: dict[str, Any]) -> errors.Fault:
    place, *path = error["loc"] or ("body",)
    told = wording.sentence(error)
    if place == "body":
        return errors.Fault(errors.pointer(*map(str, path)), told)
    return errors.Fault(str(path[0] if path else place), told, is_parameter=True)
