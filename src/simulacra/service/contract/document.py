"""The OpenAPI document: what the framework says of the routes, and what all of them share."""

import copy
import http
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from simulacra.service.contract import codes, examples, texts, webhooks
from simulacra.service.errors import catalog
from simulacra.service.http import guards, openapi, problems

if TYPE_CHECKING:
    from simulacra.service.runtime import Runtime

OAUTH, BEARER = "OAuth2", "HTTPBearer"
COUNTED = ("RateLimit-Policy", "RateLimit")
"""The headers of every answer to a client that is known."""
UNCOUNTED = {"401", "408", "431"}
"""Statuses of answers that come before the client is known."""
OF_CODES: Mapping[str, tuple[str, ...]] = {
    "simio_unauthorized": ("WWW-Authenticate",),
    "simio_fresh_token_required": ("WWW-Authenticate",),
    "simio_forbidden": ("WWW-Authenticate",),
    "simio_rate_limited": (*COUNTED, "Retry-After"),
    "simio_rotation_rate_limited": ("Retry-After",),
    "simio_idempotency_in_flight": ("Retry-After",),
    "simio_quota_reservation_conflict": ("Retry-After",),
    "simio_dataset_not_ready": ("Retry-After",),
    "simio_unavailable": ("Retry-After",),
    "simio_range_not_satisfiable": ("Content-Range",),
}
"""The headers of a problem of this code."""
REQUEST_ID: Mapping[str, Any] = {
    "name": "X-Request-Id",
    "in": "header",
    "description": "An id of your own for the request: 8 to 128 of A-Z a-z 0-9 . _ -. Without one, "
    "or with another, the service makes one up.",
    "schema": {"type": "string"},
    "example": examples.REQUEST_ID,
}
INT64_MAX = 2**63 - 1

Json = dict[str, Any]


