"""Accounts of the operator's page: names, and hashes of their passwords."""

import re
from collections.abc import Sequence

from sqlalchemy import delete, func, select

from simulacra.service import errors, passwords, tenancy
from simulacra.service.audit import trail
from simulacra.service.audit.entry import Action, Actor
from simulacra.service.database import tables

NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")


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
    hashed = await passwords.hashed(password, _known_of(name))
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
    hashed = await passwords.hashed(password, _known_of(name))
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
    return await passwords.is_right(stored, password)


def _known_of(name: str) -> list[str]:
    """Return the words that whoever guesses at an account's password knows."""
    return [name, *re.split(r"[._-]", name)]
