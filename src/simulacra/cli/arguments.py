"""What options take, from text: whoever types something else is told what would be right."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from simulacra.cli import failures

Name = TypeVar("Name", bound=str | tuple[str, str])
Said = TypeVar("Said")


class WholeNumber:
    """A whole number between two bounds; `most` is None where there is none."""

    def __init__(self, least: int, most: int | None = None) -> None:
        self._least, self._most = least, most

    def __call__(self, text: str) -> int:
        """Return the number.

        Raises:
            argparse.ArgumentTypeError: it is none, or out of bounds.
        """
        bounds = (
            f"{self._least:,} or more" if self._most is None else f"{self._least} to {self._most}"
        )
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, {bounds}") from None
        if number < self._least or (self._most is not None and number > self._most):
            raise argparse.ArgumentTypeError(f"{number} is out of bounds; give {bounds}")
        return number


def old_file(text: str) -> Path:
    """Return the path of a file that is there.

    Raises:
        argparse.ArgumentTypeError: there is none.
    """
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no file {text!r}")
    return Path(text)


def new_file(text: str) -> Path:
    """Return the path of a file that can be written, before hours of work go into its content.

    Raises:
        argparse.ArgumentTypeError: it is a directory, or lies in none.
    """
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a directory; give the name of a file")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no directory {str(path.parent)!r}")
    return path


def named(text: str, form: str) -> tuple[str, str]:
    """Return column and what is said of it, from ``column=...``.

    Raises:
        argparse.ArgumentTypeError: there is no such pair; `form` is shown as what would be right.
    """
    column, equals, said = text.partition("=")
    if not (column and equals and said):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form {form}")
    return column, said


def once(option: str, pairs: Iterable[tuple[Name, Said]]) -> dict[Name, Said]:
    """Return what an option says by name.

    Raises:
        failures.CommandError: it says two things of one name.
    """
    said: dict[Name, Said] = {}
    for name, value in pairs:
        if name in said:
            shown = "=".join([name] if isinstance(name, str) else name)
            raise failures.CommandError(f"{option}: {shown} is given twice; give it once.")
        said[name] = value
    return said
