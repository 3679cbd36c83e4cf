"""`simulacra api`: one API process."""

import argparse
import contextlib
import os
from pathlib import Path

from simulacra.cli import loading, logs
from simulacra.cli import settings as cli_settings


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("api", help="run one API process (needs DATABASE_URL)")
    parser.add_argument("--certificate", type=Path, help="certificate chain, PEM")
    parser.add_argument("--key", type=Path, help="private key of the certificate, PEM")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM."""
    os.environ.pop("SIMULACRA_MIGRATION_DATABASE_URL", None)  # only migrations act as the owner
    loading.load("uvloop", "simulacra.service.main")
    import uvloop

    from simulacra.service import main

    settings = cli_settings.load()
    logs.configure(settings.log_format)
    with contextlib.suppress(KeyboardInterrupt):  # requests are finished by then
        uvloop.run(main.serve(settings, arguments.certificate, arguments.key))
    return 0
