"""Column names that are identifiers and unique."""

import html
import re
from collections.abc import Callable, Iterable, Sequence

UNSAFE = re.compile(r"\W+")
MAX_LENGTH = 300
TAG = re.compile(r"</?[A-Za-z][^<>]*>")


def clean(names: Iterable[str]) -> list[str]:
    """Return a valid and unique name for each name, in the same order.

    A valid identifier stays as it is; in any other name each run of other characters becomes a
    dot. A name that is already taken gets a number; a name is cut to 300 characters.
    """
    return make_unique(list(names), _safe, ".")


def make_unique(names: Sequence[str], normalise: Callable[[str], str], separator: str) -> list[str]:
    """Return the normalised names; a number after a separator tells equal names apart.

    A name that is already normalised stays as it is.
    """
    reserved = {name for name in names if normalise(name) == name}
    taken: set[str] = set()
    unique = []
    for source in names:
        name = base = normalise(source)
        number = 2
        while name in taken or (name in reserved and name != source):
            name, number = f"{base}{separator}{number}", number + 1
        taken.add(name)
        unique.append(name)
    return unique


def strip_markup(text: str) -> str:
    """Return a text without the markup, line breaks and NUL characters of the exporting program."""
    return " ".join(html.unescape(TAG.sub(" ", text.replace("\0", ""))).split())


def _safe(name: str) -> str:
    dotted = UNSAFE.sub(".", strip_markup(name)).strip(".")[:MAX_LENGTH].strip(".") or "column"
    return f"X{dotted}" if dotted[0].isdigit() else dotted
