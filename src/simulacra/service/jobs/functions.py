"""Functions that run in child processes, as the worker knows them: by their address and types."""

import dataclasses
import importlib
from collections.abc import Callable
from typing import Generic, TypeVar, cast

from pydantic import TypeAdapter

from simulacra.engine.progress import ProgressCallback
from simulacra.service.errors import study

Request = TypeVar("Request")
Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True)
class ChildFunction(Generic[Request, Result]):
    """A function for child processes.

    It has an address and is not imported here, because its module loads numerical code, and rows
    have no business in the worker. Both sides import the types: the worker sends one `request`,
    and the child answers with one `result`.

    Attributes:
        address: where it is, as ``package.module:name``; called with a request and with whom to
            tell of progress.
        request: a dataclass that can be pickled.
        result: a dataclass of what JSON can say, with pydantic's constraints.
        conditions_at: where in the body of the request the conditions stand that it may refuse.
    """

    address: str
    request: type[Request]
    result: type[Result]
    conditions_at: str = study.CONDITIONS

    @property
    def module(self) -> str:
        """The module to import for it."""
        return self.address.partition(":")[0]

    def load(self) -> Callable[[Request, ProgressCallback], Result]:
        """Return the function; for children alone."""
        _, _, name = self.address.partition(":")
        found = getattr(importlib.import_module(self.module), name)
        return cast("Callable[[Request, ProgressCallback], Result]", found)

    def parse_result(self, document: object) -> Result:
        """Return the result that a child reported as JSON.

        Raises:
            pydantic.ValidationError: it is not of the form of a result.
        """
        return TypeAdapter(self.result).validate_python(document)
