import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulacra.cli import main
from tests.cli.served import serve_once


def create_tenant(data_dir: Path, *options: str) -> str:
    """Make a tenant with no server running, in a process of its own."""
    serve_once(data_dir)
    command = [sys.executable, "-m", "simulacra.cli.main", "operator", "create-tenant"]
    names = ["--company", "Acme Research", "--email", "data@acme.example"]
    ended = subprocess.run(
        [*command, *names, "--data-dir", str(data_dir), *options],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    return ended.stdout


def test_json_is_one_object_with_the_four_members(tmp_path: Path) -> None:
    credential = json.loads(create_tenant(tmp_path / "data", "--json"))
    assert set(credential) == {"client_id", "client_secret", "token_url", "audience"}
    assert re.fullmatch(r"[A-Za-z0-9]{64}", credential["client_secret"])
    assert credential["token_url"] == "https://localhost:8443/oauth/token"
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            assert credential["client_secret"].encode() not in path.read_bytes(), path


def test_people_get_a_table(tmp_path: Path) -> None:
    printed = create_tenant(tmp_path / "data")
    assert "Acme Research is active" in printed
    assert re.search(r"client_secret +[A-Za-z0-9]{64}\n", printed)
    assert "shown this once" in printed


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--company", " ", "--email", "a@b.example"], "empty"),
        (["--company", "A", "--email", "nobody"], "address"),
        (["--company", "A"], "--email"),
    ],
)
def test_bad_arguments_are_explained(
    options: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(["operator", "create-tenant", *options])
    assert ended.value.code == 2
    assert word in capsys.readouterr().err
