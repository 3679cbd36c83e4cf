"""Types of the fields of requests: text that can be stored, and whole numbers."""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

NUL = "\0"
MOST_UNKNOWN = 20
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


class Body(BaseModel):
    """A JSON object with known names; thousands of unknown ones are one fault and not thousands."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _has_few_unknown_names(cls, value: Any) -> Any:  # noqa: ANN401 - whatever JSON can say
        if isinstance(value, dict):
            unknown = value.keys() - cls.model_fields.keys()
            if len(unknown) > MOST_UNKNOWN:
                raise ValueError(f"the object has {len(unknown)} names that are not known here")
        return value


Text = Annotated[str, AfterValidator(storable)]
WholeNumber = Annotated[int, Field(strict=True), BeforeValidator(_without_fraction)]
