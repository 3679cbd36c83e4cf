"""`simulacra ready`: check whether a process with these settings can serve."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from simulacra.cli import loading
from simulacra.cli import settings as cli_settings

if TYPE_CHECKING:
    from simulacra.service.settings import Settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "ready",
        help="tell whether database, its tables and object store answer, the key fits, and the "
        "disks have room",
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Return 0 if all of them answer; otherwise an error names the part that does not."""
    loading.load("simulacra.service.compose")
    asyncio.run(_check(cli_settings.load()))
    print("ready")
    return 0


async def _check(settings: "Settings") -> None:
    from simulacra.service import canary, compose, readiness, root_key, storage, tenancy

    dsn, master = settings.dsn(), settings.keyring()
    database = tenancy.Database(dsn, master, pool_size=1)  # which writes nothing here
    try:
        objects = storage.Storage.at(settings.store_url())
        await readiness.Readiness(database, objects, compose.folders_of(settings)).check()
        keyring = root_key.load(dsn, master, may_make=False)
        await canary.verify(database, keyring)
    finally:
        await database.close()
