"""The helpers for other languages against a real server, with faults between: nothing doubled."""

import csv
import http.server
import itertools
import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harness import SECONDS, ServerProcess, clean_environment
from tests.acceptance.languages import http_jl, tools
from tests.acceptance.languages.between import Between

CLIENTS = Path(__file__).parents[2] / "clients"
FAULTS = {
    "/oauth/token": ["unreached", "503"],
    "/v1/datasets": ["unreached", "answer lost", "503", "429"],
    "/generations": ["answer lost", "503", "unreached", "429"],
    "/artifact": ["cut", "503", "answer lost"],
}


@pytest.fixture
def between(server: ServerProcess) -> Iterator[Between]:
    with Between(server).running() as it:
        yield it


def variables(server: ServerProcess, between: Between) -> dict[str, str]:
    """Those of a client of a new tenant, whose requests pass what is between."""
    credential = server.create_tenant("Speakers of other languages")
    server.secrets.add(credential["client_secret"])
    return clean_environment() | {
        "SIMIO_API_BASE": between.url,
        "SIMIO_AUDIENCE": credential["audience"],
        "SIMIO_CLIENT_ID": credential["client_id"],
        "SIMIO_CLIENT_SECRET": credential["client_secret"],
        "SIMIO_CA_FILE": os.fspath(server.data_dir / "ca.pem"),
    }


def check_nothing_doubled(between: Between) -> None:
    """All faults have happened, and the attempts of one intent had one key."""
    assert between.faults == {end: [] for end in FAULTS}
    for path in ("/v1/datasets", "/generations"):
        keys = [key for method, it, key in between.seen if method == "POST" and it.endswith(path)]
        assert None not in keys
        assert keys[:5] == keys[:1] * 5  # four faults, and what came of it
        assert keys[0] not in keys[5:]


def test_the_r_package_passes_its_check_and_its_tests(
    server: ServerProcess, between: Between, tmp_path: Path
) -> None:
    """R CMD check compares code and manual, and runs the tests of the package, on this server."""
    tools.need("R", "Rscript")
    between.faults = {end: [*faults] for end, faults in FAULTS.items()}
    library = tmp_path / "library"
    library.mkdir()
    environment = variables(server, between) | tools.r_with_arrow(library) | tools.ENGLISH
    for words in (
        ["R", "CMD", "build", os.fspath(CLIENTS / "r")],
        ["R", "CMD", "check", "--no-manual", "simulacra_0.1.0.tar.gz"],
    ):
        ended = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        logs = [*tmp_path.glob("simulacra.Rcheck/tests/*.Rout*")]
        told = "\n".join([ended.stdout, ended.stderr, *(it.read_text() for it in logs)])
        assert ended.returncode == 0, told
    assert "Status: OK" in ended.stdout, told
    assert "SKIP 0" in told, told
    check_nothing_doubled(between)


