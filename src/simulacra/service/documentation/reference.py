"""The contract as text: operations, the answers that many share, and every schema, once.

All of it is read from the OpenAPI document, so what it says is what the service checks.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from simulacra.service.http import openapi, status_codes

METHODS = ("get", "post", "put", "patch", "delete")
SCHEMAS = "#/components/schemas/"
FORMATS: Mapping[str, str] = {
    "date-time": "timestamp (ISO 8601)",
    "binary": "file",
    "uri": "address",
}
"""What a string of a format is called."""

Json = Mapping[str, Any]
Codes = frozenset[str]


def each(contract: Json) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of every operation."""
    for path, methods in contract["paths"].items():
        for method in METHODS:
            if method in methods:
                yield method, path, methods[method]


def operations(contract: Json) -> Iterator[str]:
    """Yield what each operation takes and answers, after what many of them have in common."""
    shared = _shared(contract)
    yield from _common(contract, shared)
    for method, path, operation in each(contract):
        yield f"### {operation['operationId']}: {method.upper()} {path}"
        yield ""
        yield f"{operation.get('summary', '')}.{_marks(operation)}"
        yield ""
        text = operation.get("description")
        if text:
            yield from (text, "")
        for parameter in _parameters(contract, operation):
            if parameter["name"] != _of_all(contract)["name"]:
                yield _member(
                    contract,
                    parameter["name"],
                    parameter["schema"] | _description(parameter),
                    is_needed=bool(parameter.get("required")),
                    where=f"{parameter['in']}, ",
                )
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"- Body, `{media_type}`: {type_of(contract, content['schema'])}"
        yield from _answers(contract, operation, shared)
        yield ""


def schemas(contract: Json) -> Iterator[str]:
    """Yield every schema with its members: type, limits, default, and whether it may be absent."""
    yield (
        "A member that is not marked optional is required in a request, and always there in an "
        "answer."
    )
    yield ""
    for name, schema in contract["components"]["schemas"].items():
        yield f"### {name}"
        yield ""
        about = " ".join(schema.get("description", "").split())
        if "properties" not in schema:
            yield f"{about} {_capital(type_of(contract, schema))}.".strip()
        elif about:
            yield about
        needed = schema.get("required", ())
        members = schema.get("properties", {})
        if members:
            yield ""
        for member, of_member in members.items():
            yield _member(contract, member, of_member, is_needed=member in needed)
        yield ""


def type_of(contract: Json, schema: Json) -> str:
    """Return the type of a schema in words, with its limits: `list of string, 1 to 8 items`."""
    if "$ref" in schema:
        return f"`{schema['$ref'].removeprefix(SCHEMAS)}`"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return _either([type_of(contract, one) for one in schema[several]])
    values = [schema["const"]] if "const" in schema else schema.get("enum", ())
    if values:
        return f"{'one of ' if len(values) > 1 else ''}{', '.join(map(_shown, values))}"
    if "contentSchema" in schema:
        return f"string that holds as JSON: {type_of(contract, schema['contentSchema'])}"
    return _plain(contract, schema)


def _plain(contract: Json, schema: Json) -> str:
    given = schema.get("type", "any value")
    if given == "array":
        items = type_of(contract, schema["items"])
        items = f"({items})" if " or " in items else items
        return f"list of {items}{_bounds(schema, 'Items', ' items')}"
    if given == "object":
        return _object(contract, schema)
    named = given if isinstance(given, str) else " or ".join(given)
    named = FORMATS.get(schema.get("format", ""), named)
    pattern = f", as the pattern `{schema['pattern']}`" if "pattern" in schema else ""
    return named + _range(schema) + _bounds(schema, "Length", " characters") + pattern


def _either(kinds: list[str]) -> str:
    """Join types; the comma says that what follows belongs to the whole, not to its last part."""
    *first, last = kinds
    joined = " or ".join(first)
    return f"{joined}{',' if ' of ' in joined or ', ' in joined else ''} or {last}"


def _object(contract: Json, schema: Json) -> str:
    if "properties" in schema:
        needed = schema.get("required", ())
        members = ", ".join(
            f"`{name}` ({'' if name in needed else 'optional, '}{type_of(contract, one)})"
            for name, one in schema["properties"].items()
        )
        return f"object of {members}"
    values = schema.get("additionalProperties")
    if not values:
        return "object"
    kind = type_of(contract, values)
    return f"object of name to {f'({kind})' if ' or ' in kind else kind}"


def _range(schema: Json) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f", {_figure(low)} to {_figure(high)}"
    if low is not None:
        return f", at least {_figure(low)}"
    return "" if high is None else f", at most {_figure(high)}"


def _figure(bound: float) -> str:
    return str(int(bound) if bound == int(bound) else bound)


def _bounds(schema: Json, what: str, unit: str) -> str:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if least is not None and most is not None:
        return f", {least}{unit}" if least == most else f", {least} to {most}{unit}"
    if least is not None:
        return f", at least {least}{unit}"
    return "" if most is None else f", at most {most}{unit}"


def _member(contract: Json, name: str, schema: Json, *, is_needed: bool, where: str = "") -> str:
    """Return the line of a member or of a parameter."""
    given = f", default {_shown(schema['default'])}" if "default" in schema else ""
    needed = "" if is_needed else "optional, "
    about = " ".join(schema.get("description", "").split())
    kind = type_of(contract, {key: it for key, it in schema.items() if key != "default"})
    return f"- `{name}` ({where}{needed}{kind}{given}){': ' if about else ''}{about}"


