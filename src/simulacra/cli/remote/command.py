"""What all commands against a server have: options, one answer, exit codes."""

import argparse
import contextlib
import dataclasses
import functools
import json
import logging
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from simulacra.cli import option_types, terminal
from simulacra.cli.remote import failing

if TYPE_CHECKING:
    from simulacra.engine.progress import ProgressCallback

PROGRAM = "simulacra remote"


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a command has found or done.

    Attributes:
        document: for programs, as JSON.
        lines: the same for people.
        exit_code: other than 0 where there is less than was asked for.
    """

    document: Any
    lines: Iterable[str]
    exit_code: int = 0


Action = Callable[[argparse.Namespace], Answer]


class Commands:
    """The commands below one, which its help shows by theme.

    Args:
        parser: of the command above.
        description: of it.
    """

    def __init__(self, parser: argparse.ArgumentParser, description: str) -> None:
        self._parser, self._description = parser, description
        parser.usage = f"{parser.prog} [-h] COMMAND ..."
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        self._parsers = parser.add_subparsers(
            metavar="COMMAND", required=True, help=argparse.SUPPRESS, prog=parser.prog
        )
        self._themes: dict[str, dict[str, str]] = {}
        self._actions: list[tuple[argparse.ArgumentParser, Action]] = []

    def theme(self, title: str) -> None:
        """Begin a theme; the commands that are added from now on belong to it."""
        self._themes[title] = {}

    def add(
        self,
        name: str,
        summary: str,
        action: Action,
        *,
        takes: str = "",
        more: str = "",
        examples: str = "",
    ) -> argparse.ArgumentParser:
        """Add a command.

        Args:
            name: of the command.
            summary: one line.
            action: does it.
            takes: its arguments, for the line that shows its use.
            more: what else its help says.
            examples: command lines, one a line.
        """
        [*self._themes.values()][-1][name] = summary
        parser = self._parsers.add_parser(
            name,
            help=summary,
            usage=" ".join(it for it in (self._parser.prog, name, takes, "[OPTION ...]") if it),
            description="\n\n".join(it for it in (f"{_sentence(summary)}.", more) if it),
            epilog=f"examples:\n{_indented(examples)}" if examples else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._actions.append((parser, action))
        return parser

    def describe(self) -> None:
        """Complete the help: all commands that were added, by theme, and the exit codes."""
        for parser, action in self._actions:  # at last, since help has options in this order
            add_common(parser, action)
        width = max(len(name) for theme in self._themes.values() for name in theme)
        lines = [self._description, ""]
        for title, commands in self._themes.items():
            lines += [f"{title}:"]
            lines += [f"  {name:<{width}}  {summary}" for name, summary in commands.items()]
            lines += [""]
        self._parser.description = "\n".join(lines)
        codes = [f"  {code:>3}  {meaning}" for code, meaning in failing.MEANINGS.items()]
        self._parser.epilog = "\n".join(
            [
                f"`{self._parser.prog} COMMAND --help` shows the options of a command.",
                "",
                "exit codes:",
                *codes,
            ]
        )


def add_common(parser: argparse.ArgumentParser, action: Action) -> None:
    """Add the options of every command, and what it does."""
    every = parser.add_argument_group("options of every command")
    every.add_argument(
        "--profile",
        metavar="NAME",
        help="whose address and credentials to use (default: SIMIO_* variables if they are set, "
        "otherwise the profile 'default')",
    )
    every.add_argument("--json", action="store_true", help="print one JSON document, for programs")
    parser.set_defaults(run=functools.partial(run, action))


def _sentence(summary: str) -> str:
    return summary[0].upper() + summary[1:]


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def identifier(prefix: str, what: str, where: str) -> Callable[[str], str]:
    """Return the type of an argument that is an id.

    Args:
        prefix: that such ids begin with; several are parted by "|".
        what: it is the id of.
        where: the command that lists them.
    """
    prefixes = tuple(prefix.split("|"))

    def read(text: str) -> str:
        begin, _, rest = text.partition("_")
        if f"{begin}_" not in prefixes or not (rest.isascii() and rest.isalnum()):
            raise argparse.ArgumentTypeError(
                f"{text!r} is not the id of a {what}, {' or '.join(prefixes)} and letters; "
                f"`{PROGRAM} {where}` lists them"
            )
        return text

    return read


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Add the option for how long a job is waited for."""
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=option_types.WholeNumber(0),
        help="give up waiting after so long; the job goes on (default: wait as long as it takes)",
    )


