"""The file of a backup: what goes in comes out, or nothing does."""

import datetime as dt
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulacra.service import errors, keys
from simulacra.service.backups import archive

KEYRING, OTHER = keys.Keyring(bytes(32)), keys.Keyring(bytes([1]) * 32)
MEMBERS = {"objects/ds_1/seed": b"rows of a customer" * 100_000, "database/0": b"", "tls/a": b"x"}


def write(path: Path) -> archive.Manifest:
    with archive.writing(path, KEYRING) as to:
        for name, content in MEMBERS.items():
            to.add(name, len(content), io.BytesIO(content))
        manifest = archive.Manifest(
            made_at=dt.datetime.now(dt.UTC),
            version="1",
            revision="r0001",
            trail_head=None,
            missing=[],
            members=dict(to.members),
        )
        document = manifest.model_dump_json().encode()
        to.add(archive.MANIFEST, len(document), io.BytesIO(document))
    return manifest


def test_what_goes_in_comes_out_and_lies_there_encrypted(tmp_path: Path) -> None:
    manifest = write(tmp_path / "backup")
    assert archive.verify(tmp_path / "backup", KEYRING) == manifest
    with archive.reading(tmp_path / "backup", KEYRING) as members:
        found = {name: content.read() for name, content in members}
    assert found.pop(archive.MANIFEST)
    assert found == MEMBERS
    raw = (tmp_path / "backup").read_bytes()
    assert b"customer" not in raw
    assert b"ds_1" not in raw
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_bit_that_differs_is_noticed(tmp_path: Path, place: float, bit: int) -> None:
    path = tmp_path / "backup"
    if not path.exists():
        write(path)
    damaged = bytearray(path.read_bytes())
    damaged[int(place * len(damaged))] ^= 1 << bit
    (tmp_path / "damaged").write_bytes(damaged)
    with pytest.raises((errors.BackupError, keys.OtherKeyError)):
        archive.verify(tmp_path / "damaged", KEYRING)


@pytest.mark.parametrize("share", [0.0, 0.00001, 0.3, 0.999999])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    write(tmp_path / "backup")
    whole = (tmp_path / "backup").read_bytes()
    (tmp_path / "backup").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises((errors.BackupError, keys.OtherKeyError)):
        archive.verify(tmp_path / "backup", KEYRING)


def test_a_member_that_the_manifest_does_not_have_is_noticed(tmp_path: Path) -> None:
    with archive.writing(tmp_path / "backup", KEYRING) as to:
        to.add("objects/ds_1/seed", 4, io.BytesIO(b"rows"))
    with pytest.raises(errors.BackupError, match="not whole"):
        archive.verify(tmp_path / "backup", KEYRING)


def test_another_master_key_opens_nothing(tmp_path: Path) -> None:
    write(tmp_path / "backup")
    with pytest.raises(keys.OtherKeyError, match="another master key"):
        archive.verify(tmp_path / "backup", OTHER)


def test_a_file_that_is_there_is_kept_and_a_failure_leaves_none(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("a letter")
    with pytest.raises(errors.BackupError, match="already"):
        write(tmp_path / "mine")
    with (
        pytest.raises(OSError, match="unexpected end"),
        archive.writing(tmp_path / "backup", KEYRING) as to,
    ):
        to.add("objects/short", 10, io.BytesIO(b"rows"))
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    with pytest.raises(errors.BackupError, match="is no backup"):
        archive.verify(tmp_path / "mine", KEYRING)
