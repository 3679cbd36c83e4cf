"""`simulacra remote` on a real server, as a customer runs it: real processes, and a terminal."""

import contextlib
import csv
import dataclasses
import fcntl
import json
import os
import pty
import re
import shlex
import shutil
import stat
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest

from simulacra.cli.remote import failing
from tests.acceptance import harness
from tests.acceptance.harness import ServerProcess
from tests.acceptance.test_watch import study_of

SCENARIO = ["--share", "segment=Premium:0.55", "channel=Online:0.7", "--range", "age=25:44"]


@dataclasses.dataclass
class Customer:
    """A folder of a customer, with nothing in the environment but where the home is."""

    home: Path
    variables: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        clean = harness.clean_environment()
        for name in ("SSL_CERT_FILE", "XDG_CONFIG_HOME"):
            clean.pop(name, None)
        return clean | {"HOME": str(self.home), "TERM": "xterm", "COLUMNS": "80"} | self.variables

    def run(self, *words: str, stdin: str = "", code: int = 0) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [*harness.SIMULACRA, "remote", *words],
            cwd=self.home, env=self.environment, input=stdin, capture_output=True, text=True,
            check=False, timeout=2 * harness.SECONDS,
        )  # fmt: skip
        assert ended.returncode == code, ended.stderr
        assert "Traceback" not in ended.stderr
        return ended

    def json(self, *words: str, stdin: str = "", code: int = 0) -> Any:  # noqa: ANN401 - JSON
        """Run a command and return the one document that it prints."""
        return json.loads(self.run(*words, "--json", stdin=stdin, code=code).stdout)

    @property
    def profiles(self) -> Path:
        return self.home / ".config" / "simulacra" / "profiles.toml"


@pytest.fixture
def customer(tmp_path: Path, study_csv: bytes) -> Customer:
    """A customer without credentials, with a study."""
    (tmp_path / "meal-kits.csv").write_bytes(study_csv)
    return Customer(tmp_path)


@pytest.fixture
def member(server: ServerProcess, customer: Customer) -> Customer:
    """The same with credentials in a profile."""
    credential = server.create_tenant("Commands")
    server.secrets.add(credential["client_secret"])
    ca_file = str(server.data_dir / "ca.pem")
    customer.run("login", server.url, "--ca-file", ca_file, stdin=json.dumps(credential))
    return customer


def secret_of(customer: Customer, server: ServerProcess) -> str:
    (secret,) = re.findall(r'client_secret = "(.*)"', customer.profiles.read_text())
    server.secrets.add(secret)
    return str(secret)


def test_from_a_request_for_access_to_rows_and_a_new_secret(
    server: ServerProcess, customer: Customer
) -> None:
    signup = [
        *("signup", server.url, "--company", "Acme", "--email", "remote@acme.example"),
        *("--ca-file", str(server.data_dir / "ca.pem")),
    ]
    asked = customer.json(*signup)
    assert asked["status"] == "pending"
    server.operate("approve", asked["request_id"])
    said = customer.run(*signup, "--wait").stdout
    assert f"Logged in to {server.url}" in said
    assert stat.S_IMODE(customer.profiles.stat().st_mode) == 0o600
    secret = secret_of(customer, server)
    assert secret not in said

    uploaded = customer.run("upload", "meal-kits.csv", "--name", "Wave 3").stdout
    assert uploaded.startswith("meal-kits.csv: 800 rows, 7 columns\n  age ")
    (study,) = re.findall(r"Next:  simulacra remote preview (ds_\w+)", uploaded)
    shown = customer.run("schema", study).stdout
    assert "  segment                          nominal   Mainstream, Premium, Value\n" in shown
    assert customer.run("schema", study, "--find", "premium").stdout.startswith("segment ")
    preview = customer.json("preview", study, "--rows", "500", "--seed", "7", *SCENARIO)
    assert preview["status"] == "ready"

    made = customer.run("generate", study, "--rows", "500", "--seed", "7", *SCENARIO)
    assert made.stdout.startswith("500 of 500 rows (ready), seed 7; ")
    rows = pq.read_table(customer.home / "synthetic.parquet")
    assert rows["segment"].to_pylist().count("Premium") == 275
    (generation,) = re.findall(r"of (gen_\w+)\.", made.stdout)
    assert customer.run("report", generation).stdout in made.stdout
    customer.run("report", generation, "--output", "report.html", "--name", "Wave 3")
    assert "<h1>Wave 3</h1>" in (customer.home / "report.html").read_text("utf-8")
    figures = customer.json("report", generation, "--output", "report.json")
    assert figures["file"] == str(customer.home / "report.json")
    kept = json.loads((customer.home / "report.json").read_text("utf-8"))
    assert kept["distributions"]
    again = customer.json("download", generation, "--output", "again.parquet")
    assert again["file"] == str(customer.home / "again.parquet")
    assert pq.read_table(again["file"]).equals(rows)

    table = customer.run("crosstab", generation, "--show", "channel", "--banner", "segment")
    assert "Base (rows)" in table.stdout
    changes = customer.json("compare", generation, "--columns", "monthly_spend")
    assert changes["figures"][0]["column"] == "monthly_spend"
    assert customer.json("usage")["rows_used"] == 500
    assert {job["operation"] for job in customer.json("jobs")["jobs"]} >= {
        "createDataset", "createGeneration", "previewScenario",
    }  # fmt: skip

    assert "has a new secret" in customer.run("rotate").stdout
    assert secret_of(customer, server) != secret
    assert customer.json("usage")["rows_used"] == 500
    customer.run("keep", study, "72")
    customer.run("delete", study, code=failing.USAGE)
    customer.run("delete", study, "--yes")
    assert customer.json("datasets")["datasets"] == []
    customer.run("logout")
    customer.run("usage", code=failing.CREDENTIALS)


