"""Accounts of the operator's page: names and argon2id hashes (RFC 9106)."""

import asyncio
import concurrent.futures
import functools
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import argon2
from sqlalchemy import delete, func, select

from simulacra.service import errors, tenancy
from simulacra.service.audit import trail
from simulacra.service.audit.entry import Action, Actor
from simulacra.service.database import tables

NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
PASSWORD_LENGTH = (15, 1024)
"""NIST SP 800-63B-4, section 3.1.1.1: fifteen characters where a password stands alone."""

MIN_SCORE = 4
"""Of 4, by zxcvbn: more than 10^10 guesses."""
RATED_CHARACTERS = 72
"""How many it rates; what is strong so far is not made weaker by more."""
ISSUER_WORD = "simulacra"

HASHER = argon2.PasswordHasher()
"""Second recommended option of RFC 9106: 64 MiB, three passes, four lanes."""
_HASHING = concurrent.futures.ThreadPoolExecutor(max_workers=2)
"""Threads of its own: they bound the memory that many sign-ins at once can ask for."""


T = TypeVar("T")


async def create(database: tenancy.Database, name: str, password: str, actor: Actor) -> None:
    """Make an account.

    Raises:
        errors.AccountError: the name is taken or malformed, or the password too short, too long or
            easy to guess.
    """
    if not NAME.fullmatch(name):
        raise errors.AccountError(
            f"{name!r} is no name of an account: give 2 to 32 lower-case letters, digits, dots, "
            "hyphens or underscores, beginning with a letter."
        )
    hashed = await _hash(name, password)
    async with database.transaction(tenancy.SYSTEM) as session:
        if await session.get(tables.OperatorAccount, name) is not None:
            raise errors.AccountError(f"There is an account {name!r} already.")
        session.add(tables.OperatorAccount(name=name, password_hash=hashed))
        trail.record(session, actor, Action.ACCOUNT_CREATED, name)


async def set_password(database: tenancy.Database, name: str, password: str, actor: Actor) -> None:
    """Replace the password of an account and sign it out everywhere.

    Raises:
        errors.AccountError: there is no such account, or the password is too short, too long or
            easy to guess.
    """
    hashed = await _hash(name, password)
    async with database.transaction(tenancy.SYSTEM) as session:
        account = await session.get(tables.OperatorAccount, name, with_for_update=True)
        if account is None:
            raise errors.AccountError(f"There is no account {name!r}.")
        account.password_hash = hashed
        account.password_set_at = func.now()
        sessions = tables.OperatorSession
        await session.execute(delete(sessions).where(sessions.account_name == name))
        trail.record(session, actor, Action.ACCOUNT_CHANGED, name)


async def remove(database: tenancy.Database, name: str, actor: Actor) -> None:
    """Remove an account; its sessions end with it.

    Raises:
        errors.AccountError: there is no such account.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        account = await session.get(tables.OperatorAccount, name, with_for_update=True)
        if account is None:
            raise errors.AccountError(f"There is no account {name!r}.")
        await session.delete(account)
        trail.record(session, actor, Action.ACCOUNT_REMOVED, name)


async def all_accounts(database: tenancy.Database) -> Sequence[tables.OperatorAccount]:
    """Return every account by name."""
    async with database.transaction(tenancy.SYSTEM) as session:
        query = select(tables.OperatorAccount).order_by(tables.OperatorAccount.name)
        return (await session.scalars(query)).all()


async def authenticate(database: tenancy.Database, name: str, password: str) -> bool:
    """Tell whether the password is the account's; an unknown name costs as much time as a known."""
    query = select(tables.OperatorAccount.password_hash)
    stored: str | None = await database.look_up(query.where(tables.OperatorAccount.name == name))
    is_right = await _in_thread(_verify, stored, password)
    return is_right and stored is not None


def _verify(stored: str | None, password: str) -> bool:
    try:
        return HASHER.verify(stored or _nobodys(), password)
    except argon2.exceptions.VerificationError:
        return False


@functools.cache
def _nobodys() -> str:
    return HASHER.hash("what passwords of unknown names are checked against")


async def _in_thread(call: Callable[..., T], *arguments: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(_HASHING, call, *arguments)


async def _hash(name: str, password: str) -> str:
    shortest, longest = PASSWORD_LENGTH
    if not shortest <= len(password) <= longest:
        raise errors.AccountError(
            f"The password has {len(password)} characters; give {shortest} to {longest:,}."
        )
    await _in_thread(_check_strength, name, password)
    return await _in_thread(HASHER.hash, password)


def _check_strength(name: str, password: str) -> None:
    """Refuse what is guessed early: common passwords, repetitions, keyboard rows, the own name.

    Its words of advice quote nothing of the password.
    """
    # Its lists of words take memory that the API, which makes no accounts, does not need.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    known = [ISSUER_WORD, name, *re.split(r"[._-]", name)]
    rated = zxcvbn(password[:RATED_CHARACTERS], user_inputs=known)
    if rated["score"] < MIN_SCORE:
        feedback = rated["feedback"]
        advice = [feedback["warning"], *feedback["suggestions"]]
        raise errors.AccountError(
            " ".join(["The password is too easy to guess.", *filter(None, advice)])
        )
