"""Accounts: argon2id, and nothing that tells a known name from an unknown one."""

from typing import Literal

import argon2
import pytest
import sqlalchemy as sa

from simulacra.service import errors, passwords
from simulacra.service.audit import entry
from simulacra.service.database import tables
from simulacra.service.operators import accounts, sessions
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync

ROOT = entry.operator("cli:root")
PASSWORD = "correct horse battery"


def test_only_the_right_password_of_an_account_is_accepted(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        await accounts.create(runtime.database, "ann", PASSWORD, ROOT)
        assert await accounts.authenticate(runtime.database, "ann", PASSWORD)
        for name, password in (("ann", PASSWORD + "x"), ("ann", ""), ("bob", PASSWORD)):
            assert not await accounts.authenticate(runtime.database, name, password)

    run_async(check())


def test_the_hash_is_argon2id_with_the_parameters_of_rfc_9106(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        await accounts.create(runtime.database, "ann", PASSWORD, ROOT)
        stored = await runtime.database.look_up(sa.select(tables.OperatorAccount.password_hash))
        used = argon2.extract_parameters(stored)
        assert used.type is argon2.Type.ID
        assert (used.memory_cost, used.time_cost, used.parallelism) == (65536, 3, 4)

    run_async(check())


def test_unknown_names_are_checked_too(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []

    class Counting(argon2.PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - theirs
            checked.append(hash)
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "HASHER", Counting())

    async def check() -> None:
        assert not await accounts.authenticate(runtime.database, "nobody", PASSWORD)
        assert len(checked) == 1

    run_async(check())


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("Ann", PASSWORD, "lower-case"),
        ("a@b.example", PASSWORD, "lower-case"),
        ("ann", "fourteen chars", "14 characters"),
        ("ann", "x" * 1025, "1025 characters"),
    ],
)
def test_bad_names_and_passwords_are_refused_without_quoting_the_password(
    runtime: Runtime, run_async: RunAsync, name: str, password: str, said: str
) -> None:
    async def check() -> None:
        with pytest.raises(errors.AccountError, match=said) as refused:
            await accounts.create(runtime.database, name, password, ROOT)
        assert password not in str(refused.value)

    run_async(check())


def test_a_new_password_ends_every_session(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        signed_in = sessions.Sessions(runtime.database, runtime.keyring)
        await accounts.create(runtime.database, "ann", PASSWORD, ROOT)
        await accounts.create(runtime.database, "bob", PASSWORD, ROOT)
        anns, bobs = await signed_in.open("ann"), await signed_in.open("bob")
        await accounts.set_password(runtime.database, "ann", PASSWORD + "2", ROOT)
        assert await signed_in.find(anns) is None
        assert await signed_in.find(bobs) is not None
        assert await accounts.authenticate(runtime.database, "ann", PASSWORD + "2")
        assert not await accounts.authenticate(runtime.database, "ann", PASSWORD)
        await accounts.remove(runtime.database, "bob", ROOT)
        assert await signed_in.find(bobs) is None

    run_async(check())


@pytest.mark.parametrize(
    "password",
    ["password12345678", "x" * 40, "qwertyuiopasdfgh", "abcdefghijklmnopq", "ann.lee ann.lee",
     "simulacra-operator", "111111222222333333", "passwordpassword" * 64],
)  # fmt: skip
def test_what_is_guessed_early_is_refused_with_advice_and_not_quoted(
    runtime: Runtime, run_async: RunAsync, password: str
) -> None:
    async def check() -> None:
        with pytest.raises(errors.AccountError, match="too easy to guess") as refused:
            await accounts.create(runtime.database, "ann.lee", password, ROOT)
        assert password not in str(refused.value)
        await accounts.create(runtime.database, "ann.lee", PASSWORD, ROOT)
        with pytest.raises(errors.AccountError, match="too easy to guess"):
            await accounts.set_password(runtime.database, "ann.lee", password, ROOT)
        assert await accounts.authenticate(runtime.database, "ann.lee", PASSWORD)

    run_async(check())


def test_a_password_of_the_longest_kind_is_rated_at_once(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        long = "".join(str(number * number % 97) + "ab"[number % 2] for number in range(1000))
        await accounts.create(runtime.database, "ann", long[:1024], ROOT)

    run_async(check())
