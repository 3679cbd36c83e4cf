"""What `simulacra serve` says first; tests/acceptance/test_quickstart.py does what it says."""

import base64
import os
from pathlib import Path

import pytest

from simulacra.cli import serve
from simulacra.service.settings import Settings


@pytest.fixture(autouse=True)
def no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name == "DATABASE_URL" or name.startswith("SIMULACRA_"):
            monkeypatch.delenv(name)


def words(capsys: pytest.CaptureFixture[str], data_dir: Path, **settings: object) -> str:
    (data_dir / "ca.pem").touch()  # of nobody, so no server is found
    serve._announce(Settings(data_dir=data_dir, port=1, **settings))  # type: ignore[arg-type]  # checked by pydantic
    return capsys.readouterr().out


def test_a_server_that_is_not_ready_says_where_the_reason_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert "not ready; /readyz says why" in words(capsys, tmp_path)


def test_the_authority_is_for_clients_or_for_the_reverse_proxy(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    line = f"  CA file  {tmp_path / 'ca.pem'}"
    assert f"{line}\n" in words(capsys, tmp_path)
    behind = words(capsys, tmp_path, base_url="https://api.acme.example")
    assert f"{line} (for the reverse proxy to trust)\n" in behind
    assert "  Pages    https://api.acme.example/__docs__/\n" in behind


def test_variables_that_another_shell_needs_are_named_without_their_values(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "the variables of" not in words(capsys, tmp_path)
    monkeypatch.setenv("SIMULACRA_PORT", "1")  # the data directory says it
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:1/x")
    monkeypatch.setenv("SIMULACRA_MASTER_KEY", base64.b64encode(b"hunter3".ljust(32)).decode())
    monkeypatch.setenv("SIMULACRA_SUPPORT_CONTACT", "hunter4@acme.example")
    printed = words(capsys, tmp_path)
    named = "DATABASE_URL, SIMULACRA_MASTER_KEY, SIMULACRA_SUPPORT_CONTACT."
    assert f"needs the variables of this one: {named}\n" in printed.replace(",\n", ", ")
    for name in named.rstrip(".").split(", "):
        assert os.environ[name] not in printed
