"""What goes wrong at a terminal is said in one sentence: no trace, no secret."""

from pathlib import Path

import psycopg
import pytest
import sqlalchemy.exc

from simulacra.cli import failures
from simulacra.cli.main import main
from tests.cli.served import serve_once


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "SIMULACRA_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that fails and return what it says."""
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("simulacra: ")
    return printed.err


@pytest.mark.parametrize("command", ["api", "worker", "migrate"])
def test_a_process_without_a_database_is_told(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert "DATABASE_URL" in refusal(capsys, command)


def test_a_database_that_does_not_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:1/x")
    serve_once(tmp_path)
    create = ("operator", "create-tenant", "--company", "Acme", "--email", "a@acme.example")
    for command in (("migrate",), (*create, "--data-dir", str(tmp_path))):
        message = refusal(capsys, *command)
        assert "does not answer" in message
        assert "hunter2" not in message


def test_a_role_that_may_not_migrate_is_told_which_one_may() -> None:
    denied = psycopg.errors.InsufficientPrivilege("permission denied for schema public")
    message = failures.explain(sqlalchemy.exc.ProgrammingError("CREATE ...", {}, denied))
    assert message is not None
    assert "permission denied for schema public" in message
    assert "SIMULACRA_MIGRATION_DATABASE_URL" in message


def test_a_data_directory_that_is_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "data"
    file.touch()
    create = ("operator", "create-tenant", "--company", "Acme", "--email", "a@acme.example")
    for command in (("serve",), create):
        assert str(file) in refusal(capsys, *command, "--data-dir", str(file))


@pytest.mark.parametrize("url", ["", "postgresql://u@127.0.0.1:1/x"])
def test_a_data_directory_that_was_never_served(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    """A mistyped path is not made an installation, with a key and a database of its own."""
    monkeypatch.setenv("DATABASE_URL", url)
    never = tmp_path / "never"
    command = ("operator", "tenants", "list", "--data-dir", str(never))
    assert f"No server has run on {never}" in refusal(capsys, *command)
    assert not never.exists()


def test_a_shell_without_the_key_makes_none(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@127.0.0.1:1/x")
    for command in (("operator", "tenants", "list"), ("api",), ("worker",), ("ready",)):
        assert "There is no master key" in refusal(capsys, *command)
    assert not any(tmp_path.iterdir())


def test_a_fault_of_ours_keeps_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down() -> None:
        raise KeyError("ours")

    monkeypatch.setattr("simulacra.cli.settings.load", break_down)
    with pytest.raises(KeyError, match="ours"):
        main(["migrate"])
