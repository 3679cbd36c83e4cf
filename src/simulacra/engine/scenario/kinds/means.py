"""`means`: the mean of a number over the rows."""

from typing import Any

from simulacra.engine.columns.schema import Column
from simulacra.engine.scenario.kinds.by_column import OfNumbers
from simulacra.engine.scenario.kinds.checking import Checker
from simulacra.engine.scenario.kinds.ranges import plain
from simulacra.engine.scenario.terms import Mean


class Means(OfNumbers):
    """Column to its mean; of dates, in ISO 8601."""

    member = "means"
    noun = "mean"
    refusal = " and has no mean: give shares of its levels under 'categorical'."

    def of_number(self, check: Checker, column: Column, given: Any) -> Mean | None:  # noqa: ANN401 - of any kind
        """Return the mean of one column."""
        where = f"Mean of column {column.name!r}"
        try:
            number = column.type.to_number(given)
        except (TypeError, ValueError):
            check.fault(f"{where}: it must be {column.type.expected_bound(column)}.")
            return None
        if column.min is None or column.max is None:
            check.fault(f"{where}: the column has no values.", "condition_out_of_range")
            return None
        least, greatest = column.bounds
        if not least < number < greatest:
            check.fault(
                f"{where}: it is {given}; a mean lies within the schema's range, above "
                f"{column.min} and below {column.max}.",
                "condition_out_of_range",
            )
            return None
        return Mean(column.name, plain(given), number, check.among)


MEANS = Means()
