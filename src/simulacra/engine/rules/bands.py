"""Bands: a number whose cut points decide another column, such as age and age group."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from simulacra.engine.columns import encoding
from simulacra.engine.columns.encoding import Floats, Indices
from simulacra.engine.columns.schema import Column
from simulacra.engine.rules import evidence
from simulacra.engine.rules.allowed import Interval
from simulacra.engine.rules.states import Codes, States

SAMPLE_ROWS = 2_000
MIN_ROWS = 10  # outside the largest band


@dataclasses.dataclass(frozen=True)
class Band:
    """The intervals of a number and the states of another column that go with each.

    Attributes:
        number: position of the number.
        other: position of the column that it decides.
        edges: float64: from an edge on, a value belongs to the next interval.
        allowed: bool, intervals x states of the other column.
    """

    number: int
    other: int
    edges: Floats
    allowed: npt.NDArray[np.bool_]

    def forbidden(self, numbers: Floats) -> npt.NDArray[np.bool_]:
        """Return, rows x states, which states of the other column do not go with the numbers."""
        interval = np.searchsorted(self.edges, numbers, side="right")  # NaN: the last
        return ~self.allowed[interval] & ~np.isnan(numbers)[:, None]

    def narrow(self, interval: Interval, codes: Codes) -> None:
        """Narrow a number to the intervals that go with the other column's states."""
        ends = np.concatenate([[-np.inf], self.edges, [np.inf]])
        first = self.allowed.argmax(axis=0)
        last = len(self.allowed) - 1 - self.allowed[::-1].argmax(axis=0)
        interval.narrow(ends[first][codes], ends[last + 1][codes])

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "number": self.number,
            "other": self.other,
            "edges": self.edges.tolist(),
            "allowed": self.allowed.astype(int).tolist(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Band":
        """Return what `to_json` wrote."""
        edges = np.asarray(document["edges"], dtype=np.float64)
        allowed = np.asarray(document["allowed"], dtype=np.bool_)
        return cls(document["number"], document["other"], edges, allowed)

    def line(self, of: Sequence[States]) -> str:
        """Return the rule in words."""
        what = f"{of[self.number].column.name} decides {of[self.other].column.name}"
        if not self.allowed[:, -1].all():
            what = f"{of[self.number].column.name} decides if {of[self.other].column.name} is known"
        return f"{what}, by {len(self.edges)} cut points"


def learn(known: Sequence[States], codes: Codes, values: Floats) -> list[Band]:
    """Learn which numbers decide a column, or whether it is missing, by cut points.

    Sorted by the number, each state of the other column must be one run of rows. Of all
    arrangements of the rows ``k!`` are so for k states, which `evidence` must find to be no
    accident. At least `MIN_ROWS` rows lie outside the largest band.
    """
    numbers = [
        position
        for position, one in enumerate(known)
        if not one.column.type.is_categorical and (codes[:, position] == one.missing - 1).any()
    ]
    limit = evidence.limit(2 * len(numbers) * len(known))
    sample = np.linspace(0, len(codes) - 1, min(len(codes), SAMPLE_ROWS)).astype(np.int64)
    found = []
    for number in numbers:
        rows = sample[~np.isnan(values[sample, number])]
        rows = rows[np.argsort(values[rows, number], kind="stable")]
        order: Indices | None = None
        for other, is_missing in _candidates(known, codes[rows]):
            if other == number:
                continue
            if order is None:
                order = np.argsort(values[:, number], kind="stable")
                order = order[~np.isnan(values[order, number])]
            band = _band(known, codes, values[:, number], order, (number, other), is_missing, limit)
            found += [] if band is None else [band]
    return found


def _candidates(known: Sequence[States], codes: Codes) -> Iterator[tuple[int, bool]]:
    """Return the columns with few enough runs in sorted rows, and whether missing is the state."""
    missing = np.array([one.missing for one in known])
    is_missing = codes == missing
    both = ~is_missing[1:] & ~is_missing[:-1]
    runs = 1 + ((codes[1:] != codes[:-1]) & both).sum(axis=0)
    for position in np.flatnonzero((runs <= missing) & (missing > 1)):
        yield int(position), False
    runs = 1 + (is_missing[1:] != is_missing[:-1]).sum(axis=0)
    for position in np.flatnonzero(runs == 2):
        yield int(position), True


def _band(
    known: Sequence[States],
    codes: Codes,
    numbers: Floats,
    order: Indices,
    positions: tuple[int, int],
    is_missing: bool,  # noqa: FBT001 - the second thing that a candidate is
    limit: float,
) -> Band | None:
    number, other = positions
    missing = known[other].missing
    state = codes[order, other]
    if is_missing:
        state = (state == missing).astype(np.int32)
    else:
        order, state = order[state != missing], state[state != missing]
    cuts = np.flatnonzero(state[1:] != state[:-1])
    counts = np.unique(state, return_counts=True)[1].astype(np.float64)
    if len(cuts) == 0 or len(cuts) + 1 != len(counts) or len(state) - counts.max() < MIN_ROWS:
        return None
    below, above = numbers[order[cuts]], numbers[order[cuts + 1]]
    chance = float(gammaln(len(counts) + 1)) - evidence.log_arrangements(counts)
    if (below == above).any() or chance > limit:
        return None
    column = known[number].column
    edges = [_edge(column, low, high) for low, high in zip(below, above, strict=True)]
    bands = state[np.append(cuts, len(state) - 1)]
    allowed = np.zeros((len(bands), missing + 1), dtype=np.bool_)
    if is_missing:
        allowed[:, :missing] = bands[:, None] == 0
        allowed[:, missing] = bands == 1
    else:
        allowed[np.arange(len(bands)), bands] = True
        allowed[:, missing] = True
    return Band(number, other, np.array(edges), allowed)


def _edge(column: Column, low: float, high: float) -> float:
    """Return where the upper band begins: half a step before its first value, so never on a value.

    People cut at round numbers, so the roundest of the numbers between is taken.
    """
    half = encoding.step(column) / 2
    first = high if column.type.is_temporal else _roundest(low, high)
    edge = low + half if first == low else first - half
    return edge if low < edge <= high else high


def _roundest(low: float, high: float) -> float:
    """Return the multiple of the largest 10 ** n or 5 * 10 ** n in an interval."""
    exponent = int(np.ceil(np.log10(max(abs(low), abs(high), high - low)))) + 1
    for power in range(exponent, exponent - 17, -1):
        for step in (10.0**power, 5.0 * 10.0 ** (power - 1)):
            point = float(np.round(np.ceil(low / step) * step, max(0, 1 - power)))
            if low <= point <= high:
                return point
    return high


def apart(found: Sequence[Band]) -> Iterator[tuple[int, int, npt.NDArray[np.bool_]]]:
    """Return what two columns exclude of each other because the same number decides both."""
    for one, other in itertools.combinations(found, 2):
        if one.number != other.number or one.other == other.other:
            continue
        edges = np.union1d(one.edges, other.edges)
        inside = np.append(edges - np.diff(edges, prepend=edges[0] - 2) / 2, edges[-1] + 1)
        left = one.allowed[np.searchsorted(one.edges, inside, side="right")]
        right = other.allowed[np.searchsorted(other.edges, inside, side="right")]
        meet = left.T.astype(np.int64) @ right.astype(np.int64) > 0
        if not meet.all():
            yield one.other, other.other, ~meet
