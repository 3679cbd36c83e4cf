"""Identities: whole multiples of numbers that add up to a constant, such as parts and their total.

Where the values are rounded, the identity holds up to what rounding may do.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import qr, solve_triangular

from simulacra.engine.columns import encoding
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.encoding import Floats
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.rules.allowed import Interval

KINDS = (INTEGER, NUMBER, DATE)
SAMPLE_ROWS = 2_000
SPARE_ROWS = 30  # complete rows beyond the number of columns
MAX_COEFFICIENT = 12
EXACT, ROUNDED = 1e-6, 0.05
"""Share of a column's spread that others leave unexplained, if the sum is exact or rounded."""
NEAR_WHOLE = 0.05


@dataclasses.dataclass(frozen=True)
class Identity:
    """``sum(coefficients * columns) = constant``, where all of them are known.

    Attributes:
        positions: of the columns.
        coefficients: whole numbers, one a column.
        constant: what they add up to.
        tolerance: how far off rounding makes it.
    """

    positions: tuple[int, ...]
    coefficients: tuple[int, ...]
    constant: float
    tolerance: float

    def narrow(
        self,
        interval: Interval,
        schema: Sequence[Column],
        position: int,
        drawn: Mapping[int, Floats],
    ) -> None:
        """Narrow one column by the values of the others; by their bounds where not yet drawn."""
        low = np.full(len(interval.low), self.constant - self.tolerance)
        high = np.full(len(interval.low), self.constant + self.tolerance)
        for other, factor in zip(self.positions, self.coefficients, strict=True):
            if other == position:
                own = factor
                continue
            ends = (drawn[other],) * 2 if other in drawn else encoding.bounds(schema[other])
            first, last = ends if factor > 0 else ends[::-1]
            low, high = low - factor * last, high - factor * first
        low, high = (low, high) if own > 0 else (high, low)
        interval.narrow(low / own, high / own)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        document = dataclasses.asdict(self)
        return {key: list(v) if isinstance(v, tuple) else v for key, v in document.items()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Identity":
        """Return what `to_json` wrote."""
        tuples = {key: tuple(document[key]) for key in ("positions", "coefficients")}
        return cls(**{**document, **tuples})

    def line(self, schema: Sequence[Column]) -> str:
        """Return the rule in words."""
        terms: dict[bool, list[str]] = {True: [], False: []}
        for position, factor in zip(self.positions, self.coefficients, strict=True):
            times = "" if abs(factor) == 1 else f"{abs(factor)} "
            terms[factor > 0].append(f"{times}{schema[position].name}")
        more, less = (" + ".join(terms[is_positive]) for is_positive in (True, False))
        if self.constant == 0 and less:
            return f"{more} = {less}"
        return f"{more} - ({less}) is constant" if less else f"{more} is constant"


def learn(schema: Schema, values: Floats) -> list[Identity]:
    """Learn which numbers add up.

    Columns that are known together are standardised and decomposed by a rank-revealing QR; a
    column that the others explain to within rounding gives an equation, which is kept if its
    coefficients are whole (times at most `MAX_COEFFICIENT`) and it holds in every complete row.
    With k columns k rows always fit; there are `SPARE_ROWS` more, each of which would have to fall
    on a plane by chance.
    """
    found: dict[tuple[int, ...], Identity] = {}
    for positions in _known_together(schema, values):
        columns = values[:, positions]
        complete = columns[~np.isnan(columns).any(axis=1)]
        varied = complete.std(axis=0) > 0 if len(complete) else np.zeros(0, dtype=np.bool_)
        if varied.sum() < 2 or len(complete) < varied.sum() + SPARE_ROWS:
            continue
        chosen, complete = np.asarray(positions)[varied], complete[:, varied]
        for factors in _equations(complete):
            identity = _verified(schema, chosen, complete, factors)
            if identity is not None:
                found.setdefault(identity.positions, identity)
    return list(found.values())


def _known_together(schema: Schema, values: Floats) -> Iterator[list[int]]:
    """Return sets of columns: those of each pattern of missingness with all that are never so."""
    numbers = [i for i, column in enumerate(schema.columns) if column.type in KINDS]
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
        yield numbers


def _equations(complete: Floats) -> Iterator[Floats]:
    """Return the factors of equations that hold nearly, the dependent column's being -1."""
    places = np.linspace(0, len(complete) - 1, min(len(complete), _enough(complete)))
    sample = complete[places.astype(np.int64)]
    spread = sample.std(axis=0)
    spread[spread == 0] = 1.0
    standard = (sample - sample.mean(axis=0)) / spread
    triangle, pivots = qr(standard, mode="r", pivoting=True)
    left = np.abs(np.diag(triangle)) / np.sqrt(len(sample))
    ranks = {int((left > share).sum()) for share in (EXACT, ROUNDED)}
    for rank in sorted(ranks - {0}, reverse=True):
        factors = solve_triangular(triangle[:rank, :rank], triangle[:rank, rank:])
        for place, dependent in enumerate(pivots[rank:]):
            equation = np.zeros(len(spread))
            equation[pivots[:rank]] = factors[:, place] * spread[dependent] / spread[pivots[:rank]]
            equation[dependent] = -1.0
            yield equation


def _enough(complete: Floats) -> int:
    return max(SAMPLE_ROWS, 2 * int(complete.shape[1]) + SPARE_ROWS)


def _verified(
    schema: Schema, positions: npt.NDArray[np.int64], complete: Floats, factors: Floats
) -> Identity | None:
    """Return the equation in whole numbers, if there is one and every row fits it."""
    for multiple in range(1, MAX_COEFFICIENT + 1):
        whole = np.round(factors * multiple)
        if np.abs(factors * multiple - whole).max() <= NEAR_WHOLE:
            break
    else:
        return None
    used = np.flatnonzero(whole)
    if len(used) < 2 or np.abs(whole).max() > MAX_COEFFICIENT:
        return None
    whole *= np.sign(whole[used[np.argmin(positions[used])]])
    steps = np.array([encoding.step(schema.columns[int(i)]) for i in positions[used]])
    sums = complete[:, used] @ whole[used]
    constant = float(np.round((sums.min() + sums.max()) / 2 / steps.min()) * steps.min())
    off = float(np.abs(sums - constant).max())
    if off > 0.5 * float(np.abs(whole[used]) @ steps) + steps.min() * 1e-3:
        return None
    tolerance = 0.0 if off < steps.min() * 1e-3 else off
    order = np.argsort(positions[used])
    return Identity(
        tuple(int(i) for i in positions[used][order]),
        tuple(int(i) for i in whole[used][order]),
        constant + 0.0,  # no negative zero
        tolerance,
    )
