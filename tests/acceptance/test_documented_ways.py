"""What the served documents say can be done is done as they say it, against a real server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pyreadstat
import pytest

from simulacra.service.documentation import reference
from tests.acceptance import harness
from tests.acceptance.languages import tools

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"^\d+\. `(?P<id>\w+)` \((?P<method>[A-Z]+) (?P<path>\S+)\)", re.MULTILINE)


@pytest.fixture(scope="module")
def blocks(server: harness.ServerProcess) -> dict[str, list[str]]:
    """The code of the quickstart, by language."""
    text = httpx.get(f"{server.url}/__docs__/quickstart.md", verify=server.tls).text
    found: dict[str, list[str]] = {}
    for language, code in BLOCK.findall(text):
        found.setdefault(language, []).append(code)
    return found


@pytest.fixture(scope="module")
def environment(server: harness.ServerProcess, blocks: dict[str, list[str]]) -> dict[str, str]:
    """The variables as the page sets them, with a client's own in the place of dots."""
    credential = server.create_tenant("Quickstart")
    server.secrets.add(credential["client_secret"])
    found = dict(re.findall(r"^export (\w+)=(\S+)", blocks["sh"][0], re.MULTILINE))
    return (
        harness.clean_environment()
        | found
        | {
            "SIMIO_CLIENT_ID": credential["client_id"],
            "SIMIO_CLIENT_SECRET": credential["client_secret"],
        }
        | tools.trusting(server.data_dir / "ca.pem")
    )


