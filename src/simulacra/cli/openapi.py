"""`simulacra openapi`: print the contract."""

import argparse
import base64
import json

from simulacra.cli import loading
from simulacra.cli import settings as cli_settings

UNUSED_DATABASE = "postgresql://localhost/never-connected"


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("openapi", help="print the OpenAPI document")
    parser.add_argument(
        "--arazzo", action="store_true", help="print the Arazzo document of the workflow instead"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the document of a server with default settings."""
    loading.load("simulacra.service.main")
    from simulacra.service import compose, keys, main
    from simulacra.service.contract import document, workflow

    unused = base64.b64encode(bytes(keys.MASTER_KEY_BYTES)).decode()
    settings = cli_settings.load(
        database_url=UNUSED_DATABASE, object_store_url="memory:///", master_key=unused
    )
    app = main.build(compose.runtime_of(settings))
    made = workflow.of(app) if args.arazzo else document.of(app)
    print(json.dumps(made, indent=2, ensure_ascii=False))
    return 0
