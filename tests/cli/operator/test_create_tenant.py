import json
import re
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from simulacra.cli import main
from tests.cli.operator.conftest import Run
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


def test_a_file_gets_the_secret_alone(tmp_path: Path) -> None:
    file = tmp_path / "acme's.env"
    printed = create_tenant(tmp_path / "data", "--env-file", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (secret,) = re.findall(
        r"^export SIMIO_CLIENT_SECRET=([A-Za-z0-9]{64})$", file.read_text(), re.MULTILINE
    )
    assert secret not in printed
    assert f". {shlex.quote(str(file))}\n" in printed


def test_json_names_the_file_in_the_place_of_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "acme.env"
    credential = json.loads(create_tenant(tmp_path / "data", "--json", "--env-file", str(file)))
    assert set(credential) == {"client_id", "token_url", "audience", "env_file"}
    assert credential["env_file"] == str(file)


def test_a_file_that_is_there_is_kept_and_no_tenant_is_made(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "acme.env"
    file.write_text("mine")
    words = ("create-tenant", "--company", "Acme", "--email", "a@acme.example")
    assert "is there already" in run(*words, "--env-file", str(file), code=1)
    assert file.read_text() == "mine"
    assert json.loads(run("tenants", "list", "--json")) == []


def test_no_file_is_left_without_a_tenant(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@127.0.0.1:1/x")
    file = tmp_path / "acme.env"
    words = ("create-tenant", "--company", "Acme", "--email", "a@acme.example")
    assert "does not answer" in run(*words, "--env-file", str(file), code=1)
    assert not file.exists()


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
