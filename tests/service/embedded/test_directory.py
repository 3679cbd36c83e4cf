"""A data directory is its account's alone; what others can get at is closed, or refused."""

import os
import stat
from pathlib import Path

import pytest

from simulacra.service import keys
from simulacra.service.embedded import directory, errors
from simulacra.service.settings import Settings


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mode", [0o777, 0o755, 0o750, 0o701, 0o1777])
def test_a_directory_that_others_can_use_is_closed(
    data_dir: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    data_dir.mkdir()
    data_dir.chmod(mode)
    with directory.held(data_dir):
        assert mode_of(data_dir) & 0o777 == 0o700
    assert f"{mode:04o}" in caplog.text


def test_keys_that_others_can_read_are_closed_and_the_authority_stays_public(
    data_dir: Path,
) -> None:
    for name in ("keys/master.key", "tls/authority.pem", "tls/server.pem", "postgres/password"):
        path = data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        path.chmod(0o644)
    (data_dir / "ca.pem").touch(0o644)
    with directory.held(data_dir):
        for name in ("keys/master.key", "tls/authority.pem", "tls/server.pem", "postgres/password"):
            assert mode_of(data_dir / name) == 0o600, name
    assert mode_of(data_dir / "ca.pem") & 0o044


def test_what_is_closed_already_is_not_spoken_of(
    data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        with directory.held(data_dir):
            pass
    assert caplog.text == ""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_directory_of_another_account_is_refused(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    os.chown(data_dir, 12345, -1)
    with pytest.raises(errors.ExposedError, match=r"12345.*chown"), directory.held(data_dir):
        pass
    assert not (data_dir / "lock").exists()


def test_what_cannot_be_mended_is_refused(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path, __: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    data_dir.mkdir()
    data_dir.chmod(0o777)
    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(errors.ExposedError, match=r"0777.*chmod go="), directory.held(data_dir):
        pass


def test_a_process_closes_the_master_key_that_it_reads(tmp_path: Path) -> None:
    """API, worker and operators' commands do not hold the directory."""
    settings = Settings(data_dir=tmp_path)
    keys.make_master_key(settings.master_key_file)
    settings.master_key_file.chmod(0o644)
    settings.keyring()
    assert mode_of(settings.master_key_file) == 0o600
