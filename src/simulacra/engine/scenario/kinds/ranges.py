"""`numeric`: all rows lie in a range of a number, a date or a time."""

import numbers
from collections.abc import Mapping
from typing import Any

from simulacra.engine.columns.facts import Bound
from simulacra.engine.columns.schema import Column
from simulacra.engine.scenario.kinds.by_column import OfNumbers
from simulacra.engine.scenario.kinds.checking import Checker
from simulacra.engine.scenario.terms import Range


class Ranges(OfNumbers):
    """Column to ``{"min": ..., "max": ...}``, both ends included."""

    member = "numeric"
    can_be_among = False
    refusal = ": give shares of its levels under 'categorical', not a range."

    def of_number(self, check: Checker, column: Column, given: Any) -> Range | None:  # noqa: ANN401 - of any kind
        """Return the range of one column."""
        if not isinstance(given, Mapping) or not set(given) <= {"min", "max"}:
            check.fault(
                f"Give column {column.name!r} an object with 'min' and 'max', and nothing else."
            )
            return None
        if check.span(f"Range of column {column.name!r}", column, given) is None:
            return None
        return Range(column.name, plain(given["min"]), plain(given["max"]))


def plain(end: Any) -> Bound:  # noqa: ANN401 - whatever a column type takes
    """Return a bound without the type of the library that it comes from."""
    if isinstance(end, str):
        return end
    return int(end) if isinstance(end, numbers.Integral) else float(end)


RANGES = Ranges()
