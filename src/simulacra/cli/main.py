"""`simulacra`: the command line."""

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence

import simulacra
from simulacra.cli import failures, logs, terminal

OF_SERVER = ("serve", "operator", "api", "worker", "migrate", "ready", "openapi")
"""Commands that have the secrets of a server, which a parent process may hand over."""
COMMANDS = (
    *(
        "fit",
        "preview",
        "generate",
        "report",
        "crosstab",
        "compare",
        "validate",
        "sample",
        "compile",
    ),
    *("remote", "watch", "mcp"),
    *OF_SERVER,
    "completion",
)
"""All of them; where only the client is installed, there are fewer."""

USAGE = 2
"""Exit code of what cannot be run as it was asked for, as argparse has it."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""
OUTPUT_CLOSED = 141
"""Exit code where nobody reads the output any more, as in ``| head``: likewise, of SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code; each command is a module of this package."""
    words = sys.argv[1:] if argv is None else argv
    named = words[0] if words and words[0] in COMMANDS else None
    if named is not None and not _is_installed(named):
        print(
            f"simulacra: {named} needs the library, and only the client is installed: "
            "pip install simulacra",
            file=sys.stderr,
        )
        return USAGE
    arguments = new_parser(COMMANDS if named is None else (named,)).parse_args(words)
    if named in OF_SERVER:
        from simulacra.service.embedded import handover

        handover.accept()
    logs.configure()
    try:
        code: int = arguments.run(arguments)
        print(end="", flush=True)  # here, where it can be told that nobody reads it any more
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return OUTPUT_CLOSED
    except Exception as error:
        explanation = failures.explain(error)
        if explanation is None:
            raise
        for line in explanation.split("\n"):
            print(f"simulacra: {terminal.printable(line)}", file=sys.stderr)
        return 1
    return code


def new_parser(commands: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """Return the parser with some commands; the modules of others need not be loaded."""
    parser = argparse.ArgumentParser(
        prog="simulacra", description="Scenario-conditioned synthetic survey data."
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    parsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in filter(_is_installed, commands):
        importlib.import_module(f"simulacra.cli.{name}").register(parsers)
    return parser


def _drop_output() -> None:
    """Have Python not try once more, when it ends, to write what nobody reads."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_installed(command: str) -> bool:
    return importlib.util.find_spec(f"simulacra.cli.{command}") is not None


class _Version(argparse.Action):
    """Prints the version, which is looked up only then: that takes longer than most commands."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"{parser.prog} {simulacra.__version__}")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
