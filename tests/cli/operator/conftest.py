"""The verbs of `simulacra operator` on the test database."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from simulacra.cli import main
from tests.cli.served import serve_once

Run = Callable[..., str]


@pytest.fixture
def run(
    empty_dsn: str,
    owner_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a verb and return what it prints on standard output, or on the other if it fails."""
    monkeypatch.setenv("DATABASE_URL", empty_dsn)
    monkeypatch.setenv("SIMULACRA_MIGRATION_DATABASE_URL", owner_dsn)
    monkeypatch.delenv("SIMULACRA_CONFIG", raising=False)
    serve_once(tmp_path)

    def run(*words: str, stdin: str = "", code: int | None = 0) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        ended = main.main(["operator", *words, "--data-dir", str(tmp_path)])
        assert code in (None, ended)
        printed = capsys.readouterr()
        assert not stdin.strip() or stdin.strip() not in printed.out + printed.err
        return printed.out or printed.err

    return run
