"""The OpenAPI document, and the pieces that several operations share."""

from typing import Any

from fastapi import FastAPI

from simulacra.service.http import status_codes
from simulacra.service.http.problems import MEDIA_TYPE, ProblemDocument

CONSEQUENTIAL = {"x-openai-isConsequential": True}
HEADERS = {
    "RateLimit-Policy": (
        'The limit of a class of calls: `q` of them in `w` seconds, such as `"reads";q=1200;w=60`.'
    ),
    "RateLimit": (
        'What is left of it: `r` calls now, all of them again in `t` seconds, such as `"reads";'
        "r=1199;t=1`. On a 429, `t` is the time until the next one."
    ),
    "Retry-After": "Seconds to wait before the next call.",
}
COUNTED = ("RateLimit-Policy", "RateLimit")
"""The headers of every answer to a client that is known."""


def document(app: FastAPI) -> dict[str, Any]:
    """Return the contract: the framework's document without the 422 that is never answered.

    Operations that need a token are also given what all of them share: a limit on calls.
    """
    contract = FastAPI.openapi(app)
    schemas = contract["components"]["schemas"]
    for operation in (
        operation for path in contract["paths"].values() for operation in path.values()
    ):
        operation["responses"].pop("422", None)
        _add_limit(operation)
    contract["components"]["headers"] = {name: _header(text) for name, text in HEADERS.items()}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["ProblemDocument"] = problem
    return contract


def _add_limit(operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    is_counted = "security" in operation
    if is_counted:
        operation["responses"] = dict(sorted((responses | {"429": _problem(429)}).items()))
    for status, response in operation["responses"].items():
        names = HEADERS if status == "429" else COUNTED if is_counted and status != "401" else ()
        if names:
            response["headers"] = {
                name: {"$ref": f"#/components/headers/{name}"} for name in names
            } | response.get("headers", {})


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the problem responses of an operation, with the codes that each status may carry."""
    return {status: _problem(status) for status in (400, *statuses, 500, 503)}


def _problem(status: int) -> dict[str, Any]:
    codes = [code for code, of_code in status_codes.STATUS_CODES.items() if of_code == status]
    return {
        "description": "Problem: " + ", ".join(f"`{code}`" for code in codes),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
    }


def link(operation_id: str, parameter: str, field: str, description: str) -> dict[str, Any]:
    """Return an OpenAPI link that takes a path parameter from a field of the response."""
    return {
        "operationId": operation_id,
        "parameters": {parameter: f"$response.body#/{field}"},
        "description": description,
    }


def body_link(operation_id: str, member: str, field: str, description: str) -> dict[str, Any]:
    """Return an OpenAPI link that makes a member of the next body of a field of the response."""
    return {
        "operationId": operation_id,
        "requestBody": {member: f"$response.body#/{field}"},
        "description": description,
    }
