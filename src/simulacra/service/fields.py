"""Types of fields: text that can be stored, whole numbers, and JSON that others have written."""

import dataclasses
import difflib
import unicodedata
from collections.abc import Iterable
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

NUL = "\0"
WITHOUT_CONTROL_CHARACTERS = r"^[^\u0000-\u001F\u007F-\u009F]*$"
"""A text without characters of Unicode's category Cc, in the syntax of ECMA-262 as JSON Schema."""
MOST_UNKNOWN, LIKENESS = 20, 0.45
MOST_OF_A_NAME = 64
"""Characters of a name that is not known which are looked at, and quoted."""
MAX_WAIT_SECONDS = 30
"""How long a request may be held until its work is done."""


def storable(text: str) -> str:
    """Return `text` as it is.

    Raises:
        ValueError: it holds a control character, such as a NUL, which PostgreSQL's text cannot, or
            one that moves a terminal's cursor, or a lone surrogate, which UTF-8 cannot.
    """
    if NUL in text:
        raise ValueError("the text holds a NUL character")
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError("the text holds a control character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("the text holds half of a surrogate pair") from None
    return text


def nearest(name: str, known: Iterable[str], likeness: float = LIKENESS) -> str | None:
    """Return which of some names in small letters may be meant by one that is not among them.

    Args:
        name: that is not among them.
        known: those names.
        likeness: 0 to 1: how much of both names must agree.
    """
    near = difflib.get_close_matches(name[:MOST_OF_A_NAME].lower(), known, 1, cutoff=likeness)
    return near[0] if near else None


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
            unknown = value.keys() - cls._members().keys()
            if len(unknown) > MOST_UNKNOWN:
                raise ValueError(f"the object has {len(unknown)} names that are not known here")
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _suggests_names(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401 - as above
        """Say of a name that is not known here which one may be meant."""
        try:
            return handler(value)
        except ValidationError as error:
            told = [cls._told(dict(fault)) for fault in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(error.title, told) from None

    @classmethod
    def _members(cls) -> dict[str, FieldInfo]:
        """Return the fields by the names that they have in JSON."""
        return {field.alias or name: field for name, field in cls.model_fields.items()}

    @classmethod
    def _told(cls, fault: dict[str, Any]) -> InitErrorDetails:
        kind: Any = fault["type"]
        loc, context = fault["loc"], fault.get("ctx", {})
        if kind == "extra_forbidden" and len(loc) == 1:
            kind = PydanticCustomError(
                "unknown_member", "{text}", {"text": cls._advice(str(loc[0]))}
            )
        elif kind == "unknown_member":
            kind = PydanticCustomError("unknown_member", "{text}", context)
        return InitErrorDetails(type=kind, loc=loc, input=fault["input"], ctx=context)

    @classmethod
    def _advice(cls, name: str) -> str:
        """Return what to say of a name that is not known here."""
        members = cls._members()
        for member, field in members.items():
            within = field.annotation
            if (
                isinstance(within, type)
                and issubclass(within, Body)
                and name in within.model_fields
            ):
                return f"There is no such field here; it belongs into {member!r}."
        near = nearest(name, members)
        if near is not None:
            return f"There is no such field here; did you mean {near!r}?"
        return f"There is no such field here; there are {', '.join(map(repr, members))}."


@dataclasses.dataclass(frozen=True)
class As:
    """Annotates a field whose value is JSON that another part has written, in the form of a model.

    The form is described in the OpenAPI document, and tests hold what is written to it. The value
    itself goes out as it is: it may have been stored by another version.
    """

    model: type[BaseModel]

    def __get_pydantic_json_schema__(
        self, _: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(self.model.__pydantic_core_schema__)


class _WithoutControlCharacters:
    """Says in the OpenAPI document of a text what `storable` refuses."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"pattern": WITHOUT_CONTROL_CHARACTERS} | handler(schema)


Text = Annotated[str, AfterValidator(storable), _WithoutControlCharacters()]
Name = Annotated[str, AfterValidator(storable)]
"""Of a member of a map: a pattern of its own would hide from client generators that it is a map."""
WholeNumber = BeforeValidator(_without_fraction)
"""Annotates a strict integer, after its bounds: what comes later is not a bound of an integer any
more, neither to pydantic nor in the OpenAPI document."""
