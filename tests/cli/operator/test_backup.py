"""Backups at the terminal: what is refused, and what is said."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simulacra.service import revision

Run = Callable[..., str]


def test_a_backup_is_made_verified_and_put_on_record(run: Run, tmp_path: Path) -> None:
    run("create-tenant", "--company", "Acme", "--email", "a@acme.example")
    file = str(tmp_path / "backup")
    made = json.loads(run("backup", "create", file, "--json"))
    assert (made["objects"], made["missing"], made["revision"]) == (0, [], revision.needed())
    assert json.loads(run("backup", "verify", file, "--json")) == made
    (entry,) = json.loads(run("audit", "list", "--action", "backup.created", "--json"))
    assert entry["details"]["bytes"] == made["size_bytes"]
    assert "already" in run("backup", "create", file, code=1)
    assert "Unbroken" in run("audit", "verify", "--head", made["trail_head"])


def test_a_place_that_is_not_empty_is_left_alone(run: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "backup")
    run("backup", "create", file)
    assert "The database has tables" in run("backup", "restore", file, code=1)


def test_a_backup_of_a_later_version_is_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(tmp_path / "backup")
    run("backup", "create", file)
    monkeypatch.setattr(revision, "needed", lambda: "r0001")
    assert "later than this one" in run("backup", "restore", file, code=1)
