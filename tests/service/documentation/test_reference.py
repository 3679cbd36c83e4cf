"""The contract as text: it says what the document says, once, and leaves nothing out."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from simulacra.service.documentation import reference
from tests.service.contract.conformity import published

CONTRACT: dict[str, Any] = published().content
SCHEMAS = CONTRACT["components"]["schemas"]
CODE = r"`(simio_\w+)`"
EVERY_SCHEMA = pytest.mark.parametrize("name", SCHEMAS)


def sections(lines: list[str]) -> dict[str, list[str]]:
    """Return the lines below each heading."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("### "):
            found[line.removeprefix("### ")] = []
        elif found:
            found[[*found][-1]].append(line)
    return found


OPERATIONS = sections([*reference.operations(CONTRACT)])
OF_SCHEMAS = sections([*reference.schemas(CONTRACT)])


@EVERY_SCHEMA
def test_every_member_is_told_with_its_type_and_whether_it_may_be_absent(name: str) -> None:
    needed = SCHEMAS[name].get("required", ())
    told = {line.split("`")[1]: line for line in OF_SCHEMAS[name] if line.startswith("- `")}
    assert [*told] == [*SCHEMAS[name].get("properties", {})]
    for member, line in told.items():
        assert line.startswith(f"- `{member}` (optional, ") is (member not in needed)
    for value in SCHEMAS[name].get("enum", ()):
        assert f"`{value}`" in OF_SCHEMAS[name][1]


def test_every_body_has_a_schema_that_is_explained() -> None:
    bodies = [
        name
        for section in OPERATIONS.values()
        for line in section
        if line.startswith(("- Body", "- Answer"))
        for name in re.findall(r"`([A-Z]\w+)`(?= as |$)", line)
    ]
    assert {"GenerationRequest", "GenerationDocument", "UploadForm"} <= set(bodies)
    assert set(bodies) <= set(OF_SCHEMAS)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 0, "maximum": 30}, "integer, 0 to 30"),
        ({"type": "number", "minimum": 0.0, "maximum": 1.0}, "number, 0 to 1"),
        ({"type": "integer", "minimum": 1}, "integer, at least 1"),
        ({"type": "string", "minLength": 1, "maxLength": 9}, "string, 1 to 9 characters"),
        ({"type": "string", "maxLength": 9}, "string, at most 9 characters"),
        ({"type": "string", "format": "date-time"}, "timestamp (ISO 8601)"),
        ({"type": "string", "enum": ["a", "b"]}, "one of `a`, `b`"),
        ({"const": "share"}, "`share`"),
        ({"$ref": "#/components/schemas/Conditions"}, "`Conditions`"),
        (
            {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
            "list of string, or null",
        ),
        (
            {"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "string"}]}},
            "list of (number or string)",
        ),
        (
            {"type": "object", "additionalProperties": {"type": "number"}},
            "object of name to number",
        ),
    ],
)
def test_types_are_told_in_words_with_their_limits(schema: dict[str, Any], words: str) -> None:
    assert reference.type_of(CONTRACT, schema) == words


def test_parameters_and_bodies_are_told_with_limits_and_defaults() -> None:
    held = next(
        it for it in OPERATIONS["getJob: GET /v1/jobs/{job_id}"] if "- `wait_seconds`" in it
    )
    assert held.startswith("- `wait_seconds` (query, optional, integer, 0 to 30, default `0`): ")
    generate = OPERATIONS["createGeneration: POST /v1/datasets/{dataset_id}/generations"]
    assert "- Body, `application/json`: `GenerationRequest`" in generate
    assert any(line.endswith("`GenerationDocument` as `application/json`") for line in generate)


def takes(operation: dict[str, Any], **wanted: str) -> bool:
    """Tell whether an operation has a parameter with these members."""
    parameters = map(published().resolve, operation["parameters"])
    return any(wanted.items() <= parameter.items() for parameter in parameters)


KINDS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "Every operation": lambda _: True,
    "Every operation that takes a token": lambda it: bool(it["security"]),
    "Every operation that takes a token and has an id in its path": lambda it: (
        bool(it["security"]) and takes(it, **{"in": "path"})
    ),
    "Every operation whose body is JSON and nothing else": lambda it: (
        [*it.get("requestBody", {}).get("content", ())] == ["application/json"]
    ),
    "Every operation that takes an `Idempotency-Key`": lambda it: takes(it, name="Idempotency-Key"),
}


def test_what_operations_share_is_told_once_and_the_rest_at_each() -> None:
    """Shared and own codes together are those of the document: none is lost and none made up."""
    common = [
        it for it in OPERATIONS["What operations have in common"] if "- Every operation" in it
    ]
    shared = {kind: set(re.findall(CODE, line)) for kind, line in zip(KINDS, common, strict=True)}
    for method, path, operation in reference.each(CONTRACT):
        section = OPERATIONS[f"{operation['operationId']}: {method.upper()} {path}"]
        problems = "".join(line for line in section if line.startswith("- Problem "))
        own = set(re.findall(CODE, problems))
        told = [codes for kind, codes in shared.items() if KINDS[kind](operation)]
        assert not own & set().union(*told)
        assert own.union(*told) == reference.codes_of(CONTRACT, operation)
