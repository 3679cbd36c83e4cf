"""Identifier-safe, unique column names."""

import html
import re
from collections.abc import Callable, Iterable, Sequence

UNSAFE = re.compile(r"\W+")
MAX_LENGTH = 300
TAG = re.compile(r"</?[A-Za-z][^<>]*>")


def clean(names: Iterable[str]) -> list[str]:
    """Return a valid name for each name, in order.

    A valid identifier stays as it is; in any other name each run of other characters becomes a
    dot. A name that is taken gets a number; one of more than 300 characters is cut.
    """
    return distinct(list(names), _safe, ".")


def distinct(given: Sequence[str], shape: Callable[[str], str], joint: str) -> list[str]:
    """Return each name in its shape, numbered behind a joint where it would be there twice.

    A name that has its shape already keeps it.
    """
    reserved = {name for name in given if shape(name) == name}
    taken: set[str] = set()
    made = []
    for source in given:
        name = base = shape(source)
        number = 2
        while name in taken or (name in reserved and name != source):
            name, number = f"{base}{joint}{number}", number + 1
        taken.add(name)
        made.append(name)
    return made


def plain(text: str) -> str:
    """Return a text without the markup, line breaks and NULs that programs leave in it."""
    return " ".join(html.unescape(TAG.sub(" ", text.replace("\0", ""))).split())


def _safe(name: str) -> str:
    dotted = UNSAFE.sub(".", plain(name)).strip(".")[:MAX_LENGTH].strip(".") or "column"
    return f"X{dotted}" if dotted[0].isdigit() else dotted
