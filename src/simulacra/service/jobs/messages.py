"""What a child process may report to its worker.

It comes as JSON and is validated, because the bytes of a stranger's file have been through the
child: nothing it sends is unpickled or believed.
"""

import dataclasses
import json
from typing import Annotated, Any, Literal

import pydantic

from simulacra.engine.progress import Progress
from simulacra.service import errors

MAX_BYTES = 256 * 1024**2
"""The longest message that is read: the schema of a very wide study has a few of them."""

MAX_FAULTS = 500
"""The most fields that one problem names."""

MAX_TEXT = 10_000
"""The most characters of one text of a problem: it may quote a name of megabytes out of a file, and
every list of jobs or datasets would hold it."""


class MalformedError(Exception):
    """A child sent something that is no message."""


@dataclasses.dataclass(frozen=True)
class ProgressMade:
    """The child has come so far, and goes on."""

    progress: Progress
    kind: Literal["progress"] = "progress"


@dataclasses.dataclass(frozen=True)
class Completion:
    """The function returned; `functions.ChildFunction` knows the form of its result."""

    result: Any
    kind: Literal["completion"] = "completion"


@dataclasses.dataclass(frozen=True)
class Refusal:
    """The engine refused the input, with an error that is for the customer.

    Attributes:
        code: of the catalog, as those of the faults.
        detail: for people.
        faults: the fields of the request at fault; none if no field is.
    """

    code: str
    detail: Annotated[str, pydantic.Field(max_length=MAX_TEXT)]
    faults: Annotated[tuple[errors.Fault, ...], pydantic.Field(max_length=MAX_FAULTS)] = ()
    kind: Literal["refusal"] = "refusal"


@dataclasses.dataclass(frozen=True)
class LimitReached:
    """The function needed more memory, or wrote a larger file, than a job may."""

    limit: Literal["memory", "file"]
    kind: Literal["limit"] = "limit"


@dataclasses.dataclass(frozen=True)
class UnforeseenError:
    """The function raised something else, whose text stays in the child: it may quote a cell."""

    name: str
    kind: Literal["unforeseen"] = "unforeseen"


Message = ProgressMade | Completion | Refusal | LimitReached | UnforeseenError

_ADAPTER: pydantic.TypeAdapter[Message] = pydantic.TypeAdapter(
    Annotated[Message, pydantic.Field(discriminator="kind")]
)


def shortened(text: str) -> str:
    """Return a text of a problem without what is beyond `MAX_TEXT`."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 4]} ..."


def encode(message: Message) -> bytes:
    """Return a message as JSON.

    Raises:
        TypeError: its result holds what JSON cannot say.
    """
    return json.dumps(message, default=vars).encode()


def decode(text: bytes) -> Message:
    """Return the message that a child sent.

    Raises:
        MalformedError: it is none.
    """
    try:
        return _ADAPTER.validate_json(text)
    except pydantic.ValidationError:
        raise MalformedError from None
