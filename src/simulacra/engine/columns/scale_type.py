"""What the numeric types share: values are points on a scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from simulacra.engine import disclosure
from simulacra.engine.columns import cells as emission
from simulacra.engine.columns import increments
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.lazy import np
from simulacra.engine.columns.tree_codes import TreeCoding

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Flags, Floats, Int64s
    from simulacra.engine.columns.cells import Cells, Window
    from simulacra.engine.columns.drafts import Draft
    from simulacra.engine.columns.facts import Bound, ColumnFacts
    from simulacra.engine.columns.increments import Increment
    from simulacra.engine.columns.texts.clocks import Clocks
    from simulacra.engine.columns.texts.dates import Dates
    from simulacra.engine.columns.texts.numerals import Numerals

    Parsed = TypeVar("Parsed", Numerals, Dates, Clocks)

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class ScaleType(ColumnType):
    """A type whose values are points on a scale with a grid and bounds."""

    is_categorical = False

    __slots__ = ()

    def published_bounds(self, draft: Draft, ordered: Floats) -> tuple[float, float]:
        """Return bounds that are nobody's own value, or that enough respondents share.

        Args:
            draft: the column.
            ordered: float64: its known values in order.
        """
        raise NotImplementedError

    def periods(self, ordered: Floats, step: float) -> Int64s:
        """Return the periods of patterns that the values of such a column may have, in steps."""
        return increments.periods_of_numbers(ordered, step)

    def increment(self, ordered: Floats, step: float) -> Increment | None:
        """Return the pattern that all values of such a column keep; None without one."""
        return increments.learn(ordered, step, self.periods(ordered, step))

    def _readable(self, name: str, draft: Draft, parsed: Parsed | None) -> Parsed:
        """Return what the levels of a column were parsed as.

        Args:
            name: of the column.
            draft: categorical.
            parsed: one value a level, NaN where a level could not be parsed; None if none could.

        Raises:
            errors.StudyError: less than half of the values could be parsed.
        """
        counts = draft.level_counts
        readable = 0 if parsed is None else int(counts[~np.isnan(parsed.values)].sum())
        if parsed is None or readable < counts.sum() / 2:
            raise self._refusal(name, f"{readable:,} of its {counts.sum():,} values can be read so")
        return parsed

    def describe(self, draft: Draft) -> dict[str, Any]:
        """Return bounds, quantiles and the values in use."""
        ordered = np.sort(draft.values[draft.known])
        step = self.step(draft.decimals)
        increment = self.increment(ordered, step)
        low, high = self.published_bounds(draft, ordered)
        positions = _positions(draft, len(ordered))
        inside = [min(max(_published(ordered, at), low), high) for at in positions]
        return {
            "min": self.to_bound(low),
            "max": self.to_bound(high),
            "quantiles": tuple(self.to_bound(round(value, draft.decimals)) for value in inside),
            "period": None if increment is None else increment.period,
            "offsets": () if increment is None else tuple(increment.offsets.astype(int).tolist()),
        }

    def round(self, column: ColumnFacts, values: Floats) -> Floats:
        """Return the nearest multiples of a step."""
        return np.asarray(np.round(values / column.step) * column.step)

    def contains(self, column: ColumnFacts, values: Floats) -> Flags:
        """Return which values are on the grid and within the bounds."""
        low, high = column.bounds
        is_on_grid = column.round(values) == values
        return np.asarray((values >= low) & (values <= high) & is_on_grid)

    def tree_coding(self, column: ColumnFacts, values: Floats) -> TreeCoding:
        """Return the coding by the nearest value of the study; a missing value comes first."""
        distinct = np.unique(values[~np.isnan(values)])
        midpoints = (distinct[1:] + distinct[:-1]) / 2
        return TreeCoding(len(distinct) + 1, self.is_ordered, midpoints)

    def cells(self, column: ColumnFacts, values: Floats) -> Cells:
        """Return an interval around each value that too few respondents share."""

        def habit(distinct: Floats) -> increments.Increment | None:
            return increments.habit(distinct, column.step, self.periods(distinct, column.step))

        return emission.around(column, values, habit)

    def window(
        self, column: ColumnFacts, values: Floats, cells: Cells, low: Bound, high: Bound
    ) -> Window:
        """Cut the cells of a column's values to a range."""
        first, last = self.to_number(low), self.to_number(high)
        return emission.window(column, values, cells, first, last)


def _positions(draft: Draft, known: int) -> list[int]:
    """Return where the quantiles lie among the known values in their order."""
    if draft.weights is None:
        return [round(share * (known - 1)) for share in QUANTILES]
    weights = draft.weights[np.argsort(draft.values, kind="stable")[:known]]  # NaN comes last
    reached = (np.cumsum(weights) - weights / 2) / weights.sum()
    return [min(int(np.searchsorted(reached, share)), known - 1) for share in QUANTILES]


def _published(ordered: Floats, position: int) -> float:
    """Return the value at a position if it may be published, else the mean of those around it."""
    around = ordered[max(0, position - disclosure.THRESHOLD // 2) :][: disclosure.THRESHOLD]
    is_shared = np.count_nonzero(ordered == ordered[position]) >= disclosure.THRESHOLD
    return float(ordered[position] if is_shared else around.mean())
