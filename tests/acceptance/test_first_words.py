"""What `serve` and `create-tenant` print is pasted into new shells, and leads to rows."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow.csv
import pytest

from tests.acceptance import harness

PROXY = {"https_proxy": "http://127.0.0.1:1"}
"""A proxy like a company's, which does not lead to this machine; nothing listens there."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.ServerProcess]:
    """A server in a folder whose name a shell would take apart."""
    folder = tmp_path_factory.mktemp("first") / "o'clock & $HOME"
    with harness.running_server(folder, **PROXY) as it:
        yield it


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / 'home of "ann"'
    folder.mkdir()
    return folder


def pasted(text: str) -> list[str]:
    """The blocks of lines that a text offers to be pasted."""
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("  "):
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    return ["\n".join(block) for block in blocks if block]


def new_shell(lines: str, home: Path, typed: str = "") -> str:
    """What a shell prints that knows nothing but where programs and its home are."""
    elsewhere = home.parent / "else where"
    elsewhere.mkdir(exist_ok=True)
    ended = subprocess.run(
        ["sh", "-euc", lines],
        cwd=elsewhere,
        env={"PATH": os.defpath, "HOME": str(home), **PROXY},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def create_command(server: harness.ServerProcess) -> str:
    return pasted(server.greeting)[1]


def test_the_words_lead_from_a_server_to_rows(server: harness.ServerProcess, home: Path) -> None:
    printed = new_shell(create_command(server), home)
    file = home / "simulacra.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    _, use = pasted(printed)
    new_shell(use, home)
    rows = pyarrow.csv.read_csv(home.parent / "else where" / "synthetic.csv")
    assert rows.num_rows == 5000
    assert set(rows["segment"].to_pylist()) == {"Mainstream", "Premium", "Value"}


def test_a_secret_that_is_typed_in_leads_to_rows_too(
    server: harness.ServerProcess, home: Path
) -> None:
    command = create_command(server).replace("--env-file ~/simulacra.env", "")
    fields, variables, use = pasted(new_shell(command, home))
    (secret,) = (line.split()[1] for line in fields.splitlines() if "client_secret" in line)
    assert secret not in variables + use
    new_shell(f"{variables}\n{use}", home, typed=f"{secret}\n")
    rows = pyarrow.csv.read_csv(home.parent / "else where" / "synthetic.csv")
    assert rows.num_rows == 5000
