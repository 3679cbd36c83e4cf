"""From nothing to rows, as `docs/quickstart.md` and what the commands print say it is done.

Each block is pasted as it stands into a new shell, behind a proxy, in folders whose names a shell
would take apart.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.csv
import pyarrow.parquet as pq
import pyreadstat
import pytest

from tests.acceptance import harness

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "quickstart.md").read_text()
SECTION = re.compile(r"^#{2,3} (?P<title>.+)\n(?P<text>(?:.*\n)*?)(?=^#{2,3} |\Z)", re.MULTILINE)
BLOCK = re.compile(
    r"(?:[Ss]ave this as `(?P<name>[\w.]+)`[^`]*)?^```(?P<language>\w+)\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
VARYING = (
    (re.compile(r"\b[a-z]+_[A-Za-z0-9]{24}\b|\b[A-Za-z0-9]{32}\b"), "ID"),
    (re.compile(r"\d+(\.\d+)?"), "1"),  # ports and seconds; figures may differ between processors
    (re.compile(r"[ -]+"), " "),  # and so may the widths of columns
    (re.compile(r" \n"), "\n"),
)


class Block(NamedTuple):
    """A block of the page; `name` is that of the file that it is saved as."""

    name: str | None
    language: str
    code: str


SECTIONS = {
    found["title"]: [
        Block(it["name"], it["language"], it["code"]) for it in BLOCK.finditer(found["text"])
    ]
    for found in SECTION.finditer(TEXT)
}


def alike(text: str) -> str:
    """A text without what differs from run to run."""
    for pattern, written in VARYING:
        text = pattern.sub(written, text)
    return text


class Reader:
    """Somebody who knows nothing but the page, in the folder of the page."""

    def __init__(self, folder: Path, home: Path, port: int) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.defpath,
            "HOME": os.fspath(home),
            "SIMULACRA_PORT": str(port),  # where the page says 8443
            "https_proxy": "http://127.0.0.1:1",  # as a company's: nothing of ours is behind it
        }
        self.greeting = ""

    def paste(self, lines: str, folder: Path | None = None, typed: str = "") -> str:
        """What a new shell prints."""
        ended = subprocess.run(
            ["sh", "-euc", lines],
            cwd=folder or self.folder,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, f"{lines}\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def follow(self, title: str, *tools: str) -> None:
        """Do what a section says, and see what it says is printed."""
        if missing := [it for it in tools if shutil.which(it, path=os.defpath) is None]:
            pytest.skip(f"{', '.join(missing)} is not installed")
        printed = ""
        for name, language, code in SECTIONS[title]:
            if name is not None:
                (self.folder / name).write_text(code)
            elif language == "text":
                self.check(code, printed)
            else:
                assert language == "sh", f"nobody says what is done with this: {code}"
                printed = self.paste(code)

    def check(self, said: str, printed: str) -> None:
        """Compare what the page says is printed with what is."""
        here = os.path.realpath(self.folder)
        printed = printed.replace(here, "/home/ann/simulacra")
        assert alike(said) in alike(printed)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A reader in a folder with an installed environment, with a server, credential and study."""
    home, folder = (tmp_path_factory.mktemp(name) / "o'clock & $HOME" for name in ("home", "page"))
    for it in (home, folder):
        it.mkdir()
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "clients").symlink_to(ROOT / "clients")
    server = harness.ServerProcess(folder / "simulacra-data", harness.free_port(), {})
    reader = Reader(folder, home, server.port)
    start = SECTIONS["1. Start a server"][1].code.splitlines()[-1]
    with (folder / "serve.log").open("w") as log:
        server.process = subprocess.Popen(
            ["sh", "-c", f"exec {start}"],
            cwd=folder,
            env=reader.environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        server._read_greeting()
        reader.greeting = server.greeting
        reader.check(SECTIONS["1. Start a server"][2].code, reader.greeting)
        reader.follow("2. Get a credential")
        reader.follow("3. Make a study")
        yield reader
    finally:
        server.stop()
    assert server.processes() == []


def check_rows(rows: Any) -> None:  # noqa: ANN401 - Arrow has no stubs
    assert rows.num_rows == 5000
    for column, level, share in (("segment", "Premium", 0.55), ("channel", "Online", 0.70)):
        made = rows[column].to_pylist()
        assert made.count(level) == pytest.approx(share * 5000, abs=1)
    assert 25 <= min(rows["age"].to_pylist()) <= max(rows["age"].to_pylist()) <= 44


def test_make_starts_the_same_server() -> None:
    with_make, without, _ = (block.code for block in SECTIONS["1. Start a server"])
    told = subprocess.run(
        [*with_make.split(), "--dry-run", "--no-print-directory"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines()[-1] == without.splitlines()[-1]


def test_the_command_line_makes_rows(reader: Reader) -> None:
    reader.follow("The command line", "jq")
    check_rows(pyarrow.csv.read_csv(reader.folder / "synthetic.csv"))


def test_python_makes_rows(reader: Reader) -> None:
    reader.follow("Python")
    check_rows(pq.read_table(reader.folder / "synthetic.parquet"))


def test_curl_makes_rows(reader: Reader) -> None:
    reader.follow("curl", "curl", "jq")
    check_rows(pyarrow.csv.read_csv(reader.folder / "synthetic.csv"))


def test_r_makes_rows(reader: Reader) -> None:
    (reader.folder / "synthetic.csv").unlink(missing_ok=True)
    reader.follow("R", "Rscript")
    check_rows(pyarrow.csv.read_csv(reader.folder / "synthetic.csv"))


def test_spss_reads_the_rows(reader: Reader) -> None:
    reader.follow("curl", "curl", "jq")
    reader.follow("SPSS", "pspp")
    frame, _ = pyreadstat.read_sav(reader.folder / "synthetic.sav", apply_value_formats=True)
    check_rows(pyarrow.Table.from_pandas(frame))


def test_a_customer_gets_a_credential(reader: Reader) -> None:
    reader.follow("Or as customers get it", "curl", "jq")
    ask = "from simulacra.client import Simulacra; print(Simulacra().usage())"
    assert reader.paste(f". ./beta.env\n.venv/bin/python -c '{ask}'").strip()
    assert (reader.folder / "beta.env").stat().st_mode & 0o077 == 0


def offered(text: str) -> list[str]:
    """The blocks of lines that a text offers."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("  "):
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return ["\n".join(block) for block in blocks if block]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "else where"
    folder.mkdir()
    return folder


def test_the_first_words_lead_to_rows_from_any_folder(reader: Reader, elsewhere: Path) -> None:
    _, create = offered(reader.greeting)
    _, use = offered(reader.paste(create, elsewhere))
    file = Path(reader.environment["HOME"], "simulacra.env")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    reader.paste(use, elsewhere)
    assert pyarrow.csv.read_csv(elsewhere / "synthetic.csv").num_rows == 5000


def test_a_secret_that_is_typed_in_leads_to_rows_too(reader: Reader, elsewhere: Path) -> None:
    _, create = offered(reader.greeting)
    printed = reader.paste(create.replace("--env-file ~/simulacra.env", ""), elsewhere)
    fields, variables, use = offered(printed)
    (secret,) = (line.split()[1] for line in fields.splitlines() if "client_secret" in line)
    assert secret not in variables + use
    reader.paste(f"{variables}\n{use}", elsewhere, typed=f"{secret}\n")
    assert pyarrow.csv.read_csv(elsewhere / "synthetic.csv").num_rows == 5000