def test_the_secret_of_an_r_client_follows_no_redirection() -> None:
    tools.need("Rscript")
    seen: list[tuple[str, bytes]] = []

    class Redirecting(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(307)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    script = """
        source(commandArgs(TRUE)[[1]])
        service <- sim_connect(commandArgs(TRUE)[[2]], "me", "secret", retry_seconds = 0)
        tryCatch(sim_usage(service), error = function(it) cat(conditionMessage(it)))
    """
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        ended = subprocess.run(
            ["Rscript", "-e", script, os.fspath(CLIENTS / "r" / "R" / "simulacra.R"), url],
            env=clean_environment() | tools.ENGLISH | {"no_proxy": "127.0.0.1"},
            capture_output=True,
            text=True,
            check=False,
        )
        server.shutdown()
    assert "answered 307" in ended.stdout, ended.stderr
    assert [path for path, _ in seen] == ["/oauth/token"]


def test_the_julia_package_passes_its_tests(
    server: ServerProcess, between: Between, tmp_path: Path
) -> None:
    command, environment = tools.julia(tmp_path)
    between.faults = {end: [*faults] for end, faults in FAULTS.items()}
    ended = subprocess.run(
        [*command, os.fspath(CLIENTS / "julia" / "test" / "runtests.jl")],
        cwd=tmp_path,
        env=variables(server, between) | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Refusals have the types of their codes" in ended.stdout
    check_nothing_doubled(between)


def test_a_form_has_the_bytes_of_http_jl() -> None:
    """As HTTP.Form writes them for a Dict with an HTTP.Multipart and a text."""
    parts = [
        http_jl.Part("seed_file", "a,b\n1,2\n", "seed.csv", "text/csv"),
        http_jl.Part("wait_seconds", "10"),
    ]
    boundary, body = http_jl.form(parts)
    assert body.decode().split("\r\n") == [
        f"--{boundary}",
        'Content-Disposition: form-data; name="seed_file"; filename="seed.csv"',
        "Content-Type: text/csv",
        "",
        "a,b\n1,2\n",
        f"--{boundary}",
        'Content-Disposition: form-data; name="wait_seconds"',
        "",
        "10",
        f"--{boundary}--",
        "",
    ]
    sent = http_jl.message("POST", "https://localhost:8443/v1/datasets", [("A", "b")], parts)
    head, _, rest = sent.partition(b"\r\n\r\n")
    names = [line.partition(": ")[0] for line in head.decode().split("\r\n")]
    assert names == [
        "POST /v1/datasets HTTP/1.1",
        *("A", "Host", "Accept", "User-Agent", "Content-Length", "Content-Type", "Accept-Encoding"),
    ]
    assert f"Content-Length: {len(rest)}\r\n" in head.decode()


class JuliaScript:
    """The requests of the guide's script for Julia, as HTTP.jl sends them over a raw socket."""

    def __init__(self, server: ServerProcess) -> None:
        self._server = server
        self._bearer: list[tuple[str, str]] = []

    def fetch(
        self,
        method: str,
        path: str,
        content: Sequence[http_jl.Part] | str | None = None,
        *headers: tuple[str, str],
    ) -> bytes:
        url = self._server.url + path
        sent = http_jl.message(method, url, [*self._bearer, *headers], content)
        status, body = http_jl.send(url, sent, self._server.tls)
        assert status < 300, body
        return body

    def post_json(
        self, path: str, document: dict[str, Any], *headers: tuple[str, str]
    ) -> dict[str, Any]:
        kind = ("content-type", "application/json")
        answer: dict[str, Any] = json.loads(
            self.fetch("POST", path, json.dumps(document), kind, *headers)
        )
        return answer

    def mint(self, credential: dict[str, str]) -> None:
        asked = credential | {"grant_type": "client_credentials"}
        token = self.post_json("/oauth/token", asked)["access_token"]
        self._server.secrets |= {token, credential["client_secret"]}
        self._bearer = [("Authorization", f"Bearer {token}")]

    def poll(self, path: str, *ends: str) -> dict[str, Any]:
        deadline = time.monotonic() + SECONDS
        document: dict[str, Any] = json.loads(self.fetch("GET", path))
        while document["status"] not in ends:
            assert time.monotonic() < deadline, document
            time.sleep(0.2)
            document = json.loads(self.fetch("GET", path))
        return document


def test_what_http_jl_sends_is_accepted(server: ServerProcess, study_csv: bytes) -> None:
    """In whichever order a Dict of Julia has the parts of a form."""
    made = server.create_tenant("HTTP.jl")
    script = JuliaScript(server)
    script.mint({key: made[key] for key in ("client_id", "client_secret", "audience")})
    parts = [
        http_jl.Part("seed_file", study_csv.decode(), "seed.csv", "text/csv"),
        http_jl.Part("display_name", "Quickstart seed"),
        http_jl.Part("wait_seconds", "0"),
    ]
    key = ("Idempotency-Key", "dataset-1")  # so that all six are one upload
    bodies = [
        json.loads(script.fetch("POST", "/v1/datasets", order, key))
        for order in itertools.permutations(parts)
    ]
    (dataset_id,) = {body["dataset_id"] for body in bodies}
    script.poll(f"/v1/jobs/{bodies[0]['job_id']}", "completed")
    schema = json.loads(script.fetch("GET", f"/v1/datasets/{dataset_id}/schema"))
    assert "segment" in [column["name"] for column in schema["schema"]]
    begun = script.post_json(
        f"/v1/datasets/{dataset_id}/generations",
        {
            "row_count": 500,
            "output_format": "csv",
            "seed": 20260430,
            "wait_seconds": 20,
            "conditions": {"categorical": {"segment": {"Premium": 0.55}}},
        },
        ("Idempotency-Key", "generation-1"),
    )
    generation = script.poll(f"/v1/generations/{begun['generation_id']}", "ready", "partial")
    artifact = script.fetch("GET", generation["artifact_url"]).decode().splitlines()
    segments = [row["segment"] for row in csv.DictReader(artifact)]
    assert (len(segments), segments.count("Premium")) == (500, 275)
