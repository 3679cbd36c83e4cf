"""The API process keeps no right that serving does not need."""

import os
from pathlib import Path

import pytest

from simulacra.cli import main


def test_the_owners_url_is_forgotten_before_serving(
    dsn: str, owner_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIMULACRA_CONFIG", raising=False)
    monkeypatch.setenv("DATABASE_URL", dsn)
    monkeypatch.setenv("SIMULACRA_MIGRATION_DATABASE_URL", owner_dsn)
    monkeypatch.setenv("SIMULACRA_DATA_DIR", str(tmp_path))
    served = []
    monkeypatch.setattr("uvicorn.run", lambda *_args, **_options: served.append(dict(os.environ)))
    assert main.main(["api", "--migrate"]) == 0
    (environment,) = served
    assert owner_dsn not in environment.values()
    assert environment["DATABASE_URL"] == dsn
