"""The error catalog and problems, as JSON for programs and as pages for people."""

import dataclasses
import http
import itertools
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from simulacra.service import errors
from simulacra.service.documentation import facts, rendering
from simulacra.service.errors import catalog, documents
from simulacra.service.http import guards, negotiation, openapi, problems, serving, status_codes

RETRY = "The same request may succeed later: wait as long as Retry-After says, or longer each time."
NO_RETRY = "The same request will be refused again; change it first."
IDS = "Quote the code, the request id and, if there are any, the job, dataset and generation id."

EXCHANGE = {"instance": "/v1/...", "request_id": "req_1aB2cD3eF4gH5iJ6kL7mN8oP"}
"""What an example of a problem has of the request that it answers."""

router = APIRouter(tags=["service"], dependencies=[guards.Open])


@router.get(
    "/errors",
    operation_id="listErrors",
    summary="List the error codes",
    response_model=documents.CatalogDocument,
    responses={
        200: {
            "description": "The codes.",
            "content": {"text/html": {"schema": {"type": "string"}}},
            "links": {"code": openapi.link("getError", "Read about one.", code="errors/0/code")},
        }
    },
)
async def list_errors(request: Request, runtime: serving.Runtime) -> Response:
    """Return every code with its meaning, cause, fix and whether to retry; as a page, if asked."""
    known = facts.of(runtime)
    listed = [_explained(entry, known) for entry in catalog.CATALOG.values()]
    if not negotiation.wants_html(request):
        return _json(documents.CatalogDocument(errors=listed))
    ordered = sorted(listed, key=lambda it: it.status)
    by_status = [
        (status, http.HTTPStatus(status).phrase, list(of_status))
        for status, of_status in itertools.groupby(ordered, lambda it: it.status)
    ]
    return _varying(rendering.page("errors.html", known, here="errors", by_status=by_status))


@router.get(
    "/errors/{code}",
    operation_id="getError",
    summary="Explain an error code",
    response_model=documents.CodeDocument,
    responses={
        200: {
            "description": "The code.",
            "content": {"text/html": {"schema": {"type": "string"}}},
            "links": {"all": openapi.link("listErrors", "Read about all others.")},
        },
        **openapi.problems("simio_not_found"),
    },
)
async def get_error(code: str, request: Request, runtime: serving.Runtime) -> Response:
    """Return what a code means, why it happens, what to do, and whether to retry; as a page too."""
    entry = catalog.CATALOG.get(code)
    if entry is None:
        raise errors.NotFoundError(f"There is no error code {code!r}; see /errors.")
    known = facts.of(runtime)
    explained = _explained(entry, known)
    if not negotiation.wants_html(request):
        return _json(explained)
    shown = explained.example.model_dump_json(indent=2, exclude_none=True)
    phrase = http.HTTPStatus(explained.status).phrase
    example = rendering.html(f"```json\n{shown}\n```")
    page = rendering.page(
        "error.html", known, here="errors", entry=explained, phrase=phrase, example=example
    )
    return _varying(page)


def page_of(request: Request, problem: dict[str, Any]) -> Response | None:
    """Return a problem as a page, if a person looks at it."""
    if request.method not in ("GET", "HEAD") or not negotiation.wants_html(request):
        return None
    known = facts.of(serving.runtime_of(request))
    status = int(problem["status"])
    return _varying(rendering.page("problem.html", known, status=status, problem=problem))


def _explained(entry: catalog.Entry, known: facts.Facts) -> documents.CodeDocument:
    contact = f"Write to {known.support}." if known.support else "Ask who runs this service."
    example = problems.Problem(entry.code, entry.meaning).document(known.base_url)
    return documents.CodeDocument(
        **dataclasses.asdict(entry),
        status=status_codes.STATUS_CODES[entry.code],
        retry=RETRY if entry.retryable else NO_RETRY,
        support=f"{contact} {IDS}",
        example=documents.ProblemDocument.model_validate(example | EXCHANGE),
    )


def _json(document: BaseModel) -> Response:
    return _varying(JSONResponse(document.model_dump(mode="json", exclude_none=True)))


def _varying(response: Response) -> Response:
    response.headers["Vary"] = "Accept"
    return response