def _description(parameter: Json) -> dict[str, str]:
    return {"description": parameter.get("description", "")}


def _shown(value: object) -> str:
    """Return a value as a request would write it."""
    return f"`{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}`"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _marks(operation: Json) -> str:
    """Return what to know before calling: whether it acts, and what it asks of the token."""
    marked = " *Consequential.*" if operation.get("x-openai-isConsequential") else ""
    scopes = [it for one in operation.get("security", ()) for of in one.values() for it in of]
    if not operation.get("security"):
        return f"{marked} *Open: no token.*"
    is_any = len(operation["security"]) > 2
    joined = (" or " if is_any else ", ").join(f"`{it}`" for it in dict.fromkeys(scopes))
    return f"{marked} Scope: {joined}."


def _answers(contract: Json, operation: Json, shared: Mapping[str, "_Share"]) -> Iterator[str]:
    common = {code for share in shared.values() if share.has(operation) for code in share.codes}
    own: dict[str, list[str]] = {}
    for status, named in operation["responses"].items():
        answer = resolved(contract, named)
        found = [code for code in answer.get(openapi.CODES, ()) if code not in common]
        if found:
            own[status] = found
        if not status.startswith(("4", "5")):
            yield f"- Answer {status}: {_answered(contract, answer)}"
        for name, link in answer.get("links", {}).items():
            yield f"  - next ({name}): `{link.get('operationId', '')}`"
    for status, codes in own.items():
        yield f"- Problem {status}: {', '.join(f'`{code}`' for code in codes)}"


def _answered(contract: Json, answer: Json) -> str:
    about = " ".join(answer.get("description", "").split())
    bodies = {
        media_type: type_of(contract, content["schema"])
        for media_type, content in answer.get("content", {}).items()
        if "schema" in content
    }
    shown = "; ".join(f"{kind} as `{media_type}`" for media_type, kind in bodies.items())
    return f"{about} {_capital(shown)}" if shown else about


class _Share:
    """Codes that every operation of a kind may answer, without those of wider kinds."""

    def __init__(
        self, contract: Json, has: Callable[[Json], bool], others: Iterable["_Share"]
    ) -> None:
        self.has = has
        of_kind = [operation for *_, operation in each(contract) if has(operation)]
        wider = [share for share in others if all(map(share.has, of_kind))]
        found = frozenset.intersection(*(codes_of(contract, one) for one in of_kind))
        found -= {code for share in wider for code in share.codes}
        self.codes: list[str] = [code for code in status_codes.STATUS_CODES if code in found]


def _shared(contract: Json) -> dict[str, _Share]:
    """Return what operations of a kind have in common, by the words for the kind."""

    def takes(name: str) -> Callable[[Json], bool]:
        return lambda it: name in [one["name"] for one in _parameters(contract, it)]

    kinds: dict[str, Callable[[Json], bool]] = {
        "Every operation": lambda _: True,
        "Every operation that takes a token": lambda it: bool(it.get("security")),
        "Every operation that takes a token and has an id in its path": lambda it: (
            bool(it.get("security"))
            and any(one["in"] == "path" for one in _parameters(contract, it))
        ),
        "Every operation whose body is JSON and nothing else": lambda it: (
            list(it.get("requestBody", {}).get("content", ())) == ["application/json"]
        ),
        "Every operation that takes an `Idempotency-Key`": takes("Idempotency-Key"),
    }
    shared: dict[str, _Share] = {}
    for words, has in kinds.items():
        shared[words] = _Share(contract, has, [*shared.values()])
    return shared


def codes_of(contract: Json, operation: Json) -> Codes:
    """Return the codes of the problems that an operation may answer."""
    answers = (resolved(contract, one) for one in operation["responses"].values())
    return frozenset(code for answer in answers for code in answer.get(openapi.CODES, ()))


def _common(contract: Json, shared: Mapping[str, _Share]) -> Iterator[str]:
    yield "### What operations have in common"
    yield ""
    yield (
        "Every problem is a `ProblemDocument` as `application/problem+json`. An operation below "
        "lists only the problems that are not among these:"
    )
    yield ""
    for words, share in shared.items():
        listed = ", ".join(f"{status_codes.STATUS_CODES[it]} `{it}`" for it in share.codes)
        yield f"- {words}: {listed}"
    yield ""
    header = _of_all(contract)
    yield f"Each also takes the header `{header['name']}`: {header['description']}"
    yield ""
    yield "Headers of answers:"
    yield ""
    for name, one in contract["components"]["headers"].items():
        yield f"- `{name}`: {one['description']}"
    yield ""


def _of_all(contract: Json) -> Json:
    """Return the parameter that every operation takes."""
    found: Json = contract["components"]["parameters"]["RequestId"]
    return found


def _parameters(contract: Json, operation: Json) -> list[Json]:
    return [resolved(contract, one) for one in operation.get("parameters", ())]


def resolved(contract: Json, part: Json) -> Json:
    """Return what a part of the contract refers to."""
    while "$ref" in part:
        found: Any = contract
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part
