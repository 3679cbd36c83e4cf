"""`simulacra worker`: one worker process."""

import argparse
import asyncio

from simulacra.cli import settings as cli_settings


def register(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = nouns.add_parser("worker", help="run one worker process (needs DATABASE_URL)")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Carry out jobs until SIGTERM."""
    from simulacra.service import worker

    asyncio.run(worker.run(cli_settings.load()))
    return 0
