"""Runs workflows of an Arazzo document: as much of the specification (1.0.1) as ours use."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from tests.service.contract.conformity import Document

EXPRESSION = re.compile(r"\{(\$[^}]+)\}")
SECONDS = 60


class WorkflowError(AssertionError):
    """A step did not succeed, and no action says to try it again."""


class Runner:
    """Runs the workflows of a document on one server.

    Args:
        arazzo: the document.
        openapi: of its source.
        client: without credentials; the workflows bring them.
        pause: waits for so many seconds before a step is tried again.
    """

    def __init__(
        self,
        arazzo: Mapping[str, Any],
        openapi: Document,
        client: httpx.Client,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._workflows = {one["workflowId"]: one for one in arazzo["workflows"]}
        self._openapi, self._client, self._pause = openapi, client, pause
        self._routes = {
            operation["operationId"]: (method, path)
            for path, methods in openapi.content["paths"].items()
            for method, operation in methods.items()
        }

    def run(self, workflow_id: str, **inputs: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON, files
        """Run a workflow and return its outputs.

        Raises:
            WorkflowError: names the step that failed.
        """
        workflow = self._workflows[workflow_id]
        properties = workflow["inputs"]["properties"]
        assert set(workflow["inputs"]["required"]) <= set(inputs) <= set(properties)
        defaults = {name: one["default"] for name, one in properties.items() if "default" in one}
        known: dict[str, Any] = {"inputs": defaults | inputs, "steps": {}}
        for step in workflow["steps"]:
            answer = self._perform(step, known)
            outputs = {
                name: _evaluate(expression, known, answer)
                for name, expression in step.get("outputs", {}).items()
            }
            known["steps"][step["stepId"]] = {"outputs": outputs}
        return {name: _evaluate(it, known, None) for name, it in workflow["outputs"].items()}

    def _perform(self, step: Mapping[str, Any], known: Mapping[str, Any]) -> httpx.Response:
        tries, deadline = 0, time.monotonic() + SECONDS
        while True:
            answer = self._send(step, known)
            if all(_holds(it["condition"], known, answer) for it in step["successCriteria"]):
                return answer
            retry = next(
                (
                    action
                    for action in step.get("onFailure", ())
                    if all(_holds(it["condition"], known, answer) for it in action["criteria"])
                ),
                None,
            )
            tries += 1
            if retry is None or tries > retry["retryLimit"] or time.monotonic() > deadline:
                raise WorkflowError(f"{step['stepId']}: {answer.status_code} {answer.text[:500]}")
            self._pause(retry["retryAfter"])

    def _send(self, step: Mapping[str, Any], known: Mapping[str, Any]) -> httpx.Response:
        method, path = self._routes[step["operationId"]]
        given: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "header": {}}
        for parameter in step.get("parameters", ()):
            given[parameter["in"]][parameter["name"]] = _fill(parameter["value"], known)
        content: dict[str, Any] = {}
        if "requestBody" in step:
            payload = _fill(step["requestBody"]["payload"], known)
            if step["requestBody"]["contentType"] == "application/json":
                content = {"json": payload}
            else:
                files = {name: it for name, it in payload.items() if isinstance(it, bytes)}
                content = {
                    "files": {name: (f"{name}.csv", it) for name, it in files.items()},
                    "data": {name: it for name, it in payload.items() if name not in files},
                }
        url = path.format(**given["path"])
        answer = self._client.request(
            method, url, params=given["query"], headers=given["header"], **content
        )
        deviations = self._openapi.deviations(answer)
        assert not deviations, deviations
        return answer


def _fill(value: Any, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Return a value with its expressions evaluated."""
    if isinstance(value, dict):
        return {name: _fill(inner, known) for name, inner in value.items()}
    if not isinstance(value, str):
        return value
    if value.startswith("$"):
        return _evaluate(value, known, None)
    return EXPRESSION.sub(lambda match: str(_evaluate(match[1], known, None)), value)


def _holds(condition: str, known: Mapping[str, Any], answer: httpx.Response) -> bool:
    """Evaluate a simple condition: comparisons for equality, one of which must hold."""
    for comparison in condition.split(" || "):
        expression, literal = comparison.split(" == ")
        wanted: object = literal.strip("'") if literal.startswith("'") else int(literal)
        if _evaluate(expression, known, answer) == wanted:
            return True
    return False


def _evaluate(expression: str, known: Mapping[str, Any], answer: httpx.Response | None) -> Any:  # noqa: ANN401
    if expression.startswith(("$inputs.", "$steps.")):
        value: Any = known
        for name in expression.removeprefix("$").split("."):
            value = value[name]
        return value
    assert answer is not None, expression
    if expression == "$statusCode":
        return answer.status_code
    if expression == "$response.body":
        return answer.content
    value = answer.json()
    for name in expression.removeprefix("$response.body#/").split("/"):
        value = value.get(name)
    return value