def add_intent(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that begins a job: how to wait, and how to try again."""
    parser.add_argument(
        "--no-wait", action="store_true", help="begin the job, and do not wait for its end"
    )
    add_timeout(parser)
    parser.add_argument(
        "--idempotency-key",
        metavar="KEY",
        help="with the key of an earlier try, what that has begun is found, and nothing is done "
        "or billed twice (default: a new one)",
    )


def run(action: Action, arguments: argparse.Namespace) -> int:
    """Do what a command is for, print its answer, and return the exit code."""
    _log_for_people()
    # The option and its variable are the same from here on, also where a profile is yet to be made.
    arguments.profile = arguments.profile or os.environ.pop("SIMIO_PROFILE", None)
    try:
        answer = action(arguments)
        lines = [] if arguments.json else [*answer.lines]
    except Exception as error:
        failure = failing.of(error, arguments)
        if failure is None:
            raise
        for line in failure.lines:
            note(f"simulacra: {line}")
        if arguments.json:
            print(json.dumps({"error": failure.document}, default=str))
        return failure.exit_code
    if arguments.json:
        print(json.dumps(answer.document, default=str))
    terminal.say_lines(lines)
    return answer.exit_code


def note(text: str) -> None:
    """Print lines for people on standard error."""
    for line in text.split("\n"):
        print(terminal.printable(line), file=sys.stderr, flush=True)


def following(arguments: argparse.Namespace, *words: str | int) -> str:
    """Return a command line that may come next, with the profile that was named."""
    profile = [] if arguments.profile is None else ["--profile", arguments.profile]
    return f"{PROGRAM} {shlex.join([*map(str, words), *profile])}"


@contextlib.contextmanager
def progress() -> "Iterator[ProgressCallback | None]":
    """Show progress on standard error, as commands without a server do.

    The bar is that of the client, since it makes room for the client's questions. Without rich
    there is none, and a terminal shows what other places do.
    """
    from simulacra.engine.display import progress as display

    has_bar = sys.stderr.isatty() and display.has_bars()
    with display.progress(None if has_bar else terminal.stages()) as on_progress:
        yield on_progress


def fields(values: Mapping[str, object]) -> list[str]:
    """Return names and values, one a line."""
    width = max(map(len, values))
    return [f"  {name:<{width}}  {value}" for name, value in values.items()]


def refuse(message: str) -> NoReturn:
    """End a command whose options cannot be.

    Raises:
        failures.CommandError: always.
    """
    from simulacra.cli import failures

    raise failures.CommandError(message)


def asked(question: str, *, yes: bool) -> None:
    """Have a person confirm what cannot be undone.

    Raises:
        failures.CommandError: there is nobody to ask.
        failing.DeclinedError: the person does not want it.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        refuse(f"{question} There is nobody to ask: say so with --yes.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise failing.DeclinedError("Nothing was done.")


class _Notes(logging.Handler):
    """Shows what the client says of its retries, as a bar allows it at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        note(record.getMessage())


def _log_for_people() -> None:
    logger = logging.getLogger("simulacra.client")
    logger.handlers, logger.propagate = [_Notes()], False


def first(items: Iterable[Any], at_most: int) -> tuple[Sequence[Any], bool]:
    """Return the first items, and whether there are more."""
    found: list[Any] = []
    for item in items:
        if len(found) == at_most:
            return found, True
        found.append(item)
    return found, False
