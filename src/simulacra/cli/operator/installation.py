"""The installation that a command works on: a data directory, or the database of DATABASE_URL."""

import asyncio
import contextlib
import os
import pwd
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from simulacra.cli import loading
from simulacra.cli import settings as cli_settings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from simulacra.service.audit.entry import Actor
    from simulacra.service.keys import Keyring
    from simulacra.service.runtime import Runtime
    from simulacra.service.settings import Settings

T = TypeVar("T")


class Installation:
    """What a command works with.

    Most commands need no more than the database. The parts of a service, which take longer to load
    than all else, are made when they are first asked for.

    Attributes:
        database: of the installation.
        keyring: its keys.
        owner_dsn: how the owner of the tables connects, or else the service.
    """

    def __init__(self, settings: "Settings", owner_dsn: str | None, keyring: "Keyring") -> None:
        from simulacra.service import tenancy
        from simulacra.service.database import timeouts

        self._settings, self.keyring = settings, keyring
        self.owner_dsn = owner_dsn or settings.dsn()
        self._runtime: Runtime | None = None
        self.database = tenancy.Database(settings.dsn(), self.keyring, limits=timeouts.OF_OPERATORS)

    @property
    def runtime(self) -> "Runtime":
        """The parts of a service."""
        loading.load("simulacra.service.compose")
        from simulacra.service import compose
        from simulacra.service.database import timeouts

        if self._runtime is None:
            self._runtime = compose.runtime_of(self._settings, self.keyring, timeouts.OF_OPERATORS)
        return self._runtime

    async def close(self) -> None:
        """Close what is open."""
        if self._runtime is not None:
            await self._runtime.close()
        await self.database.close()


def use(data_dir: Path | None, work: "Callable[[Installation, Settings], Awaitable[T]]") -> T:
    """Return what `work` makes of the installation; its server may run or not."""
    loading.load("simulacra.service.settings", "simulacra.service.canary")
    settings = cli_settings.load_as_served(data_dir)
    settings.keyring()  # refuses to go on without one, before anything is started or migrated
    with served(settings) as (settings, owner_dsn):
        return use_served(settings, owner_dsn, work)


def use_served(
    settings: "Settings",
    owner_dsn: str | None,
    work: "Callable[[Installation, Settings], Awaitable[T]]",
) -> T:
    """Return what `work` makes of an installation whose database answers; see `served`."""
    from simulacra.service import root_key

    migrate_if_needed(settings, owner_dsn)
    keyring = root_key.load(settings.dsn(), settings.keyring())
    return asyncio.run(_use(Installation(settings, owner_dsn, keyring), settings, work))


def migrate_if_needed(settings: "Settings", owner_dsn: str | None) -> None:
    """Bring the database up to date."""
    from simulacra.service import revision

    try:
        revision.require(settings.dsn())
    except revision.OutdatedError:  # which is seldom, and what migrates takes a while to load
        from simulacra.service.database import migrate

        migrate.upgrade(settings.dsn(), owner_dsn)


async def _use(
    installation: Installation,
    settings: "Settings",
    work: "Callable[[Installation, Settings], Awaitable[T]]",
) -> T:
    from simulacra.service import canary

    try:
        await canary.check(installation.database, installation.keyring)
        return await work(installation, settings)
    finally:
        await installation.close()


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
def served(settings: "Settings") -> "Iterator[tuple[Settings, str | None]]":
    """Yield the settings with the URL of the configured or embedded database, and its owner's."""
    from simulacra.service.embedded import postgres

    if settings.database_url is not None:
        yield settings, settings.migration_dsn()
        return
    from pydantic import SecretStr

    with postgres.running(settings.data_dir) as cluster:
        url = SecretStr(cluster.url())
        yield settings.model_copy(update={"database_url": url}), cluster.owner_url()
