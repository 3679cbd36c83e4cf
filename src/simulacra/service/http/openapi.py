"""What operations say about themselves in the OpenAPI document; `contract` puts it together."""

from typing import Any

from simulacra.service.http import status_codes

CONSEQUENTIAL = {"x-openai-isConsequential": True}
CODES = "x-problem-codes"
"""Member of a response: the codes of the problems that it may carry."""


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Return the problem responses of an operation, by the codes that are its own.

    Codes that follow from its guard, its body and its parameters are not named here: `contract`
    knows them.

    Raises:
        KeyError: there is no such code.
    """
    responses: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        response = responses.setdefault(status_codes.STATUS_CODES[code], {CODES: []})
        response[CODES].append(code)
    return responses


def sends(*headers: str) -> dict[str, Any]:
    """Return the member of a response that names the headers it is sent with."""
    return {"headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers}}


def body(schema: dict[str, Any], *media_types: str, **encoding: str) -> dict[str, Any]:
    """Return the request body of an operation that reads its body itself.

    Args:
        schema: of its fields.
        media_types: that it may have.
        encoding: from the name of a field to the media types of what it holds.
    """
    encoded = {"encoding": {name: {"contentType": types} for name, types in encoding.items()}}
    given = {"schema": schema} | (encoded if encoding else {})
    content = {media_type: dict(given) for media_type in media_types}
    return {"requestBody": {"required": True, "content": content}}


def link(operation_id: str, description: str, **parameters: str) -> dict[str, Any]:
    """Return an OpenAPI link to what comes next.

    Args:
        operation_id: of the next operation.
        description: what for.
        parameters: from the name of a parameter to the field of the response that it is taken from.
    """
    return _link(operation_id, description, "parameters", parameters)


def body_link(operation_id: str, description: str, **members: str) -> dict[str, Any]:
    """Return an OpenAPI link that makes members of the next body of fields of the response."""
    return _link(operation_id, description, "requestBody", members)


def _link(operation_id: str, description: str, kind: str, fields: dict[str, str]) -> dict[str, Any]:
    taken = {name: f"$response.body#/{field}" for name, field in fields.items()}
    given = {kind: taken} if taken else {}
    return {"operationId": operation_id, **given, "description": description}