def of(app: FastAPI) -> Json:
    """Return the contract of an application around a runtime."""
    parts: Runtime = app.state.runtime
    contract = copy.deepcopy(FastAPI.openapi(app))
    routes = {
        (route.operation_id, method): route
        for route in guards.routes(app)
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    used: set[str] = set()
    given = examples.Examples(parts.policy.base_url)
    values = {"kind": [*parts.job_kinds]}
    for method, operation in _operations(contract):
        route = routes[operation["operationId"], method.upper()]
        named = codes.of(route)
        _complete(operation, route, named, values)
        _add_examples(operation, given)
        used.update(named)
    components = contract["components"]
    components["headers"] = {name: _header(text) for name, text in texts.HEADERS.items()}
    components["examples"] = {code: _problem_example(app, code) for code in sorted(used)}
    components["parameters"] = {"RequestId": REQUEST_ID}
    components["responses"] = _share([operation for _, operation in _operations(contract)])
    contract["webhooks"] = webhooks.section(parts.policy.base_url)
    components["schemas"] |= webhooks.schemas()
    components["securitySchemes"][OAUTH] = _oauth(parts.identity.token_url)
    for schema in [*_schemas(contract)]:
        _state_bounds(schema)
    _hoist(contract, components["schemas"])
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    return contract


def _operations(contract: Json) -> Iterator[tuple[str, Json]]:
    for path in contract["paths"].values():
        yield from path.items()


def _complete(
    operation: Json, route: APIRoute, named: list[str], values: Mapping[str, list[str]]
) -> None:
    """Add what follows from the guard of an operation, its problems, headers and examples.

    Args:
        operation: of the document.
        route: what serves it.
        named: codes of the problems that it answers with.
        values: what a parameter of this name may be, where only the whole application knows it.
    """
    guard = guards.guard_of(route)
    operation["security"] = _security(guard)
    responses = operation["responses"]
    responses.pop("422", None)
    for status, of_status in codes.by_status(named).items():
        _add_problem(responses.setdefault(str(status), {"description": ""}), of_status)
    for status, response in responses.items():
        counted = COUNTED if _is_counted(guard, named, status) else ()
        names = ("X-Request-Id", *counted)
        response["headers"] = openapi.sends(*names)["headers"] | response.get("headers", {})
    operation["responses"] = dict(sorted(responses.items()))
    parameters = operation.setdefault("parameters", [])
    for parameter in parameters:
        _complete_parameter(parameter, values.get(parameter["name"]))
    parameters.append({"$ref": "#/components/parameters/RequestId"})


FIRST, FIRST_SUMMARY = "first", "Shares and a range"
"""What the example is called that stands before further ones."""


def _add_examples(operation: Json, given: examples.Examples) -> None:
    name = operation["operationId"]
    for media_type, example in given.request(name).items():
        content = operation["requestBody"]["content"][media_type]
        more = given.more_requests(name).get(media_type)
        if more is None:
            content["example"] = example
        else:  # a media type has one example or several that are named, never both
            content["examples"] = {FIRST: {"summary": FIRST_SUMMARY, "value": example}, **more}
    for status, response in operation["responses"].items():
        for media_type, example in given.response(name, status).items():
            response["content"][media_type]["example"] = example


def _is_counted(guard: guards.Guard | None, named: list[str], status: str) -> bool:
    """Tell whether an answer tells of the limit: of a known client, or, once let in, of anyone."""
    if isinstance(guard, guards.Public):
        return "simio_rate_limited" in named and status.startswith("2")
    return status not in UNCOUNTED


def _security(guard: guards.Guard | None) -> list[Json]:
    """Return the ways to authenticate: the bearer token of one of the scopes, or of all."""
    if not isinstance(guard, guards.Tenant):
        return []  # anyone, or whoever has the link
    sets = [guard.scopes] if guard.needs_all else [(scope,) for scope in guard.scopes]
    return [{OAUTH: list(scopes)} for scopes in sets] + [{BEARER: []}]


def _oauth(token_url: str) -> Json:
    return {
        "type": "oauth2",
        "description": "Client credentials of the installation's token issuer.",
        "flows": {"clientCredentials": {"tokenUrl": token_url, "scopes": texts.SCOPES}},
    }


def _add_problem(response: Json, named: list[str]) -> None:
    """Describe the problems of one status; a success of another form may share it."""
    lines = [f"- `{code}`: {catalog.CATALOG[code].title}." for code in named]
    response["description"] = "\n".join([response["description"] or "Problem.", "", *lines])
    response[openapi.CODES] = named
    response.setdefault("content", {})[problems.MEDIA_TYPE] = {
        "schema": {"$ref": "#/components/schemas/ProblemDocument"},
        "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in named},
    }
    names = [name for code in named for name in OF_CODES.get(code, ())]
    response["headers"] = response.get("headers", {}) | openapi.sends(*names)["headers"]


def _problem_example(app: FastAPI, code: str) -> Json:
    entry = catalog.CATALOG[code]
    base_url = app.state.runtime.policy.base_url
    document = problems.Problem(code, entry.meaning).document(base_url)
    return {"summary": entry.title, "value": document | {"request_id": examples.REQUEST_ID}}


def _complete_parameter(parameter: Json, values: list[str] | None) -> None:
    """Describe a parameter, and say that what may be left out is not null."""
    schema = parameter["schema"]
    if "anyOf" in schema:
        (given,) = [one for one in schema.pop("anyOf") if one != {"type": "null"}]
        schema.update(given)
    schema.pop("description", None)  # the parameter's own
    if values:
        schema["enum"] = values
    if parameter["name"] in texts.PARAMETERS:
        parameter.setdefault("description", texts.PARAMETERS[parameter["name"]])
    if parameter["name"] in examples.PARAMETERS:
        parameter["example"] = examples.PARAMETERS[parameter["name"]]


def _share(operations: list[Json]) -> Json:
    """Move the commonest problem response of each status to the components, and refer to it."""
    found = [
        (status, response)
        for operation in operations
        for status, response in operation["responses"].items()
        if set(response.get("content", ())) == {problems.MEDIA_TYPE}
    ]
    shared: Json = {}
    for status in sorted({status for status, _ in found}):
        of_status = [response for other, response in found if other == status]
        counts = Counter(map(repr, of_status))
        commonest, count = max(counts.items(), key=lambda counted: (counted[1], counted[0]))
        if count == 1:
            continue
        name = http.HTTPStatus(int(status)).phrase.title().replace(" ", "").replace("-", "")
        shared[name] = next(one for one in of_status if repr(one) == commonest)
        for operation in operations:
            if repr(operation["responses"].get(status)) == commonest:
                operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    return shared


def _header(text: str) -> Json:
    return {"description": text, "schema": {"type": "string"}}


def _schemas(node: object) -> Iterator[Json]:
    """Yield every object of the document that has a type, the inner ones first."""
    if isinstance(node, dict):
        for inner in node.values():
            yield from _schemas(inner)
        if "type" in node:
            yield node
    elif isinstance(node, list):
        for inner in node:
            yield from _schemas(inner)


def _state_bounds(schema: Json) -> None:
    """Write the bounds of integers as integers; the framework makes floats of all bounds.

    The largest of 64 bits has no float; the nearest would be one more.
    """
    for bound in ("minimum", "maximum"):
        if schema["type"] == "integer" and isinstance(schema.get(bound), float):
            schema[bound] = min(int(schema[bound]), INT64_MAX)


def _hoist(contract: Json, schemas: Json) -> None:
    """Move the models that the framework wrote in place to the components, under their names.

    Program generators name the types that they make after them.
    """
    named = {id(schema) for schema in schemas.values()}
    for schema in [*_schemas(contract)]:
        is_model = "properties" in schema and "title" in schema
        if is_model and id(schema) not in named:
            name = schema["title"]
            model = dict(schema)
            schema.clear()
            schema["$ref"] = f"#/components/schemas/{name}"
            if schemas.setdefault(name, model) is model:
                named.add(id(model))
