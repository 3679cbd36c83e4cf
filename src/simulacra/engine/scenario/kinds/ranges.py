"""`numeric`: all rows lie in a range of a number, a date or a time."""

import numbers
from collections.abc import Iterator, Mapping
from typing import Any

from simulacra.engine.columns.facts import Bound
from simulacra.engine.scenario.kinds.checking import Checker
from simulacra.engine.scenario.kinds.kind import Kind
from simulacra.engine.scenario.terms import Range


class Ranges(Kind):
    """Column to ``{"min": ..., "max": ...}``, both ends included."""

    member = "numeric"
    can_be_among = False

    def read(self, check: Checker, given: Any) -> Iterator[Range]:  # noqa: ANN401 - of any kind
        """Yield the ranges."""
        if not isinstance(given, Mapping):
            check.fault(f"Give {self.member!r} as an object of column and condition.")
            return
        for name, condition in given.items():
            here = check.at(name)
            column = here.column(name)
            if column is None:
                continue
            if column.type.is_categorical:
                here.fault(
                    f"Column {column.name!r} is {column.type}: give shares of its levels under "
                    "'categorical', not a range."
                )
                continue
            if not isinstance(condition, Mapping) or not set(condition) <= {"min", "max"}:
                here.fault(
                    f"Give column {column.name!r} an object with 'min' and 'max', and nothing else."
                )
                continue
            where = f"Range of column {column.name!r}"
            if here.span(where, column, condition) is not None:
                yield Range(name, plain(condition["min"]), plain(condition["max"]))


def plain(end: Any) -> Bound:  # noqa: ANN401 - whatever a column type takes
    """Return a bound without the type of the library that it comes from."""
    if isinstance(end, str):
        return end
    return int(end) if isinstance(end, numbers.Integral) else float(end)


RANGES = Ranges()
