"""The master key is replaced at the terminal, whatever interrupts it."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simulacra.cli.operator import rotate_master_key
from simulacra.service import keys, root_key

Run = Callable[..., str]


@pytest.fixture
def folder(run: Run, tmp_path: Path) -> Path:
    """The folder of the keys of an installation with a tenant."""
    run("create-tenant", "--company", "Acme", "--email", "a@acme.example")
    return tmp_path / "keys"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_key_is_replaced_and_all_that_hangs_from_it_is_there(run: Run, folder: Path) -> None:
    before = (folder / "master.key").read_bytes()
    assert "keep a copy of the new one" in run("rotate-master-key")
    assert names(folder) == ["master.key", "master.key.old"]
    assert (folder / "master.key.old").read_bytes() == before
    assert (folder / "master.key").read_bytes() != before
    assert (folder / "master.key").stat().st_mode & 0o777 == 0o600
    (client,) = json.loads(run("clients", "list", "Acme", "--json"))
    run("clients", "rotate-secret", client["client_id"])
    assert "Unbroken" in run("audit", "verify")
    assert len(json.loads(run("audit", "list", "--action", "master_key.rotated", "--json"))) == 1
    assert "move it" in run("rotate-master-key", code=1)
    (folder / "master.key.old").rename(folder / "master.key")
    assert "not the master key of the database" in run("tenants", "list", code=1)


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_rotation_that_broke_off_is_completed(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Before the root key is sealed anew, or after, when the file is to be replaced."""

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if place == "before":
            patched.setattr(root_key, "rotate", die)
        else:
            patched.setattr(rotate_master_key, "_replace", die)
        run("rotate-master-key", code=130)
    assert names(folder) == ["master.key", "master.key.new"]
    planned = (folder / "master.key.new").read_bytes()
    if place == "after":
        assert "rotate-master-key` again" in run("tenants", "list", code=1)
    run("rotate-master-key")
    assert (folder / "master.key").read_bytes() == planned
    assert "Acme" in run("tenants", "list")


def test_a_key_in_the_environment_is_replaced_by_one_in_a_file(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_key(key: bytes) -> None:
        monkeypatch.setenv("SIMULACRA_MASTER_KEY", base64.b64encode(key).decode())

    set_key((folder / "master.key").read_bytes())
    assert "--key-file" in run("rotate-master-key", code=1)
    file = tmp_path / "next.key"
    for _ in range(2):  # again, as after a crash
        assert str(file) in run("rotate-master-key", "--key-file", str(file))
    assert "not the master key" in run("tenants", "list", code=1)
    set_key(keys.read_master_key(file))
    assert "Acme" in run("tenants", "list")


def test_a_backup_opens_with_the_master_key_of_its_time(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    run("backup", "create", str(tmp_path / "first"))
    run("rotate-master-key")
    run("backup", "create", str(tmp_path / "second"))
    assert "does not open" in run("backup", "verify", str(tmp_path / "first"), code=1)
    run("backup", "verify", str(tmp_path / "second"))
    (folder / "master.key.old").replace(folder / "master.key")
    run("backup", "verify", str(tmp_path / "first"))
