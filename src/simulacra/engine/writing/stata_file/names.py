"""Names that Stata takes for variables and value labels.

A name begins with a letter or an underscore, goes on with letters, digits and underscores, has at
most 32 characters, and is no word of the language. Upper and lower case tell two names apart.
"""

import re
import unicodedata
from collections.abc import Sequence

from simulacra.engine.writing import unique_names

MAX_LENGTH = 32
RESERVED = frozenset(
    ("_all", "_b", "byte", "_coef", "_cons", "double", "float", "if", "in", "int", "long", "_n",
     "_N", "_pi", "_pred", "_rc", "_skip", "strL", "using", "with")
)  # fmt: skip
TEXT_TYPE = re.compile(r"str\d+")


def valid(names: Sequence[str]) -> list[str]:
    """Return a valid and unique name for each name, in the same order."""
    return unique_names.of(
        names, _valid, lambda name: name, lambda base, end: base[: MAX_LENGTH - len(end)] + end
    )


def _valid(name: str) -> str:
    safe = "".join(it if _is_allowed(it) else "_" for it in name) or "_"
    if safe[0].isdecimal() or safe in RESERVED or TEXT_TYPE.fullmatch(safe):
        safe = f"_{safe}"
    return safe[:MAX_LENGTH]


def _is_allowed(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character == "_"
    return unicodedata.category(character)[0] == "L"
