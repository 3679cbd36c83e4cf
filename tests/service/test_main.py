"""The API process as a whole: what it loads, and the contract it publishes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulacra.cli import main as cli

CONTRACT = Path(__file__).parents[2] / "contract" / "openapi.json"
NUMERICAL = ("numpy", "scipy", "sklearn", "pandas", "pyarrow")
METHODS = {"get", "put", "post", "delete", "head", "patch"}


def loaded_by(module: str) -> set[str]:
    """Return the top-level packages that importing a module loads in a fresh process."""
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(ended.stdout.split())


@pytest.mark.parametrize("module", ["simulacra.service.main", "simulacra.service.worker"])
def test_neither_api_nor_worker_loads_numerical_code(module: str) -> None:
    loaded = loaded_by(module)
    assert "simulacra" in loaded
    assert loaded.isdisjoint(NUMERICAL)


def test_the_library_loads_no_server() -> None:
    loaded = loaded_by("simulacra.engine.pipeline")
    assert loaded.isdisjoint({"fastapi", "starlette", "sqlalchemy", "psycopg", "procrastinate"})


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    """The document as `simulacra openapi` prints it."""
    command = [sys.executable, "-m", "simulacra.cli.main", "openapi"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    document: dict[str, Any] = json.loads(ended.stdout)
    return document


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for path in document["paths"].values()
        for method, operation in path.items()
        if method in METHODS
    }


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Return what a response refers to, or the response itself."""
    if "$ref" not in node:
        return node
    _, kind, name = node["$ref"].removeprefix("#/").split("/")
    referred: dict[str, Any] = document["components"][kind][name]
    return referred


def test_the_stored_contract_is_the_published_one(published: dict[str, Any]) -> None:
    assert json.loads(CONTRACT.read_text()) == published, "run `make openapi` and read the diff"


def test_the_stored_workflows_are_the_published_ones() -> None:
    command = [sys.executable, "-m", "simulacra.cli.main", "openapi", "--arazzo"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    stored = CONTRACT.with_name("arazzo.json").read_text()
    assert json.loads(stored) == json.loads(ended.stdout), "run `make openapi` and read the diff"


def test_operations_have_the_names_of_the_contract(published: dict[str, Any]) -> None:
    assert set(operations(published)) == {
        "issueToken",
        "getJwks",
        "getCustody",
        "getOpenidConfiguration",
        "createSignup",
        "getSignup",
        "claimCredential",
        "rotateCredential",
        "getRotation",
        "listClients",
        "createDataset",
        "listDatasets",
        "getDataset",
        "getDatasetSchema",
        "extendDatasetRetention",
        "deleteDataset",
        "createGeneration",
        "createValidation",
        "previewScenario",
        "tabulateDataset",
        "tabulateGeneration",
        "compareGeneration",
        "copyGeneration",
        "listGenerations",
        "getGeneration",
        "getGenerationMargins",
        "getReport",
        "downloadArtifact",
        "headArtifact",
        "deliverArtifact",
        "listJobs",
        "headDelivery",
        "getJob",
        "cancelJob",
        "createWebhook",
        "listWebhooks",
        "getWebhook",
        "updateWebhook",
        "deleteWebhook",
        "rotateWebhookSecret",
        "testWebhook",
        "listWebhookDeliveries",
        "getUsage",
        "getHealth",
        "getReadiness",
        "listErrors",
        "listChanges",
        "getError",
    }


def _members(document: dict[str, Any], operation: dict[str, Any]) -> set[str]:
    """Return what the body of an operation may hold."""
    if "requestBody" not in operation:
        return set()
    content, *_ = operation["requestBody"]["content"].values()
    name = content["schema"]["$ref"].rpartition("/")[2]
    return set(document["components"]["schemas"][name]["properties"])


def test_links_lead_to_operations(published: dict[str, Any]) -> None:
    known = operations(published)
    links = [
        link
        for operation in known.values()
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert len(links) >= 40
    for link in links:
        target = known[link["operationId"]]
        names = {one["name"] for one in target["parameters"] if "name" in one}
        assert set(link.get("parameters", ())) <= names
        assert set(link.get("requestBody", ())) <= _members(published, target)


def test_what_changes_something_for_the_customer_says_so(published: dict[str, Any]) -> None:
    consequential = {
        name
        for name, operation in operations(published).items()
        if operation.get("x-openai-isConsequential")
    }
    assert consequential == {
        "createDataset",
        "createGeneration",
        "extendDatasetRetention",
        "deleteDataset",
        "cancelJob",
        "createSignup",
        "claimCredential",
        "rotateCredential",
        "createWebhook",
        "updateWebhook",
        "deleteWebhook",
        "rotateWebhookSecret",
        "testWebhook",
    }


def test_every_operation_with_a_token_documents_its_limit(published: dict[str, Any]) -> None:
    counted = {"RateLimit-Policy", "RateLimit"}
    secured = [one for one in operations(published).values() if one["security"]]
    assert len(secured) >= 10
    for operation in secured:
        responses = {
            status: resolve(published, response)
            for status, response in operation["responses"].items()
        }
        for status, response in responses.items():
            shown = set(response["headers"])
            if status in ("401", "408", "431"):  # the client is not known yet
                assert not shown & counted, operation["operationId"]
            else:
                assert counted <= shown, (operation["operationId"], status)
        assert "Retry-After" in responses["429"]["headers"]


def test_no_answer_of_the_framework_is_documented(published: dict[str, Any]) -> None:
    for operation in operations(published).values():
        assert "422" not in operation["responses"]
    assert "HTTPValidationError" not in published["components"]["schemas"]


def test_the_command_line_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    assert "serve" in capsys.readouterr().out
