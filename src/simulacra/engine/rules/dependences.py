"""Linear dependences: numbers of which one is told by the others, up to rounding.

What adds up shows as one among the values themselves, what multiplies as one among their
logarithms.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.linalg import qr, solve_triangular

from simulacra.engine.columns.arrays import Floats, Int64s

SAMPLE_ROWS = 2_000
SPARE_ROWS = 30
"""Complete rows beyond the number of columns, each of which would have to fall on a plane."""
EXACT, ROUNDED = 1e-6, 0.05
"""Share of a column's spread that others leave unexplained, if values are exact or rounded."""
NEAR_WHOLE = 0.05
"""How far from a whole number a coefficient may be, since values are rounded."""


class Dependence(NamedTuple):
    """Columns of which a weighted sum is nearly constant.

    Attributes:
        positions: int64, shape (columns,).
        complete: float64, shape (rows, columns): the rows in which all of them are known.
        factors: float64, shape (columns,): the weights, many of them near 0; that of the column
            which the others tell is -1.
    """

    positions: Int64s
    complete: Floats
    factors: Floats


def find(values: Floats, numbers: Sequence[int]) -> Iterator[Dependence]:
    """Yield the dependences among some columns.

    Columns that are known together are standardised and decomposed by a rank-revealing QR (Golub
    and Van Loan 2013, section 5.4.2); a column that the others explain to within rounding gives
    one. With k columns k rows always fit; there are `SPARE_ROWS` more.

    Args:
        values: float64, shape (rows, all columns); NaN where nothing is known.
        numbers: the positions of the columns to look at.
    """
    for positions in _known_together(values, numbers):
        columns = values[:, positions]
        complete = columns[~np.isnan(columns).any(axis=1)]
        varied = complete.std(axis=0) > 0 if len(complete) else np.zeros(0, dtype=np.bool_)
        if varied.sum() < 2 or len(complete) < varied.sum() + SPARE_ROWS:
            continue
        chosen, complete = np.asarray(positions)[varied], complete[:, varied]
        for factors in _equations(complete):
            yield Dependence(chosen, complete, factors)


def whole(factors: Floats, largest: int) -> Floats | None:
    """Return factors in whole numbers up to `largest`; None if there are none or less than two."""
    for multiple in range(1, largest + 1):
        rounded = np.round(factors * multiple)
        if np.abs(factors * multiple - rounded).max() <= NEAR_WHOLE:
            is_small = np.abs(rounded).max() <= largest
            return rounded if is_small and np.count_nonzero(rounded) > 1 else None
    return None


def _known_together(values: Floats, numbers: Sequence[int]) -> Iterator[list[int]]:
    """Yield sets of columns: those of each pattern of missingness with all that are never so."""
    patterns: dict[bytes, list[int]] = {}
    for position in numbers:
        missing = np.packbits(np.isnan(values[:, position])).tobytes()
        patterns.setdefault(missing, []).append(position)
    always = patterns.pop(bytes((len(values) + 7) // 8), [])
    yield always
    for positions in patterns.values():
        if len(positions) + len(always) > 1:
            yield [*positions, *always]
    if len(patterns) > 1:
        yield list(numbers)


def _equations(complete: Floats) -> Iterator[Floats]:
    """Yield the factors of equations that hold nearly, the dependent column's being -1."""
    number = min(len(complete), _enough(complete))
    sample = complete[np.linspace(0, len(complete) - 1, number).astype(np.int64)]
    spread = sample.std(axis=0)
    spread[spread == 0] = 1.0
    standard = (sample - sample.mean(axis=0)) / spread
    triangle, pivots = qr(standard, mode="r", pivoting=True)
    left = np.abs(np.diag(triangle)) / np.sqrt(len(sample))
    ranks = {int((left > share).sum()) for share in (EXACT, ROUNDED)}
    for rank in sorted(ranks - {0}, reverse=True):
        factors = solve_triangular(triangle[:rank, :rank], triangle[:rank, rank:])
        for index, dependent in enumerate(pivots[rank:]):
            equation = np.zeros(len(spread))
            equation[pivots[:rank]] = factors[:, index] * spread[dependent] / spread[pivots[:rank]]
            equation[dependent] = -1.0
            yield equation


def _enough(complete: Floats) -> int:
    return max(SAMPLE_ROWS, 2 * int(complete.shape[1]) + SPARE_ROWS)
