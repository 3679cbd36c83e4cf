"""Lints of the published documents, generated clients, and calls made up from the contract.

`make contract` installs their tools from npm and PyPI, as the lock files say, and runs this module.
"""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harness import (
    UNHURRIED,
    ServerProcess,
    clean_environment,
    free_port,
    running_server,
)

CONTRACT = Path(__file__).parents[2] / "contract"
CONFIGURATIONS = Path(__file__).parent / "generators"
TOOLS = Path(os.environ.get("SIMULACRA_CONTRACT_TOOLS", "/nonexistent"))
NODE, PYTHON = TOOLS / "node_modules" / ".bin", TOOLS / "python" / "bin"
SECONDS = 300
COLUMNS = [
    *("age", "region", "segment", "channel"),
    *("purchase_intent", "Would.recommend.0.10", "monthly_spend"),
]
WITH_NODE = pytest.mark.skipif(
    not NODE.exists(), reason="needs node and npm, whose packages `make contract` installs"
)
WITH_PYTHON = pytest.mark.skipif(
    not PYTHON.exists(), reason="needs Python packages that `make contract` installs"
)

Variables = dict[str, str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose data may become whatever they do; webhooks may go to this machine."""
    settings = {**UNHURRIED, "SIMULACRA_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    with running_server(tmp_path_factory.mktemp("server"), **settings) as it:
        yield it


@pytest.fixture(scope="module")
def variables(
    server: ServerProcess, study_csv: bytes, tmp_path_factory: pytest.TempPathFactory
) -> Variables:
    """What a client program is told in its environment."""
    study = tmp_path_factory.mktemp("study") / "study.csv"
    study.write_bytes(study_csv)
    credential = server.create_tenant()
    authority = str(server.data_dir / "ca.pem")
    return {
        "BASE": server.url,
        "CLIENT_ID": credential["client_id"],
        "CLIENT_SECRET": credential["client_secret"],
        "STUDY": str(study),
        "SSL_CERT_FILE": authority,
        "NODE_EXTRA_CA_CERTS": authority,
        "REQUESTS_CA_BUNDLE": authority,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the document and the programs that use what is generated from it."""
    shutil.copytree(CONFIGURATIONS, tmp_path, dirs_exist_ok=True)
    shutil.copy(CONTRACT / "openapi.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(TOOLS / "node_modules")
    return tmp_path


def run(folder: Path, *command: str | Path, **variables: str) -> str:
    """Run a program to its end and return what it prints."""
    settings = {"REDOCLY_TELEMETRY": "off", "SCHEMATHESIS_REPORT": "false", **variables}
    ended = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment() | settings,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, f"{command[0]}:\n{ended.stdout[-40_000:]}\n{ended.stderr[-4000:]}"
    return ended.stdout


@WITH_NODE
def test_redocly_has_nothing_to_say(folder: Path) -> None:
    documents = [CONTRACT / "openapi.json", CONTRACT / "arazzo.json"]
    run(folder, NODE / "redocly", "lint", "--config", "redocly.yaml", *documents)


@WITH_NODE
def test_spectral_has_nothing_to_say(folder: Path) -> None:
    documents = [CONTRACT / "openapi.json", CONTRACT / "arazzo.json"]
    lint = ("lint", "--ruleset", "spectral.yaml", "--fail-severity", "hint")
    run(folder, NODE / "spectral", *lint, *documents)


@WITH_NODE
def test_generated_typescript_compiles_and_runs(folder: Path, variables: Variables) -> None:
    run(folder, NODE / "openapi-typescript", "openapi.json", "--output", "schema.ts")
    run(folder, NODE / "openapi-ts")
    run(folder, NODE / "tsc", "--project", ".")
    for program in ("fetch", "hey"):
        told = json.loads(run(folder, "node", f"made/{program}.js", **variables))
        assert told == {"columns": COLUMNS, "status": "ready", "lines": 101}, program


@WITH_PYTHON
def test_generated_python_runs(folder: Path, variables: Variables) -> None:
    generate = ("generate", "--path", "openapi.json", "--meta", "none")
    run(folder, PYTHON / "openapi-python-client", *generate, "--output-path", "simulacra_client")
    every = (
        "import importlib, pkgutil, simulacra_client as it\n"
        "for module in pkgutil.walk_packages(it.__path__, 'simulacra_client.'):\n"
        "    importlib.import_module(module.name)"
    )
    run(folder, PYTHON / "python", "-c", every)
    told = json.loads(run(folder, PYTHON / "python", "client.py", **variables))
    assert told == {"columns": COLUMNS, "status": "ready", "lines": 101}


@WITH_PYTHON
def test_calls_made_up_from_the_contract_are_answered_as_it_says(
    folder: Path, server: ServerProcess, variables: Variables, study_csv: bytes
) -> None:
    """All checks of schemathesis, and chains of calls along the links."""
    with contextlib.closing(server.client(server.create_tenant("Made up"))) as api:
        dataset_id = api.train(study_csv)
        made = api.generate(dataset_id, row_count=50, wait_seconds=30, output_format="csv").json()
        hook = {"url": f"https://127.0.0.1:{free_port()}/", "events": ["job.failed"]}
        known = {
            "WEBHOOK_ID": api.post("/v1/webhooks", json=hook).json()["webhook_id"],
            "DATASET_ID": dataset_id,
            "GENERATION_ID": made["generation_id"],
            "ARTIFACT_TOKEN": made["artifact_token"],
        }
        options: dict[str, Any] = {
            "--header": f"Authorization: {api.headers['Authorization']}",
            "--phases": "examples,coverage,fuzzing,stateful",
            "--max-examples": "10",
            "--seed": "1",
            "--request-timeout": "60",
        }
        given = [word for option in options.items() for word in option]
        address = f"{server.url}/openapi.json"
        run(folder, PYTHON / "schemathesis", "run", address, *given, **variables, **known)
