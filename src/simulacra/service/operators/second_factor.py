"""Time-based one-time passwords (TOTP, RFC 6238) as a second factor, and codes for a lost device.

The secret is sealed and bound to its account. A code is good for its own 30 seconds and for those
before and after, since clocks differ, and once: the step of the last one is kept. Between the two
pages of a sign-in the browser carries a pass, which says whose password was right, and until when.
"""

import base64
import dataclasses
import hashlib
import hmac
import secrets

import pyotp
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, keys, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Actor
from simulacra.service.database import tables

ISSUER = "Simulacra"
DIGITS = 6
STEP_SECONDS = 30
TOLERANCE = 1
"""Steps before and after the present one."""
RECOVERY_CODES = 10
RECOVERY_BYTES = 15
"""120 bits; from 112 on, a hash that is fast may keep them (OWASP ASVS 5.0, 6.5.2)."""
PASS_SECONDS = 300


@dataclasses.dataclass(frozen=True)
class Enrolment:
    """What is shown once.

    Attributes:
        uri: for an authenticator (otpauth://); it holds the secret.
        recovery_codes: each good for one sign-in without the authenticator.
    """

    uri: str
    recovery_codes: tuple[str, ...]


class SecondFactors:
    """The second factors of all accounts."""

    def __init__(self, database: tenancy.Database, keyring: keys.Keyring) -> None:
        self._database, self._keyring = database, keyring
        self._pass_key = keyring.derive("operator-second-factor")

    async def enable(self, name: str, actor: Actor) -> Enrolment:
        """Give an account a second factor, and sign it out everywhere.

        Raises:
            errors.AccountError: there is no such account, or it has a second factor.
        """
        secret = pyotp.random_base32()
        codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
        async with self._database.transaction(tenancy.SYSTEM) as session:
            account = await _locked(session, name)
            if account.totp_secret is not None:
                raise errors.AccountError(
                    f"The account {name!r} has a second factor; disable it first."
                )
            account.totp_secret = self._keyring.sealer.seal(secret.encode(), _context(name))
            for code in codes:
                hashed = self._hash(name, code)
                session.add(tables.OperatorRecoveryCode(code_hash=hashed, account_name=name))
            sessions = tables.OperatorSession
            await session.execute(delete(sessions).where(sessions.account_name == name))
            trail.record(session, actor, Action.SECOND_FACTOR_ENABLED, name)
        return Enrolment(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER), codes)

    async def disable(self, name: str, actor: Actor) -> None:
        """Take the second factor of an account and its recovery codes away.

        Raises:
            errors.AccountError: there is no such account, or it has no second factor.
        """
        codes = tables.OperatorRecoveryCode
        async with self._database.transaction(tenancy.SYSTEM) as session:
            account = await _locked(session, name)
            if account.totp_secret is None:
                raise errors.AccountError(f"The account {name!r} has no second factor.")
            account.totp_secret = account.totp_step = None
            await session.execute(delete(codes).where(codes.account_name == name))
            trail.record(session, actor, Action.SECOND_FACTOR_DISABLED, name)

    async def is_asked_of(self, name: str) -> bool:
        """Tell whether an account has a second factor."""
        account = tables.OperatorAccount
        query = select(account.totp_secret.is_not(None)).where(account.name == name)
        return bool(await self._database.look_up(query))

    async def accept(self, name: str, code: str) -> bool:
        """Tell whether a code is good; it is used up then."""
        code = "".join(code.split()).replace("-", "").lower()
        async with self._database.transaction(tenancy.SYSTEM) as session:
            account = await session.get(tables.OperatorAccount, name, with_for_update=True)
            if account is None or account.totp_secret is None:
                return False
            if len(code) == DIGITS:
                secret = self._keyring.sealer.open(account.totp_secret, _context(name)).decode()
                return _accept_totp(account, secret, code, await _seconds(session))
            return await self._accept_recovery(session, name, code)

    async def _accept_recovery(self, session: AsyncSession, name: str, code: str) -> bool:
        codes = tables.OperatorRecoveryCode
        used = await session.scalar(
            delete(codes)
            .where(codes.code_hash == self._hash(name, code), codes.account_name == name)
            .returning(codes.account_name)
        )
        if used is not None:
            trail.record(session, entry.operator(name), Action.RECOVERY_CODE_USED, name)
        return used is not None

    async def issue_pass(self, name: str) -> str:
        """Return a pass to the second page for an account whose password was right."""
        async with self._database.transaction(tenancy.SYSTEM) as session:
            until = await _seconds(session) + PASS_SECONDS
        return f"{name}:{until}:{self._seal(name, until)}"

    async def holder_of(self, given: str) -> str | None:
        """Return whose pass it is, unless it is over or none of ours."""
        name, _, rest = given.partition(":")
        until, _, seal = rest.partition(":")
        if not until.isdecimal() or len(until) > len(str(2**63)):
            return None
        if not hmac.compare_digest(self._seal(name, int(until)).encode(), seal.encode()):
            return None
        async with self._database.transaction(tenancy.SYSTEM) as session:
            return name if await _seconds(session) < int(until) else None

    def _seal(self, name: str, until: int) -> str:
        return hmac.new(self._pass_key, f"{name}:{until}".encode(), hashlib.sha256).hexdigest()

    def _hash(self, name: str, code: str) -> bytes:
        return self._keyring.hash_secret(f"recovery/{name}/{code.replace('-', '')}")


def _accept_totp(account: tables.OperatorAccount, secret: str, code: str, seconds: int) -> bool:
    authenticator = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS)
    present = seconds // STEP_SECONDS
    for step in range(present - TOLERANCE, present + TOLERANCE + 1):
        expected = authenticator.generate_otp(step)
        is_new = account.totp_step is None or step > account.totp_step
        if hmac.compare_digest(expected.encode(), code.encode()) and is_new:
            account.totp_step = step
            return True
    return False


async def _locked(session: AsyncSession, name: str) -> tables.OperatorAccount:
    account = await session.get(tables.OperatorAccount, name, with_for_update=True)
    if account is None:
        raise errors.AccountError(f"There is no account {name!r}.")
    return account


async def _seconds(session: AsyncSession) -> int:
    """Return the seconds since 1970 on the database's clock."""
    return int((await clock.read(session)).timestamp())


def _recovery_code() -> str:
    code = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _context(name: str) -> str:
    return f"totp/{name}"
