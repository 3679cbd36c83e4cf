"""`means`: the mean of a number over the rows."""

from collections.abc import Iterator, Mapping
from typing import Any

from simulacra.engine.scenario.kinds.checking import Checker
from simulacra.engine.scenario.kinds.kind import Kind
from simulacra.engine.scenario.kinds.ranges import plain
from simulacra.engine.scenario.terms import Mean


class Means(Kind):
    """Column to its mean; of dates, in ISO 8601."""

    member = "means"

    def read(self, check: Checker, given: Any) -> Iterator[Mean]:  # noqa: ANN401 - of any kind
        """Yield the means."""
        if not isinstance(given, Mapping):
            check.fault(f"Give {self.member!r} as an object of column and mean.")
            return
        for name, target in given.items():
            here = check.at(name)
            column = here.column(name)
            if column is None:
                continue
            if column.type.is_categorical:
                here.fault(
                    f"Column {column.name!r} is {column.type} and has no mean: give shares of its "
                    "levels under 'categorical'."
                )
                continue
            where = f"Mean of column {column.name!r}"
            try:
                number = column.type.to_number(target)
            except (TypeError, ValueError):
                here.fault(f"{where}: it must be {column.type.expected_bound(column)}.")
                continue
            if column.min is None or column.max is None:
                here.fault(f"{where}: the column has no values.", "condition_out_of_range")
                continue
            least, greatest = column.bounds
            if not least < number < greatest:
                here.fault(
                    f"{where}: it is {target}; a mean lies within the schema's range, above "
                    f"{column.min} and below {column.max}.",
                    "condition_out_of_range",
                )
                continue
            yield Mean(name, plain(target), number, check.among)


MEANS = Means()
