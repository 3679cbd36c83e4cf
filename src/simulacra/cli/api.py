"""`simulacra api`: one API process."""

import argparse
import contextlib
import os
import subprocess
import sys
from pathlib import Path

from simulacra.cli import logs
from simulacra.cli import settings as cli_settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("api", help="run one API process (needs DATABASE_URL)")
    parser.add_argument("--certificate", type=Path, help="certificate chain, PEM")
    parser.add_argument("--key", type=Path, help="private key of the certificate, PEM")
    parser.add_argument("--migrate", action="store_true", help="migrate the database first")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM."""
    if arguments.migrate:
        exit_code = _migrate()
        if exit_code != 0:  # its own message says why
            return exit_code
    os.environ.pop("SIMULACRA_MIGRATION_DATABASE_URL", None)  # only migrations act as the owner
    import uvloop

    from simulacra.service import main

    settings = cli_settings.load()
    logs.configure(settings.log_format)
    with contextlib.suppress(KeyboardInterrupt):  # requests are finished by then
        uvloop.run(main.serve(settings, arguments.certificate, arguments.key))
    return 0


def _migrate() -> int:
    """Migrate in a process of its own, so that the modules for it do not stay in memory."""
    from simulacra.service.confinement import environment
    from simulacra.service.embedded import handover

    command = [sys.executable, "-m", "simulacra.cli.main", "migrate"]
    with handover.offered(os.environ) as descriptor:
        visible = handover.name(descriptor, environment.harmless(os.environ))
        ended = subprocess.run(  # noqa: S603 - our own command
            command, check=False, env=visible, pass_fds=[descriptor]
        )
    return ended.returncode
