"""What kinds of conditions share that are given as an object of column and condition."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from simulacra.engine.columns.schema import Column
from simulacra.engine.scenario.kinds.checking import Checker
from simulacra.engine.scenario.kinds.kind import Kind
from simulacra.engine.scenario.terms import Condition


class ByColumn(Kind):
    """Conditions on columns, one each.

    Attributes:
        noun: what a column is given, for people.
    """

    noun: ClassVar[str] = "condition"

    def read(self, check: Checker, given: Any) -> Iterator[Condition]:  # noqa: ANN401 - of any kind
        """Yield the condition of each column."""
        if not isinstance(given, Mapping):
            check.fault(f"Give {self.member!r} as an object of column and {self.noun}.")
            return
        for name, condition in given.items():
            here = check.at(name)
            column = here.column(name)
            found = None if column is None else self.of_column(here, column, condition)
            if found is not None:
                yield found

    @abstractmethod
    def of_column(self, check: Checker, column: Column, given: Any) -> Condition | None:  # noqa: ANN401 - of any kind
        """Return the condition of one column; None, and a fault, if it is wrong.

        Args:
            check: at the place of the column.
            column: that there is.
            given: what the caller gave for it; anything.
        """


class OfNumbers(ByColumn):
    """Conditions on numbers, dates and times.

    Attributes:
        refusal: what to say of a column of levels, after its type.
    """

    refusal: ClassVar[str]

    def of_column(self, check: Checker, column: Column, given: Any) -> Condition | None:  # noqa: ANN401 - of any kind
        """Return the condition of a column that is no column of levels."""
        if column.type.is_categorical:
            check.fault(f"Column {column.name!r} is {column.type}{self.refusal}")
            return None
        return self.of_number(check, column, given)

    @abstractmethod
    def of_number(self, check: Checker, column: Column, given: Any) -> Condition | None:  # noqa: ANN401 - of any kind
        """Return the condition of one column of numbers; as `of_column`."""
