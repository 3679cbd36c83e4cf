"""`simulacra`: the command line."""

import argparse
import importlib
import sys
from collections.abc import Sequence

import simulacra
from simulacra.cli import failures, logs, terminal
from simulacra.service.embedded import handover

COMMANDS = (
    *("fit", "preview", "generate", "crosstab", "compare", "validate", "compile"),
    *("serve", "operator", "watch"),
    *("api", "worker", "migrate", "ready", "openapi"),
)

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; each command is a module of this package."""
    parser = argparse.ArgumentParser(
        prog="simulacra", description="Scenario-conditioned synthetic survey data."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {simulacra.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS:
        importlib.import_module(f"simulacra.cli.{name}").register(commands)
    arguments = parser.parse_args(argv)
    handover.accept()
    logs.configure()
    try:
        code: int = arguments.run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        explanation = failures.explain(error)
        if explanation is None:
            raise
        for line in explanation.split("\n"):
            print(f"simulacra: {terminal.printable(line)}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
