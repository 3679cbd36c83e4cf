"""Objects that are published: read back from JSON, and shown in notebooks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

from simulacra.engine.display import notebook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def read(kind: type[T], document: Mapping[str, Any]) -> T:
    """Return a dataclass with the members of a document, those left out that it does not know.

    Raises:
        TypeError: a member is missing.
    """
    known = {field.name for field in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in document.items() if name in known})


class Shown:
    """What a notebook shows as HTML, and a console as ``print`` does."""

    def __init_subclass__(cls) -> None:
        # IPython takes the representation that a class has itself before a method that it inherits.
        setattr(cls, "_repr_pretty_", _pretty)  # noqa: B010 - as no other class of ours has it

    def _repr_html_(self) -> str | None:
        return notebook.html(self)


def _pretty(shown: object, printer: Any, _: bool) -> None:  # noqa: ANN401, FBT001 - as IPython calls it
    printer.text(str(shown))
