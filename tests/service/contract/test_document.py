"""The OpenAPI document in itself: examples, codes, security, headers."""

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import simulacra
from examples import study
from examples.quickstart import SCENARIO
from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.reading import source
from simulacra.engine.scenario import conditions
from simulacra.service import keys, main
from simulacra.service.contract import codes, examples
from simulacra.service.contract.document import of
from simulacra.service.credentials import claims
from simulacra.service.errors import catalog
from simulacra.service.generations.schemas import GenerationRequest
from simulacra.service.http import guards, status_codes
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.contract.conformity import Document, published

OPERATIONS = published().operations
EVERY_OPERATION = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


@pytest.fixture
def document() -> Document:
    return published()


def nodes(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from nodes(inner)


def strings(node: object, member: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a structure, with the name of the member that it is."""
    if isinstance(node, str):
        yield member, node
    elif isinstance(node, dict):
        for name, inner in node.items():
            yield from strings(inner, name)
    elif isinstance(node, list):
        for inner in node:
            yield from strings(inner, member)


@EVERY_OPERATION
def test_examples_of_requests_are_there_and_valid(
    document: Document, operation: dict[str, Any]
) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        assert ("example" in content) != ("examples" in content)
        values = [one["value"] for one in content.get("examples", {}).values()]
        for value in values or [content["example"]]:
            assert document.faults(content["schema"], value) == []
    for parameter in map(document.resolve, operation["parameters"]):
        assert parameter["in"] != "path" or "example" in parameter
        assert parameter["description"]
        if "example" in parameter:
            assert document.faults(parameter["schema"], parameter["example"]) == []


@EVERY_OPERATION
def test_examples_of_answers_are_there_and_valid(
    document: Document, operation: dict[str, Any]
) -> None:
    for response in map(document.resolve, operation["responses"].values()):
        for media_type, content in response.get("content", {}).items():
            if media_type == "application/problem+json":
                assert list(content["examples"]) == response["x-problem-codes"]
                for example in map(document.resolve, content["examples"].values()):
                    assert document.faults(content["schema"], example["value"]) == []
            elif media_type == "application/json":
                assert document.faults(content["schema"], content["example"]) == []


def test_ids_and_claim_tokens_of_examples_have_the_form_of_real_ones() -> None:
    """A person who copies one of them gets an answer about it, and none about its form."""
    texts = [*strings([json.loads(examples.text()), examples.PARAMETERS, examples.REQUEST_ID])]
    ids = {it for _, it in texts if re.match(r"(req|rot|ds|gen|job|wh|msg)_[A-Za-z0-9]", it)}
    assert len(ids) > 7
    for name in ids:
        assert len(name.partition("_")[2]) == len(keys.random_id()), name
    tokens = {it for member, it in texts if member.endswith("claim_token")}
    real = re.compile(f"[A-Za-z0-9]{{{claims.TOKEN_LENGTH}}}")
    assert len(tokens) > 1
    assert [token for token in tokens if not real.fullmatch(token)] == []
    assert [it for _, it in texts if it.endswith("...") and not it.startswith("/v1/")] == []


def test_the_example_of_an_upload_is_a_study_that_can_be_used(tmp_path: Path) -> None:
    """Its first rows are those of the study that the other examples are of."""
    content = OPERATIONS["createDataset"]["requestBody"]["content"]["multipart/form-data"]
    path = tmp_path / "study.csv"
    path.write_text(content["example"]["seed_file"])
    cleaned = clean.clean(source.read(path, limits.DEFAULT), limits.DEFAULT)
    asked = OPERATIONS["createGeneration"]["requestBody"]["content"]["application/json"]
    for example in asked["examples"].values():
        conditions.parse(cleaned.schema, example["value"]["conditions"])
    whole = tmp_path / "whole.csv"
    study.write(whole)
    assert whole.read_text().startswith(path.read_text())


def test_the_example_of_a_generation_is_the_scenario_of_the_readme() -> None:
    content = OPERATIONS["createGeneration"]["requestBody"]["content"]["application/json"]
    (first, *_) = [one["value"] for one in content["examples"].values()]
    assert first["conditions"] == SCENARIO
    assert first["row_count"] == 5000
    (answer,) = OPERATIONS["getGeneration"]["responses"]["200"]["content"].values()
    support = answer["example"]["report"]["support"]
    assert (support["seed_rows"], round(support["effective_sample_size"])) == (388, 159)


def test_the_examples_of_a_generation_can_be_met(tmp_path: Path) -> None:
    study.write(tmp_path / "seed.csv")
    model = simulacra.fit(tmp_path / "seed.csv")
    content = OPERATIONS["createGeneration"]["requestBody"]["content"]["application/json"]
    assert len(content["examples"]) == 2
    for example in content["examples"].values():
        conditions = GenerationRequest.model_validate(example["value"]).conditions.asked()
        assert model.generate(500, seed=7, **conditions).status == "ready"


@EVERY_OPERATION
def test_codes_stand_at_their_status(document: Document, operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        codes = document.resolve(response).get("x-problem-codes", [])
        assert {status_codes.STATUS_CODES[code] for code in codes} <= {int(status)}
        assert all(f"`{code}`" in document.resolve(response)["description"] for code in codes)


@EVERY_OPERATION
def test_every_operation_says_what_it_is_and_who_may_call_it(operation: dict[str, Any]) -> None:
    known = {tag["name"] for tag in published().content["tags"]}
    assert operation["summary"]
    assert operation["description"]
    assert set(operation["tags"]) <= known
    for requirement in operation["security"]:
        ((scheme, scopes),) = requirement.items()
        assert (scheme == "OAuth2") == bool(scopes)
    is_open = not operation["security"]
    assert ("401" in operation["responses"]) != is_open or operation["operationId"] == "issueToken"


@EVERY_OPERATION
def test_every_success_leads_on(document: Document, operation: dict[str, Any]) -> None:
    ends = {"getCustody", "headArtifact", "headDelivery"}
    if operation["operationId"] not in ends:
        successes = [it for status, it in operation["responses"].items() if status[0] == "2"]
        assert successes
        assert any("links" in document.resolve(it) for it in successes), operation["operationId"]


def test_what_links_take_from_an_answer_is_in_it(document: Document) -> None:
    for operation in OPERATIONS.values():
        for response in map(document.resolve, operation["responses"].values()):
            for link in response.get("links", {}).values():
                taken = link.get("parameters", {}) | link.get("requestBody", {})
                for expression in taken.values():
                    pointer = expression.removeprefix("$response.body#/").split("/")
                    schema = response["content"]["application/json"]["schema"]
                    for name in pointer:
                        schema = document.resolve(schema)
                        schema = schema["items"] if name == "0" else schema["properties"][name]


def test_headers_are_described_and_used(document: Document) -> None:
    described = set(document.content["components"]["headers"])
    used = {
        name
        for operation in OPERATIONS.values()
        for response in operation["responses"].values()
        for name in document.resolve(response)["headers"]
    }
    assert used == described


def test_bounds_are_those_of_json_schema(document: Document) -> None:
    for node in nodes(document.content["components"]["schemas"]):
        assert not {"ge", "le", "gt", "lt", "strict"} & set(node)
    seed = document.content["components"]["schemas"]["GenerationRequest"]["properties"]["seed"]
    assert {"type": "integer", "minimum": 0, "maximum": 2**63 - 1} in seed["anyOf"]


def test_every_object_is_typed_but_for_maps(document: Document) -> None:
    """Reports, conditions and errors are models; a map says what its values are."""
    for name, schema in document.content["components"]["schemas"].items():
        for node in nodes(schema.get("properties", {})):
            if node.get("type") == "object":
                is_map = isinstance(node.get("additionalProperties"), dict)
                assert is_map or node.get("properties"), name


def test_models_are_components_and_not_repeated(document: Document) -> None:
    for path in document.content["paths"].values():
        assert not [node for node in nodes(path) if "properties" in node and "title" in node]


def test_the_document_names_the_installation(document: Document) -> None:
    content = document.content
    assert content["servers"] == [{"url": "https://localhost:8443"}]
    assert content["info"]["license"] == {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    assert "contact" not in content["info"]  # nobody is named by default
    flow = content["components"]["securitySchemes"]["OAuth2"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "https://localhost:8443/oauth/token"
    assert set(flow["scopes"]) == {
        f"{verb}:{what}" for verb in ("read", "write") for what in ("datasets", "generations")
    }
    named = set(re.findall(r"`(\w+)`", content["info"]["description"]))
    assert {name for name in named if re.search("[a-z][A-Z]", name)} <= set(OPERATIONS)


@pytest.mark.parametrize(
    ("support", "contact"),
    [
        ("help@acme.example", {"email": "help@acme.example"}),
        ("https://acme.example/help", {"url": "https://acme.example/help"}),
    ],
)
def test_the_document_names_who_helps(
    runtime: Runtime, run_async: RunAsync, support: str, contact: dict[str, str]
) -> None:
    async def check() -> None:
        policy = dataclasses.replace(
            runtime.policy, support_contact=support, base_url="https://synthetic.acme.example"
        )
        content = of(main.build(dataclasses.replace(runtime, policy=policy)))
        assert content["info"]["contact"] == contact
        examples = json.dumps(content["paths"]) + json.dumps(content["components"]["examples"])
        assert "https://synthetic.acme.example/errors/" in examples
        assert "localhost" not in examples

    run_async(check())


def test_every_code_is_declared_somewhere(document: Document) -> None:
    """But for the one that says that there is no operation."""
    declared = {
        code
        for operation in OPERATIONS.values()
        for response in operation["responses"].values()
        for code in document.resolve(response).get("x-problem-codes", ())
    }
    assert set(catalog.CATALOG) - declared == {"simio_method_not_allowed"}


def test_every_guard_says_which_codes_it_leads_to() -> None:
    guard_types = {guard for guard in vars(guards).values() if isinstance(guard, type)}
    kinds = {it for it in guard_types if issubclass(it, guards.Guard) and it is not guards.Guard}
    assert kinds == set(codes.OF_GUARDS)
