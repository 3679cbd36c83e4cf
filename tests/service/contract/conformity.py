"""Whether an exchange is what the published OpenAPI document says it is."""

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
from referencing import Registry
from referencing.jsonschema import DRAFT202012

CONTRACT = Path(__file__).parents[3] / "contract" / "openapi.json"
METHODS = ("get", "put", "post", "delete", "head", "patch")
NAME = "openapi"
PROBLEM = "application/problem+json"
OF_ALL = ("Content-Length", "Cache-Control")
"""Headers of every answer, which the document names where they matter."""


class Document:
    """An OpenAPI document, and what it says of an operation."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        resource = DRAFT202012.create_resource(content)
        self._registry = Registry().with_resource(NAME, resource)
        self.operations: dict[str, dict[str, Any]] = {}
        self._paths: list[tuple[str, re.Pattern[str], dict[str, Any]]] = []
        for path, methods in content["paths"].items():
            pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
            for method in METHODS:
                if method in methods:
                    self.operations[methods[method]["operationId"]] = methods[method]
                    self._paths.append((method, pattern, methods[method]))

    def operation_of(self, method: str, path: str) -> dict[str, Any] | None:
        """Return the operation that a request is for, if it is in the document."""
        matching = (
            operation
            for known, pattern, operation in self._paths
            if known == method.lower() and pattern.fullmatch(path)
        )
        return next(matching, None)

    def resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        """Return what a node refers to, or the node itself."""
        while "$ref" in node:
            resolver = self._registry.resolver(NAME)
            node = resolver.lookup(node["$ref"]).contents
        return node

    def faults(self, schema: dict[str, Any], value: object) -> list[str]:
        """Return what is wrong with a value."""
        rooted = json.loads(json.dumps(schema).replace('"#/', f'"{NAME}#/'))
        validator = jsonschema.Draft202012Validator(rooted, registry=self._registry)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def deviations(self, answer: httpx.Response) -> list[str]:
        """Return in what an answer differs from what the document says of it."""
        operation = self.operation_of(answer.request.method, answer.request.url.path)
        if operation is None or answer.status_code == 405:  # which is no answer of an operation
            return []
        where = f"{operation['operationId']} answers {answer.status_code}"
        declared = operation["responses"].get(str(answer.status_code))
        if declared is None:
            return [f"{where}, which is not declared"]
        declared = self.resolve(declared)
        faults = [*self._of_headers(answer, declared), *self._of_body(answer, declared)]
        return [f"{where}: {fault}" for fault in faults]

    def _of_headers(self, answer: httpx.Response, declared: dict[str, Any]) -> Iterator[str]:
        if "x-request-id" not in answer.headers:
            yield "it has no X-Request-Id"
        for name in self.content["components"]["headers"]:
            if name in answer.headers and name not in declared["headers"] and name not in OF_ALL:
                yield f"the header {name} is not declared"

    def _of_body(self, answer: httpx.Response, declared: dict[str, Any]) -> Iterator[str]:
        media_type = answer.headers.get("content-type", "").partition(";")[0]
        if not media_type or answer.request.method == "HEAD":
            return
        if media_type not in declared.get("content", {}):
            yield f"{media_type} is not declared"
        elif media_type.endswith("json"):
            body = json.loads(answer.read())
            if media_type == PROBLEM and body["code"] not in declared["x-problem-codes"]:
                yield f"the code {body['code']} is not declared"
            yield from self.faults(declared["content"][media_type]["schema"], body)


@functools.cache
def published() -> Document:
    """Return the stored contract."""
    return Document(json.loads(CONTRACT.read_text()))


def check(answer: httpx.Response) -> None:
    """Fail if an answer is not what the contract says (a hook of HTTP clients)."""
    deviations = published().deviations(answer)
    assert not deviations, "; ".join(deviations)
