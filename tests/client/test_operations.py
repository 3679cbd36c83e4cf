"""Each operation of the contract is reached by a method, and what it answers is understood.

The server answers with the examples of the contract.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulacra.client import Simulacra
from tests.client.conftest import BASE, SECRET

CONTRACT: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "contract" / "openapi.json").read_text()
)
WITHOUT_A_METHOD = {
    "getRotation": "rotate() asks and claims in one; the same key finds a rotation again",
    "getJwks": "for who verifies tokens; the client only carries them",
    "getOpenidConfiguration": "likewise",
    "headArtifact": "the generation has size and digest of its artifact",
    "headDelivery": "likewise",
    "getHealth": "for those who run the service",
    "getReadiness": "likewise",
    "listErrors": "simulacra.client.problems has the catalog, a class for each code",
    "getError": "likewise; ProblemError.type is the address of the page for people",
    "listChanges": "for people, who read it as a page",
}


ROWS = b"rows"
HERE, ELSEWHERE = "/v1/generations/gen_1/artifact?token=t", "/v1/generations/gen_1/delivery?token=t"


class Examples:
    """Answers requests with the examples of the contract.

    Attributes:
        reached: ids of the operations that were asked for.
        link: of the artifact of each generation, whose rows are `ROWS`.
    """

    def __init__(self) -> None:
        self.reached: set[str] = set()
        self.link = HERE

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        for template, operations in CONTRACT["paths"].items():
            pattern = re.sub(r"\{\w+\}", "[^/]+", template)
            operation = operations.get(request.method.lower())
            if operation is not None and re.fullmatch(pattern, request.url.path):
                self.reached.add(operation["operationId"])
                return self._answer(operation)
        raise AssertionError(f"{request.method} {request.url.path} is not in the contract")

    def _answer(self, operation: dict[str, Any]) -> httpx.Response:
        """Return the answer of an operation that has succeeded at once."""
        status = min(it for it in operation["responses"] if it.startswith("2"))
        content = operation["responses"][status].get("content", {}).get("application/json")
        if content is None:
            body = b"" if status == "204" else ROWS
            return httpx.Response(int(status), stream=httpx.ByteStream(body))
        example = content.get("example") or next(iter(content["examples"].values()))["value"]
        document = {name: value for name, value in example.items() if name != "next_after"}
        if operation["operationId"] == "getGeneration":
            digest = hashlib.sha256(ROWS).hexdigest()
            document |= {"artifact_url": self.link, "size_bytes": len(ROWS), "sha256": digest}
            document["report"]["margins"] = {"level": 0.95}
        return httpx.Response(int(status), json=document)


@pytest.fixture
def examples() -> Examples:
    return Examples()


@pytest.fixture
def api(examples: Examples) -> Simulacra:
    return Simulacra(
        BASE, client_id="client", client_secret=SECRET, transport=httpx.MockTransport(examples)
    )


def use_all(api: Simulacra, folder: Path) -> None:
    """Call what the client has."""
    (folder / "study.csv").write_text("a\n1\n")
    asked = api.signup("Acme", "a@acme.example")
    assert api.signup_status(asked.request_id).created_at.tzinfo is not None
    assert api.claim("claim").client_secret
    assert api.rotate().client_id
    assert api.clients()[0].scopes
    assert api.usage().max_rows_per_request > 0
    assert "lies in" in str(api.custody())
    study = api.upload(folder / "study.csv", wait=False)
    assert next(iter(api.datasets())).id
    study = api.dataset(study.id).refresh().keep(72)
    assert study.schema.columns
    study.delete()
    assert study.preview(5).conditions
    assert study.validate().comparisons
    assert study.crosstab("channel", "segment").blocks
    study.generate(5, wait=False)
    assert next(iter(api.generations(study.id))).id
    made = api.generation("gen_1")
    assert made.report.margins is not None
    assert made.full_report().card.checks_passed
    assert made.to_html(folder / "report.html") is made
    assert f"<h1>Generation {made.id}</h1>" in (folder / "report.html").read_text("utf-8")
    assert made.download(folder / "rows").name == "rows.parquet"
    assert made.copy("sav", wait=False).copy_of == made.id
    assert made.crosstab("channel", "segment").columns
    assert made.compare().figures
    job = next(iter(api.jobs()))
    assert api.job(job.id).cancel().operation
    hook = api.create_webhook("https://a.example", ["job.completed"], "For us")
    assert hook.secret
    hook = next(iter(api.webhooks()))
    assert api.webhook(hook.id).secret is None
    assert hook.update(url="https://b.example", events=["job.failed"]).disable().enable().url
    assert hook.rotate_secret(0).secret == hook.secret
    assert hook.test().attempts == 0
    assert next(iter(hook.deliveries("failed"))).delivery_id
    hook.delete()


def test_each_operation_has_a_method_or_a_reason(
    api: Simulacra, examples: Examples, tmp_path: Path
) -> None:
    use_all(api, tmp_path)
    examples.link = BASE + ELSEWHERE
    api.generation("gen_1").download(tmp_path / "from-elsewhere")
    published = {
        operation["operationId"]
        for operations in CONTRACT["paths"].values()
        for operation in operations.values()
        if isinstance(operation, dict)
    }
    assert published - examples.reached == set(WITHOUT_A_METHOD)