PAGE = Path(__file__).parents[2] / "docs" / "remote.md"


def documented() -> list[str]:
    """Return the scripts of the page, but for logging in and signing up, which other tests do."""
    scripts = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [script for script in scripts if not re.search(r"remote (login|signup) ", script)]


def test_the_scripts_of_the_page_run_as_they_stand(member: Customer) -> None:
    (member.home / "scenario.json").write_text('{"categorical": {"segment": {"Premium": 0.55}}}')
    bin_folder = Path(sys.executable).parent
    environment = member.environment
    environment["PATH"] = f"{bin_folder}:{environment['PATH']}"
    made: dict[str, str] = {}
    for script in documented():
        if "jq" in script and shutil.which("jq") is None:
            continue
        lines = script.replace("\\\n", "").splitlines()
        for line in [script] if "jq" in script else lines:
            now = line
            for kind, identifier in made.items():
                now = re.sub(rf"\b{kind}_\w{{20,}}\b", identifier, now)
            ended = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", now],
                cwd=member.home, env=environment, capture_output=True, text=True, check=False,
                timeout=2 * harness.SECONDS,
            )  # fmt: skip
            assert ended.returncode == 0, f"{now}\n{ended.stderr}"
            if " upload " in line or " generate " in line:
                made |= {it[1]: it[0] for it in re.findall(r"((ds|gen)_\w{20,})\b", ended.stdout)}
    assert {"synthetic.csv", "rows.parquet"} <= {path.name for path in member.home.iterdir()}


def test_variables_in_place_of_a_profile(server: ServerProcess, customer: Customer) -> None:
    credential = server.create_tenant("Variables")
    server.secrets.add(credential["client_secret"])
    customer.variables = {
        "SIMIO_API_BASE": server.url,
        "SIMIO_CLIENT_ID": credential["client_id"],
        "SIMIO_CLIENT_SECRET": credential["client_secret"],
        "SSL_CERT_FILE": str(server.data_dir / "ca.pem"),
    }
    assert customer.json("usage")["rows_used"] == 0
    assert not customer.profiles.exists()
    customer.variables["SIMIO_CLIENT_SECRET"] = "x" * 64
    error = customer.json("usage", code=failing.CREDENTIALS)["error"]
    assert error["kind"] == "credentials"


def test_what_was_begun_is_found_by_its_key_and_billed_once(
    server: ServerProcess,  # noqa: ARG001 - the customer's
    member: Customer,
) -> None:
    upload = ["upload", "meal-kits.csv", "--idempotency-key", "wave-3"]
    begun = member.json(*upload, "--no-wait")
    found = member.json(*upload)
    assert (found["dataset_id"], found["status"]) == (begun["dataset_id"], "ready")
    generate = ["generate", found["dataset_id"], "--rows", "50", "--output", "rows.csv"]
    key = ["--idempotency-key", "rows-1"]
    first = member.json(*generate, *key, "--no-wait")
    second = member.json(*generate, *key)
    assert first["generation_id"] == second["generation_id"]
    with (member.home / "rows.csv").open() as file:
        assert len([*csv.DictReader(file)]) == 50
    assert member.json("usage")["rows_used"] == 50
    other = member.json(*generate, *key, "--seed", "1", code=failing.REFUSED)
    assert other["error"]["code"] == "simio_idempotency_conflict"


def test_failures_have_exit_codes_by_their_kind(member: Customer) -> None:
    (member.home / "small.csv").write_text("a,b\n1,2\n")
    failed = member.run("upload", "small.csv", code=failing.JOB_FAILED)
    assert "at least 30" in failed.stderr
    study = member.json("upload", "meal-kits.csv")["dataset_id"]
    wrong = member.run(
        *("generate", study, "--rows", "5", "--share", "segmnt=Premium:0.5"),
        code=failing.REFUSED,
    )
    assert "--share: The schema has no column 'segmnt'. Did you mean" in wrong.stderr
    lines = [f"{18 + n % 30},A" for n in range(200)] + [f"{60 + n % 20},C" for n in range(200)]
    (member.home / "parted.csv").write_text("\n".join(["age,segment", *lines]))
    parted = member.json("upload", "parted.csv")["dataset_id"]
    half = ["--range", "age=18:40", "--share", "segment=A:0.5", "segment=C:0.5"]
    few = member.run("generate", parted, "--rows", "100", *half, code=failing.PARTIAL)
    assert few.stdout.startswith("50 of 100 rows (partial)")
    assert (member.home / "synthetic.parquet").exists()
    member.run("watch", "job_nosuch", code=failing.REFUSED)


