"""`simulacra`: the command line."""

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence

import simulacra
from simulacra.cli import failures, logs, terminal

OF_SERVER = ("serve", "operator", "api", "worker", "migrate", "ready", "openapi")
"""Commands that have the secrets of a server, which a parent process may hand over."""
COMMANDS = (
    *("fit", "preview", "generate", "crosstab", "compare", "validate", "compile"),
    *("remote", "watch"),
    *OF_SERVER,
)
"""All of them; where only the client is installed, there are fewer."""

USAGE = 2
"""Exit code of what cannot be run as it was asked for, as argparse has it."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; each command is a module of this package."""
    words = sys.argv[1:] if argv is None else argv
    named = words[0] if words else None
    if named in COMMANDS and not _is_installed(named):
        print(
            f"simulacra: {named} needs the library, and only the client is installed: "
            "pip install simulacra",
            file=sys.stderr,
        )
        return USAGE
    parser = argparse.ArgumentParser(
        prog="simulacra", description="Scenario-conditioned synthetic survey data."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {simulacra.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in filter(_is_installed, COMMANDS):
        importlib.import_module(f"simulacra.cli.{name}").register(commands)
    arguments = parser.parse_args(words)
    if named in OF_SERVER:
        from simulacra.service.embedded import handover

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


def _is_installed(command: str) -> bool:
    return importlib.util.find_spec(f"simulacra.cli.{command}") is not None


if __name__ == "__main__":
    sys.exit(main())
