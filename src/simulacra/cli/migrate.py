"""`simulacra migrate`: bring the database up to date."""

import argparse

from simulacra.cli import loading
from simulacra.cli import settings as cli_settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("migrate", help="apply database migrations (needs DATABASE_URL)")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Migrate and return."""
    loading.load("simulacra.service.database.migrate", "simulacra.service.settings")
    from simulacra.service.database import migrate

    settings = cli_settings.load()
    migrate.upgrade(settings.dsn(), settings.migration_dsn())
    return 0
