import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simulacra.service import keys

MASTER = bytes(range(32))


def test_ids_carry_at_least_128_bits_and_only_letters_and_digits() -> None:
    made = {keys.random_id("ds_") for _ in range(1000)}
    assert len(made) == 1000
    assert all(one.startswith("ds_") and one[3:].isalnum() and one.isascii() for one in made)
    assert 62 ** len(next(iter(made))[3:]) > 2**128


def test_master_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: keys.make_master_key(path), range(8)))
        found = set(pool.map(lambda _: keys.read_master_key(path), range(8)))
    assert found == {path.read_bytes()}
    assert len(path.read_bytes()) == keys.MASTER_KEY_BYTES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["master.key"]


@pytest.mark.parametrize("content", [b"", bytes(31), bytes(33)])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """An empty file would be a key that everybody knows."""
    path = tmp_path / "master.key"
    path.write_bytes(content)
    with pytest.raises(keys.MasterKeyError, match=f"has {len(content)} bytes"):
        keys.read_master_key(path)


def test_reading_makes_no_key(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    with pytest.raises(keys.MasterKeyError, match="SIMULACRA_MASTER_KEY"):
        keys.read_master_key(path)
    assert not path.parent.exists()


def test_purposes_have_keys_of_their_own() -> None:
    ring = keys.Keyring(MASTER)
    assert ring.derive("a") != ring.derive("b")
    assert ring.derive("a") == keys.Keyring(MASTER).derive("a")
    assert ring.derive("a") != keys.Keyring(MASTER[::-1]).derive("a")


def test_secret_hashes_match_only_their_secret_under_the_same_master_key() -> None:
    ring = keys.Keyring(MASTER)
    stored = ring.hash_secret("correct horse")
    assert ring.matches("correct horse", stored)
    assert not ring.matches("correct horsf", stored)
    assert not keys.Keyring(MASTER[::-1]).matches("correct horse", stored)
    assert b"horse" not in stored


def test_sealed_secrets_open_in_their_context_only() -> None:
    sealer = keys.Keyring(MASTER).sealer
    sealed = sealer.seal(b"secret", "object/ds_1")
    assert sealer.open(sealed, "object/ds_1") == b"secret"
    assert sealer.seal(b"secret", "object/ds_1") != sealed
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for bad, context in ((sealed, "object/ds_2"), (altered, "object/ds_1")):
        with pytest.raises(keys.OtherKeyError):
            sealer.open(bad, context)
