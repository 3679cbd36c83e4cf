"""The root of the tree, and the fields that an error may name."""

import dataclasses
from collections.abc import Sequence
from typing import Self

from simulacra.service.errors import catalog


@dataclasses.dataclass(frozen=True)
class Fault:
    """One field at fault.

    Attributes:
        where: its JSON pointer, or the name of a parameter.
        detail: what was seen, and what would be right.
        code: of the catalog.
        is_parameter: `where` is a name.
        pointer: of a form field, where in the form, as fields hold JSON; None for other parameters.
    """

    where: str
    detail: str
    code: str = "simio_invalid_field"
    is_parameter: bool = False
    pointer: str | None = None

    @classmethod
    def of_form(cls, pointer: str, detail: str, code: str = "simio_invalid_field") -> Self:
        """Return the fault of a form field, from a JSON pointer that begins with its name."""
        return cls(pointer.split("/")[1], detail, code, is_parameter=True, pointer=pointer)


class ServiceError(Exception):
    """Something that went wrong, with a code and a text for the caller.

    Attributes:
        code: stable, and explained in the catalog.
        detail: what was seen and what would be right, written for the caller.
        faults: the fields at fault, where the error is about fields.
        retry_after: seconds after which the same request may succeed; None: nobody knows.

    Raises:
        KeyError: the catalog does not explain the code, so the error must not be raised.
    """

    code = "simio_internal"
    retry_after: int | None = None

    def __init__(self, detail: str, *, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.entry = catalog.CATALOG[self.code]
        self.detail = detail
        self.faults = tuple(faults)


def pointer(*parts: str) -> str:
    """Return the JSON pointer (RFC 6901) along `parts`."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