def _run(command: list[str], code: str, folder: Path, environment: dict[str, str]) -> str:
    script = folder / "script"
    script.write_text(code)
    ended = subprocess.run(
        [*command, os.fspath(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def _check(rows: Any) -> None:  # noqa: ANN401 - Arrow has no stubs
    assert rows.num_rows == 5000
    for column, level, share in (("segment", "Premium", 0.55), ("channel", "Online", 0.70)):
        made = rows[column].to_pylist()
        assert made.count(level) == pytest.approx(share * 5000, abs=1)
    assert 25 <= min(rows["age"].to_pylist()) <= max(rows["age"].to_pylist()) <= 44


@pytest.fixture
def speaking(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]
) -> Callable[[str], tuple[list[str], dict[str, str]]]:
    """The command that runs a script of a language, and its variables."""
    library = tmp_path_factory.mktemp("packages")

    def speak(language: str) -> tuple[list[str], dict[str, str]]:
        match language:
            case "python":
                return [sys.executable], environment
            case "r":
                return ["Rscript"], environment | tools.r(library)
            case "julia":
                command, its = tools.julia(library)
                return command, environment | its
        tools.need("curl", "jq")
        return [language], environment

    return speak


@pytest.mark.parametrize("language", ["python", "sh", "r", "julia"])
def test_the_quickstart_of_the_page_runs_as_it_stands(
    language: str,
    blocks: dict[str, list[str]],
    environment: dict[str, str],
    speaking: Callable[[str], tuple[list[str], dict[str, str]]],
    tmp_path: Path,
) -> None:
    command, variables = speaking(language)
    _run([sys.executable], blocks["python"][0], tmp_path, environment)
    told = _run(command, blocks[language][-1], tmp_path, variables)
    assert "ready 5000 rows" in told
    if language == "python":
        _check(pq.read_table(tmp_path / "synthetic.parquet"))
    elif language == "sh":
        rows, _ = pyreadstat.read_sav(tmp_path / "synthetic.sav", apply_value_formats=True)
        _check(pa.Table.from_pandas(rows))
    else:
        _check(pyarrow.csv.read_csv(tmp_path / "synthetic.csv"))


def test_spss_reads_the_rows_as_the_page_says(blocks: dict[str, list[str]], tmp_path: Path) -> None:
    """PSPP stands in for SPSS."""
    tools.need("pspp")
    ages = range(25, 46)
    columns = {
        "segment": "Premium",
        "channel": "Online",
        "purchase_intent": [it + 40 for it in ages],
    }
    pyreadstat.write_sav(pd.DataFrame({"age": ages, **columns}), tmp_path / "synthetic.sav")
    (syntax,) = blocks["spss"]
    told = _run(["pspp"], syntax, tmp_path, harness.clean_environment() | tools.ENGLISH)
    assert not re.search("error|warning", told), told
    assert re.search(r"Premium\W+21\W+100[.]0%", told), told
    assert re.search(r"Premium\W+75[.]00\W+21", told), told


@pytest.mark.parametrize("language", ["r", "julia"])
def test_the_helper_of_a_language_is_used_as_its_page_says(
    language: str,
    blocks: dict[str, list[str]],
    environment: dict[str, str],
    speaking: Callable[[str], tuple[list[str], dict[str, str]]],
    tmp_path: Path,
) -> None:
    command, variables = speaking(language)
    if language == "r":
        library = Path(variables["R_LIBS"])
        tools.install_r_package(tools.ROOT / "clients" / "r", library)
    _run([sys.executable], blocks["python"][0], tmp_path, environment)
    words = {"r": "library(simulacra)", "julia": "using DataFrames, Simulacra"}[language]
    told = _run(command, tools.block(language, words), tmp_path, variables)
    assert "ready 5000 rows" in told
    assert "5000 rows; used this month: " in told


def test_the_page_on_access_leads_from_a_request_to_a_token_and_a_new_secret(
    server: harness.ServerProcess, tmp_path: Path
) -> None:
    tools.need("curl", "jq")
    text = httpx.get(f"{server.url}/__docs__/access.md", verify=server.tls).text
    api, ask, wait, claim, where, mint, rotate = [code for _, code in BLOCK.findall(text)]
    known = harness.clean_environment() | {"CURL_CA_BUNDLE": str(server.data_dir / "ca.pem")}
    asked = _run(["sh"], f"{api}{ask}echo $REQUEST_ID", tmp_path, known)
    known["REQUEST_ID"] = asked.strip()
    server.operate("approve", known["REQUEST_ID"])
    assert _run(["sh"], api + wait, tmp_path, known).strip() == "approved"
    claimed = json.loads(_run(["sh"], api + claim, tmp_path, known))
    server.secrets.add(claimed["client_secret"])
    known |= {"CLIENT_ID": claimed["client_id"], "CLIENT_SECRET": claimed["client_secret"]}
    rotated = json.loads(_run(["sh"], api + where + mint + rotate, tmp_path, known))
    server.secrets.add(rotated["credential_claim_token"])
    assert rotated["status"] == "pending"


class Agent:
    """A program that knows the address of llms.txt and has a study, and no more."""

    def __init__(self, http: httpx.Client) -> None:
        self.http, self.credential = http, dict[str, Any]()
        self.manual = http.get("/llms.txt").text
        address = re.search(r"\[OpenAPI document\]\((\S+)\)", self.manual)
        assert address is not None
        self.contract = http.get(address[1]).json()
        self.operations = {
            operation["operationId"]: (method, path, operation)
            for method, path, operation in reference.each(self.contract)
        }

    def mint(self) -> None:
        minting = re.search(r"Tokens come from (\S+) .* for the audience `(\S+)`", self.manual)
        assert minting is not None
        asked = {
            "grant_type": "client_credentials",
            "audience": minting[2],
            "client_id": self.credential["client_id"],
            "client_secret": self.credential["client_secret"],
        }
        token = self.http.post(minting[1], json=asked).raise_for_status().json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def call(self, operation_id: str, found: dict[str, Any], **content: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx's
        """Call an operation with what earlier answers have given, and take the ids of this one."""
        method, path, operation = self.operations[operation_id]
        headers = {}
        if any(it.get("name") == "Idempotency-Key" for it in operation.get("parameters", [])):
            headers["Idempotency-Key"] = f"agent-{operation_id}"
        answer = self.http.request(
            method, path.format_map(found), headers=headers, **content
        ).raise_for_status()
        body: dict[str, Any] = answer.json()
        found |= {name: value for name, value in body.items() if name.endswith(("_id", "_url"))}
        return body

    def finish(self, found: dict[str, Any]) -> None:
        while self.call("getJob", found, params={"wait_seconds": 20})["status"] != "completed":
            pass


@pytest.fixture
def agent(server: harness.ServerProcess) -> Iterator[Agent]:
    with httpx.Client(base_url=server.url, verify=server.tls, timeout=harness.SECONDS) as http:
        yield Agent(http)


def _get_access(
    agent: Agent, server: harness.ServerProcess, step: str, found: dict[str, Any]
) -> None:
    """Take one of the steps from nothing to a token; an operator approves in between."""
    match step:
        case "createSignup":
            asking = {"company_name": "Agent", "contact_email": "agent@agent.example"}
            assert agent.call(step, found, json=asking)["status"] == "pending"
        case "getSignup":
            assert agent.call(step, found)["status"] == "pending"
            server.operate("approve", found["request_id"])
            decided = agent.call(step, found)
            assert decided["status"] == "approved"
            found["claim_token"] = decided["credential_claim_token"]
            server.secrets.add(found["claim_token"])
        case "claimCredential":
            claim = {"claim_token": found["claim_token"]}
            agent.credential = agent.call(step, found, json=claim)
            server.secrets.add(agent.credential["client_secret"])
        case _:
            agent.mint()


def test_a_script_that_reads_llms_txt_gets_from_nothing_to_rows(
    agent: Agent, server: harness.ServerProcess, study_csv: bytes
) -> None:
    steps = [it["id"] for it in LINK.finditer(agent.manual)]
    found: dict[str, Any] = {}
    for step in steps:
        match step:
            case "createSignup" | "getSignup" | "claimCredential" | "issueToken":
                _get_access(agent, server, step, found)
            case "createDataset":
                agent.call(step, found, files={"seed_file": ("study.csv", study_csv)})
            case "getJob":
                agent.finish(found)
            case "getDatasetSchema":
                schema = agent.call(step, found)["schema"]
            case "createGeneration":
                column = next(it for it in schema if it["name"] == "segment")
                conditions = {"categorical": {column["name"]: {column["levels"][0]: 0.5}}}
                agent.call(step, found, json={"row_count": 100, "conditions": conditions})
                agent.finish(found)
            case "getGeneration":
                assert agent.call(step, found)["status"] == "ready"
            case "downloadArtifact":
                rows = agent.http.get(found["artifact_url"]).raise_for_status().content
            case _:
                raise AssertionError(step)
    assert rows[:4] == b"PAR1"
    for step in steps[:-1]:  # the links of the contract lead the same way
        responses = agent.operations[step][2]["responses"].values()
        assert any(answer.get("links") for answer in responses), step


def test_the_manuals_are_true_to_the_installation_and_are_not_sent_twice(
    server: harness.ServerProcess,
) -> None:
    with httpx.Client(base_url=server.url, verify=server.tls) as http:
        short, full = http.get("/llms.txt"), http.get("/llms-full.txt")
        for manual in (short, full):
            assert manual.headers["content-type"].startswith("text/markdown")
            known = {"If-None-Match": manual.headers["etag"]}
            assert http.get(manual.url.path, headers=known).status_code == 304
            assert manual.text.startswith("# Simulacra\n\n> ")
            assert server.url in manual.text
            assert "{{" not in manual.text
            for target in set(re.findall(r"\]\((https://[^)#]+)", manual.text)):
                assert http.get(target, follow_redirects=True).status_code == 200, target
        contract = http.get("/openapi.json").json()
        for _, path, operation in reference.each(contract):
            assert f"### {operation['operationId']}: " in full.text
            assert path in full.text
        for entry in http.get("/errors").json()["errors"]:
            assert f"### {entry['code']} ({entry['status']})" in full.text
        releases = http.get("/v1/whats-new").json()["releases"]
        assert releases
        assert all(release["changes"] for release in releases)
