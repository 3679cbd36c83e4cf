"""The installation that a command works on: a data directory, or the database of DATABASE_URL."""

import asyncio
import contextlib
import os
import pwd
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from simulacra.cli import settings as cli_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from simulacra.service.audit.entry import Actor
    from simulacra.service.runtime import Runtime
    from simulacra.service.settings import Settings

T = TypeVar("T")


def use(data_dir: Path | None, work: "Callable[[Runtime, Settings], Awaitable[T]]") -> T:
    """Return what `work` makes of the installation; its server may run or not."""
    settings = cli_settings.load_as_served(data_dir)
    settings.keyring()  # refuses to go on without one, before anything is started or migrated
    with _settled(settings) as settings:
        return asyncio.run(_use(settings, work))


async def _use(settings: "Settings", work: "Callable[[Runtime, Settings], Awaitable[T]]") -> T:
    from simulacra.service import canary, compose
    from simulacra.service.database import timeouts

    runtime = compose.runtime_of(settings, timeouts.OF_OPERATORS)
    try:
        await canary.check(runtime.database, runtime.keyring)
        return await work(runtime, settings)
    finally:
        await runtime.close()


def actor() -> "Actor":
    """Return who is at the terminal: the machine's account, by number if its name is odd."""
    from simulacra.service.audit import entry

    number = os.getuid()
    with contextlib.suppress(KeyError):
        name = pwd.getpwuid(number).pw_name
        if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name):
            return entry.operator(f"cli:{name}")
    return entry.operator(f"cli:{number}")


@contextlib.contextmanager
def _settled(settings: "Settings") -> "Iterator[Settings]":
    """Yield the settings with the URL of a migrated database: the configured or embedded one."""
    from pydantic import SecretStr

    from simulacra.service.database import migrate
    from simulacra.service.embedded import postgres

    with contextlib.ExitStack() as stack:
        owner_dsn = settings.migration_dsn()
        if settings.database_url is None:
            cluster = stack.enter_context(postgres.running(settings.data_dir))
            settings = settings.model_copy(update={"database_url": SecretStr(cluster.url())})
            owner_dsn = cluster.owner_url()
        migrate.upgrade(settings.dsn(), owner_dsn)
        yield settings
