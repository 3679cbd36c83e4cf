"""Types of the fields of requests: text that can be stored, and whole numbers."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

NUL = "\0"
MAX_WAIT_SECONDS = 30
"""How long a request may be held until its work is done."""


def storable(text: str) -> str:
    """Return `text` as it is.

    Raises:
        ValueError: it holds a NUL, which PostgreSQL's text cannot, or a lone surrogate, which
            UTF-8 cannot.
    """
    if NUL in text:
        raise ValueError("the text holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("the text holds half of a surrogate pair") from None
    return text


def _without_fraction(value: object) -> object:
    """Take 5000.0 for 5000: some clients' JSON knows no integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Text = Annotated[str, AfterValidator(storable)]
WholeNumber = Annotated[int, Field(strict=True), BeforeValidator(_without_fraction)]
