"""`simulacra ready`: tell whether a process with these settings could serve."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from simulacra.cli import settings as cli_settings

if TYPE_CHECKING:
    from simulacra.service.settings import Settings


def register(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = nouns.add_parser(
        "ready", help="tell whether database, its tables and object store answer"
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Return 0 if they do; else one sentence says what does not, and the exit code is 1."""
    asyncio.run(_check(cli_settings.load()))
    print("ready")
    return 0


async def _check(settings: "Settings") -> None:
    from simulacra.service import readiness, storage, tenancy

    database = tenancy.Database(settings.dsn(), settings.keyring(), pool_size=1)
    try:
        await readiness.Readiness(database, storage.Storage(settings.store_url())).check()
    finally:
        await database.close()
