"""A second factor: asked of those who have it, good once, and on record."""

import datetime as dt
import re
import urllib.parse

import httpx
import pyotp
import pytest
import sqlalchemy as sa

from simulacra.service import errors, keys, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.database import tables
from simulacra.service.operators import accounts, guard, second_factor
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.operators import browser

ROOT = entry.operator("cli:root")


async def enrolled(runtime: Runtime, name: str = "ann") -> tuple[pyotp.TOTP, tuple[str, ...]]:
    """Make an account with a second factor."""
    await accounts.create(runtime.database, name, browser.PASSWORD, ROOT)
    made = await guard.second_factors_of(runtime).enable(name, ROOT)
    authenticator = pyotp.parse_uri(made.uri)
    assert isinstance(authenticator, pyotp.TOTP)
    return authenticator, made.recovery_codes


async def now(runtime: Runtime) -> int:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        return await second_factor._seconds(session)


async def give_password(operator: browser.Browser) -> str:
    """Return the pass of the second page."""
    form = {"name": "ann", "password": browser.PASSWORD}
    answer = await operator.http.post("/operator/sign-in", data=form, headers=browser.SAME_ORIGIN)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert browser.PASSWORD not in answer.text
    found = re.search('name="first" value="([^"]+)"', answer.text)
    assert found is not None
    return found[1]


async def give_code(operator: browser.Browser, first: str, code: str) -> httpx.Response:
    form = {"first": first, "code": code}
    return await operator.http.post(
        "/operator/sign-in/code", data=form, headers=browser.SAME_ORIGIN
    )


def is_signed_in(answer: httpx.Response) -> bool:
    return answer.status_code == 303 and guard.COOKIE in answer.headers.get("set-cookie", "")


def test_the_password_alone_opens_no_session_and_a_code_is_good_once(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        authenticator, _ = await enrolled(runtime)
        operator = browser.Browser(runtime)
        first = await give_password(operator)
        assert (await operator.http.get("/operator/")).status_code == 303
        code = authenticator.at(await now(runtime))
        refused = await give_code(operator, first, str((int(code) + 1) % 10**6).zfill(6))
        assert refused.status_code == 403
        assert is_signed_in(await give_code(operator, first, f" {code[:3]} {code[3:]} "))
        other = browser.Browser(runtime)
        again = await give_code(other, await give_password(other), code)
        assert (again.status_code, is_signed_in(again)) == (403, False), "a code was replayed"
        runtime.database.ahead += dt.timedelta(seconds=second_factor.STEP_SECONDS)
        assert is_signed_in(await give_code(other, first, authenticator.at(await now(runtime))))
        older = authenticator.at(await now(runtime) - second_factor.STEP_SECONDS)
        assert not is_signed_in(await give_code(other, first, older))

    run_async(check())


def test_codes_of_other_times_and_other_accounts_are_refused(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        authenticator, _ = await enrolled(runtime)
        other, codes_of_other = await enrolled(runtime, "bob")
        factors, present = guard.second_factors_of(runtime), await now(runtime)
        for seconds in (-90, 90, 3600):
            assert not await factors.accept("ann", authenticator.at(present + seconds))
        for code in (other.at(present), codes_of_other[0], "", "x" * 6, "1" * 5000):
            assert not await factors.accept("ann", code)
        assert not await factors.accept("nobody", "123456")
        assert await factors.accept("ann", authenticator.at(present - 30))  # its clock is slow
        assert await factors.accept("ann", authenticator.at(present))

    run_async(check())


def test_a_pass_is_of_one_account_and_ends(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        factors = guard.second_factors_of(runtime)
        first = await factors.issue_pass("ann")
        name, until, seal = first.split(":")
        assert await factors.holder_of(first) == "ann"
        forged = [f"bob:{until}:{seal}", f"{name}:{int(until) + 1}:{seal}", f"{name}:{until}:"]
        forged += [
            "",
            f"{name}:{'9' * 40}:{seal}",
            f"{name}:\u0661:{seal}",
            f"{name}:{until}:\u00e9",
        ]
        for one in forged:
            assert await factors.holder_of(one) is None
        runtime.database.ahead += dt.timedelta(seconds=second_factor.PASS_SECONDS)
        assert await factors.holder_of(first) is None
        operator = browser.Browser(runtime)
        assert (await give_code(operator, first, "123456")).headers["location"].endswith("sign-in")

    run_async(check())


def test_a_recovery_code_stands_in_once(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        _, codes = await enrolled(runtime)
        assert len(set(codes)) == second_factor.RECOVERY_CODES
        operator = browser.Browser(runtime)
        first = await give_password(operator)
        assert is_signed_in(await give_code(operator, first, codes[0].upper().replace("-", " ")))
        assert not is_signed_in(await give_code(operator, first, codes[0]))
        assert is_signed_in(await give_code(operator, first, codes[1]))
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            actions = [it.action async for it in trail.entries(session)]
        assert actions.count("account.recovery_code_used") == 2
        assert actions.count("session.refused") == 1

    run_async(check())


def test_what_is_stored_opens_nothing_without_the_master_key(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        authenticator, codes = await enrolled(runtime)
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            account = await session.get_one(tables.OperatorAccount, "ann")
            stored = [account.totp_secret or b"", *await session.scalars(
                sa.select(tables.OperatorRecoveryCode.code_hash))]  # fmt: skip
        everything = b"".join(stored)
        for secret in (authenticator.secret, *codes, *(code.replace("-", "") for code in codes)):
            assert secret.encode() not in everything
        strange = second_factor.SecondFactors(runtime.database, keys.Keyring(bytes(32)))
        assert not await strange.accept("ann", codes[0])
        with pytest.raises(keys.OtherKeyError):
            await strange.accept("ann", authenticator.at(await now(runtime)))

    run_async(check())


def test_enabling_ends_sessions_and_disabling_is_on_record(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        factors = guard.second_factors_of(runtime)
        await accounts.create(runtime.database, "ann", browser.PASSWORD, ROOT)
        token = await guard.sessions_of(runtime).open("ann")
        made = await factors.enable("ann", ROOT)
        assert urllib.parse.urlsplit(made.uri).scheme == "otpauth"
        assert await guard.sessions_of(runtime).find(token) is None
        assert await factors.is_asked_of("ann")
        with pytest.raises(errors.AccountError, match="disable it first"):
            await factors.enable("ann", ROOT)
        await factors.disable("ann", ROOT)
        assert not await factors.is_asked_of("ann")
        assert not await factors.accept("ann", made.recovery_codes[0])
        for refused in (factors.disable("ann", ROOT), factors.enable("bob", ROOT)):
            with pytest.raises(errors.AccountError):
                await refused
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            found = [(it.action, it.actor_id) async for it in trail.entries(session)]
        assert ("account.second_factor_enabled", "cli:root") in found
        assert ("account.second_factor_disabled", "cli:root") in found

    run_async(check())


def test_guesses_of_codes_end_as_those_of_passwords(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        await enrolled(runtime)
        operator = browser.Browser(runtime)
        first = await give_password(operator)
        answers = [(await give_code(operator, first, "000000")).status_code for _ in range(10)]
        assert answers[-1] == 429

    run_async(check())