def test_an_address_where_nobody_answers_is_soon_said(customer: Customer) -> None:
    (customer.home / "ca.pem").touch()
    nowhere = f"https://localhost:{harness.free_port()}"
    said = customer.run(
        "login", nowhere, "--client-id", "a", stdin="secret", code=failing.UNREACHABLE
    )
    assert "no answer (ConnectError), again and again for 10 seconds" in said.stderr
    assert not customer.profiles.exists() or "secret" not in customer.profiles.read_text()


@dataclasses.dataclass
class Terminal:
    """A program on a terminal, what it shows, and what is typed there."""

    process: subprocess.Popen[bytes]
    screen: int
    shown: bytes = b""

    def wait_for(self, pattern: str) -> None:
        """Read until it shows something; of what was shown before, nothing counts."""
        while not (found := re.search(pattern.encode(), self.shown)):
            self.shown += os.read(self.screen, 4096)
        self.shown = self.shown[found.end() :]

    def type(self, text: str) -> None:
        os.write(self.screen, text.encode())

    def end(self) -> int:
        """Read all that is left, and return the exit code."""
        with contextlib.suppress(OSError):  # the other end is closed
            while part := os.read(self.screen, 4096):
                self.shown += part
        return self.process.wait(harness.SECONDS)


@contextlib.contextmanager
def on_terminal(customer: Customer, *command: str, **variables: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, cwd=customer.home, env=customer.environment | variables,
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads here
    )  # fmt: skip
    os.close(theirs)
    killer = threading.Timer(2 * harness.SECONDS, process.kill)
    killer.start()
    try:
        yield Terminal(process, ours)
    finally:
        killer.cancel()
        process.kill()
        process.wait()
        os.close(ours)


def test_a_secret_is_typed_unseen_and_is_in_no_command_line_and_no_history(
    server: ServerProcess, customer: Customer
) -> None:
    credential = server.create_tenant("Typed")
    secret = credential["client_secret"]
    server.secrets.add(secret)
    line = [*harness.SIMULACRA, "remote", "login", server.url]
    line += ["--ca-file", str(server.data_dir / "ca.pem")]
    history = customer.home / "history"
    with on_terminal(
        customer, "bash", "--norc", "-i", HISTFILE=str(history), PS1="ready> "
    ) as terminal:
        terminal.wait_for("ready> ")
        terminal.type(f"{shlex.join(line)}\n")
        terminal.wait_for(r"Client id \(leave it empty if you have a claim token\): ")
        terminal.type(f"{credential['client_id']}\n")
        terminal.wait_for(r"Client secret \(not shown\): ")
        terminal.type(f"{secret}\n")
        family = psutil.Process(terminal.process.pid).children(recursive=True)
        commands = [word for one in family for word in one.cmdline()]
        terminal.wait_for("Logged in to ")
        terminal.wait_for("ready> ")
        terminal.type("exit\n")
        terminal.end()
    assert "login" in commands
    assert not any(secret in word for word in commands)
    assert secret.encode() not in terminal.shown
    assert "login" in history.read_text()
    written = [path for path in customer.home.rglob("*") if path.is_file()]
    assert [path for path in written if secret in path.read_text()] == [customer.profiles]


def test_ctrl_c_asks_whether_the_job_is_to_end_too(member: Customer) -> None:
    (member.home / "wide.csv").write_bytes(study_of(32_000))
    for answer, is_cancelled in (("n", False), ("y", True)):
        command = [*harness.SIMULACRA, "remote", "upload", "wide.csv"]
        with on_terminal(member, *command) as terminal:
            terminal.wait_for("queued|reading|cleaning|fitting")
            terminal.type("\x03")
            terminal.wait_for("on the server too\\? \\[y/N\\] ")
            terminal.type(f"{answer}\n")
            assert terminal.end() == 130
        said = terminal.shown.decode()
        (job,) = re.findall(r"simulacra remote watch (job_\w+)", said)
        assert re.search(r"--idempotency-key [\w-]+", said)
        status = {it["job_id"]: it["status"] for it in member.json("jobs")["jobs"]}[job]
        assert (status != "processing") is is_cancelled or status == "queued"
        ended = member.json("cancel", job)
        assert ended["job_id"] == job
        member.json("watch", job, code=failing.JOB_FAILED)
