"""The root key: made once, sealed by a master key that may be replaced."""

import concurrent.futures

import psycopg
import pytest

from simulacra.service import canary, errors, keys, root_key
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from tests.coroutines import RunAsync

FIRST, SECOND, OTHER = (keys.Keyring(bytes([number]) * 32) for number in range(3))


def sealed_root(dsn: str) -> bytes | None:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT sealed_root FROM installation").fetchone()
    assert row is not None
    sealed: bytes | None = row[0]
    return sealed


def is_same(one: keys.Keyring, other: keys.Keyring) -> bool:
    return one.derive("anything") == other.derive("anything")


def test_a_new_database_gets_a_root_key_that_is_not_the_master_key(empty_dsn: str) -> None:
    assert is_same(root_key.load(empty_dsn, FIRST, may_make=False), FIRST)
    root = root_key.load(empty_dsn, FIRST)
    assert not is_same(root, FIRST)
    assert is_same(root_key.load(empty_dsn, FIRST), root)
    with pytest.raises(keys.OtherKeyError, match="not the master key of the database"):
        root_key.load(empty_dsn, OTHER)


def test_of_processes_that_start_at_once_all_have_one_root_key(empty_dsn: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        roots = list(pool.map(lambda _: root_key.load(empty_dsn, FIRST), range(8)))
    assert all(is_same(root, roots[0]) for root in roots)


def test_a_process_that_was_just_beaten_to_it_takes_the_key_that_is_there(
    empty_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_used = root_key._is_used

    def beaten(connection: psycopg.Connection) -> bool:
        """Another process makes the key between this one's two looks at the database."""
        monkeypatch.setattr(root_key, "_is_used", is_used)
        first.append(root_key.load(empty_dsn, FIRST))
        return is_used(connection)

    first: list[keys.Keyring] = []
    monkeypatch.setattr(root_key, "_is_used", beaten)
    assert is_same(root_key.load(empty_dsn, FIRST), first[0])
    assert not is_same(first[0], FIRST)


def test_another_master_key_opens_the_same_root_key_and_the_one_before_does_not(
    empty_dsn: str,
) -> None:
    root = root_key.load(empty_dsn, FIRST)
    for _ in range(2):  # whoever was interrupted does it again
        root_key.rotate(empty_dsn, FIRST, SECOND)
        assert is_same(root_key.load(empty_dsn, SECOND), root)
        with pytest.raises(keys.OtherKeyError):
            root_key.load(empty_dsn, FIRST)
    with pytest.raises(keys.OtherKeyError):
        root_key.rotate(empty_dsn, FIRST, OTHER)
    assert is_same(root_key.load(empty_dsn, SECOND), root)


def test_in_an_installation_from_before_the_first_master_key_goes_on_as_the_root_key(
    runtime: Runtime, settings: Settings, run_async: RunAsync
) -> None:
    async def use() -> None:
        await canary.check(runtime.database, runtime.keyring)

    first, dsn = settings.keyring(), settings.dsn()
    run_async(use())
    assert sealed_root(dsn) is None
    assert is_same(root_key.load(dsn, first), first)
    with pytest.raises(keys.OtherKeyError):
        root_key.rotate(dsn, OTHER, SECOND)
    root_key.rotate(dsn, first, SECOND)
    assert is_same(root_key.load(dsn, SECOND), first)
    with pytest.raises(keys.OtherKeyError):
        root_key.load(dsn, first)


def test_a_database_that_nobody_used_has_no_key_to_rotate(empty_dsn: str) -> None:
    with pytest.raises(errors.OperatorError, match="start one first"):
        root_key.rotate(empty_dsn, FIRST, SECOND)
