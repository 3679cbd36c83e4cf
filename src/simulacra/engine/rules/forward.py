"""Forward checking: a value is refused too if it leaves a column that is still to come no value.

With a price and its discount the sale price is settled, although it is drawn later. Where that sale
price may not be, the discount may not be either. To find this out only when the sale price is drawn
is too late: such rows would be drawn anew as a whole, and what is hard to complete, such as a
discount, would grow rare. (Haralick & Elliott 1980, *Increasing tree search efficiency for
constraint satisfaction problems*.)
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats, Int32s, Int64s
from simulacra.engine.rules.checker import Checker

if TYPE_CHECKING:
    from simulacra.engine.rules.ruleset import Rules

Column = TypeVar("Column", Floats, Int32s)


class ForwardChecker(Checker):
    """The rules about one column, and about those that it settles together with drawn ones.

    Args:
        rules: of the study.
        position: of the column.
        drawn: float64, shape (rows,), by position of a column that has been drawn.
        coded: int32, shape (rows,), by position: the states of drawn columns, where known already.
    """

    def __init__(
        self,
        rules: "Rules",
        position: int,
        drawn: Mapping[int, Floats],
        coded: Mapping[int, Int32s],
    ) -> None:
        super().__init__(position, *rules.prepared(position), rules.states, drawn, coded)
        self._all_rules = rules
        self._ahead = {
            later: (
                {it: drawn[it] for it in rules.tied(later) & drawn.keys()},
                {it: coded[it] for it in rules.tied(later) & coded.keys()},
            )
            for later in rules.settled_by(position, drawn.keys())
        }

    def broken(self, values: Floats, rows: Int64s | None = None) -> Flags:
        """Return which values break a rule, or leave none to a later column, bool, (rows,)."""
        broken = super().broken(values, rows)
        for later, (drawn, coded) in self._ahead.items():
            there = {**_some(drawn, rows), self._position: values}
            checker = self._all_rules.checker(later, there, _some(coded, rows))
            settled = checker.settled(len(values))
            broken |= ~np.isnan(settled) & checker.broken(settled)
        return broken


def _some(columns: Mapping[int, Column], rows: Int64s | None) -> Mapping[int, Column]:
    if rows is None:
        return columns
    return {position: column[rows] for position, column in columns.items()}
