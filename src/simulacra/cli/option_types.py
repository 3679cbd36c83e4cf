"""Values of options: each function reads one from text; its error states what would be valid."""

import argparse
import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from simulacra.cli import failures

if TYPE_CHECKING:
    from simulacra.engine.columns.facts import Bound

Name = TypeVar("Name", bound=str | tuple[str, str])
Value = TypeVar("Value")


class WholeNumber:
    """A whole number between two bounds; without `maximum` it may be any larger number."""

    def __init__(self, minimum: int, maximum: int | None = None) -> None:
        self._minimum, self._maximum = minimum, maximum

    def __call__(self, text: str) -> int:
        """Return the number.

        Raises:
            argparse.ArgumentTypeError: the text is not a whole number, or it is out of bounds.
        """
        bounds = (
            f"{self._minimum:,} or more"
            if self._maximum is None
            else f"{self._minimum} to {self._maximum}"
        )
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, {bounds}") from None
        if number < self._minimum or (self._maximum is not None and number > self._maximum):
            raise argparse.ArgumentTypeError(f"{number} is out of bounds; give {bounds}")
        return number


def moment(text: str) -> dt.datetime:
    """Return a moment; without an offset it is in UTC.

    Raises:
        argparse.ArgumentTypeError: the text is no ISO 8601 time.
    """
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; give one like 2026-01-31T12:00:00Z"
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)


def existing_file(text: str) -> Path:
    """Return the path of an existing file.

    Raises:
        argparse.ArgumentTypeError: there is no such file.
    """
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text!r}")
    return Path(text)


def new_file(text: str) -> Path:
    """Return the path of a file to write; checked early, before hours of work go into its content.

    Raises:
        argparse.ArgumentTypeError: it is a directory, or its directory does not exist.
    """
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a directory; give the name of a file")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no directory {str(path.parent)!r}")
    return path


def name_and_value(text: str, form: str) -> tuple[str, str]:
    """Return name and value from ``name=value``.

    Raises:
        argparse.ArgumentTypeError: the text is no such pair; shows `form`.
    """
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form {form}")
    return name, value


def span(text: str) -> "tuple[str, dict[str, Bound]]":
    """Return a column, and both ends of a range, from ``column=min:max``.

    Raises:
        argparse.ArgumentTypeError: the text is no such pair.
    """
    form = "COLUMN=MIN:MAX, such as age=25:44"
    column, value = name_and_value(text, form)
    parts = value.split(":")
    if len(parts) % 2:  # times have colons too, as many in both ends
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form {form}")
    half = len(parts) // 2
    ends = [":".join(parts[:half]), ":".join(parts[half:])]
    return column, {"min": bound(ends[0]), "max": bound(ends[1])}


def bound(text: str) -> "Bound":
    """Return a number, or the text itself, which may be a date."""
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text


def several(parser: argparse._ActionsContainer, option: str, **about: Any) -> None:  # noqa: ANN401 - of argparse
    """Add an option that takes one value or more, and may be given more than once.

    Args:
        parser: of the command, or a group of its options.
        option: its name.
        about: arguments of `argparse.ArgumentParser.add_argument`.
    """
    parser.add_argument(option, nargs="+", action="extend", default=[], **about)


def unique(option: str, pairs: Iterable[tuple[Name, Value]]) -> dict[Name, Value]:
    """Return the values of an option by name.

    Raises:
        failures.CommandError: a name is given twice.
    """
    values: dict[Name, Value] = {}
    for name, value in pairs:
        if name in values:
            shown = "=".join([name] if isinstance(name, str) else name)
            raise failures.CommandError(f"{option}: {shown} is given twice; give it once.")
        values[name] = value
    return values
