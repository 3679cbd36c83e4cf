"""What a kind of conditions can do."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from simulacra.engine.columns.schema import Schema
from simulacra.engine.scenario.kinds.checking import Checker
from simulacra.engine.scenario.terms import Condition


class Kind(ABC):
    """One kind of conditions.

    Attributes:
        member: of a request and argument of `Model.generate`; also the first part of the JSON
            pointers to its faults.
        can_be_among: such conditions may hold among some rows only (see `groups`).
    """

    member: ClassVar[str]
    can_be_among: ClassVar[bool] = True

    @abstractmethod
    def read(self, check: Checker, given: Any) -> Iterator[Condition]:  # noqa: ANN401 - of any kind
        """Yield what conditions of this kind come down to; note a fault for each that is wrong.

        Args:
            check: at the place of the member.
            given: what the caller gave for it; anything.
        """

    def reshared(self, schema: Schema, given: Any, shares: Iterator[Sequence[float]]) -> Any:  # noqa: ANN401, ARG002 - of any kind; only shares of all rows are changed
        """Return conditions of this kind with other shares, in the form that they are given in.

        Args:
            schema: that `read` found no fault by.
            given: what `read` took.
            shares: of what is named in each partition among all rows, in the order of `read`.
        """
        return given
