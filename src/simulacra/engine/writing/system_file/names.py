"""Names that SPSS takes for variables and multiple-response sets.

A name begins with a letter or ``@``, goes on with letters, digits and ``. _ $ # @``, does not
end in a period, has at most 64 bytes, and is no word of the language. Upper and lower
case do not tell two names apart.
"""

import unicodedata
from collections.abc import Sequence

from simulacra.engine.writing import unique_names

MAX_BYTES = 64
KEYWORDS = frozenset(
    ("ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH")
)
LEADING = "@"
"""What SPSS itself puts before a name that begins with another character than a letter."""


def valid(names: Sequence[str], most: int = MAX_BYTES) -> list[str]:
    """Return a valid and unique name for each name, in the same order.

    A name that is valid stays as it is, unless an earlier one differs in upper and lower case
    alone; the same names always become the same.

    Args:
        names: of the variables.
        most: bytes of a name.
    """
    return unique_names.of(
        names,
        lambda name: _valid(name, most),
        _folded,
        lambda base, suffix: cut(base, most - len(suffix)) + suffix,
    )


def cut(text: str, most: int) -> str:
    """Return the beginning of a text that has at most so many bytes in UTF-8."""
    encoded = text.encode()
    return text if len(encoded) <= most else encoded[:most].decode(errors="ignore")


def shortened(text: str, most: int) -> str:
    """Return a text of at most so many bytes; an ellipsis shows that it was cut."""
    return text if len(text.encode()) <= most else cut(text, most - len("…".encode())) + "…"


def _folded(name: str) -> str:
    return name.upper().casefold()


def _valid(name: str, most: int) -> str:
    safe = "".join(it if _is_allowed(it) else "." for it in name).strip(".")
    while ".." in safe:
        safe = safe.replace("..", ".")
    if not safe or not (safe[0] == LEADING or unicodedata.category(safe[0])[0] == "L"):
        safe = LEADING + (safe or "column")
    if safe.upper() in KEYWORDS:
        safe = LEADING + safe
    return cut(safe, most).rstrip(".")


def _is_allowed(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in "._$#@"
    return unicodedata.category(character)[0] in "LMN"
