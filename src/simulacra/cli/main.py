"""`simulacra`: the command line."""

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence

from simulacra.cli import failures

NOUNS = ("serve", "operator", "api", "worker", "migrate", "openapi")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; each noun is a module of this package."""
    parser = argparse.ArgumentParser(
        prog="simulacra", description="Scenario-conditioned synthetic survey data."
    )
    nouns = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in NOUNS:
        importlib.import_module(f"simulacra.cli.{name}").register(nouns)
    arguments = parser.parse_args(argv)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for talkative in ("alembic", "procrastinate"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    try:
        code: int = arguments.run(arguments)
    except Exception as error:
        explanation = failures.explain(error)
        if explanation is None:
            raise
        print(f"simulacra: {explanation}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
