"""Bands: a number whose cut points decide another column, such as age and age group."""

import dataclasses
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.special import gammaln

from simulacra.engine.columns.arrays import Flags, Floats, Int32s, Int64s
from simulacra.engine.columns.schema import Column
from simulacra.engine.rules import evidence
from simulacra.engine.rules.exclusions import Exclusion
from simulacra.engine.rules.interval import Interval
from simulacra.engine.rules.rule import Rule
from simulacra.engine.rules.states import PartialRows, RuleStudy, States

SAMPLE_ROWS = 2_000
MIN_ROWS = 10
"""Rows outside the largest band."""


@dataclasses.dataclass(frozen=True, eq=False)
class Band(Rule):
    """The intervals of a number and the states of another column that go with each.

    Attributes:
        number: position of the number.
        other: position of the column that it decides.
        edges: float64, shape (intervals - 1,): from an edge on, a value is in the next interval.
        allowed: bool, shape (intervals, states of the other column).
    """

    number: int
    other: int
    edges: Floats
    allowed: Flags
    kind = "bands"
    explains_exclusions = True

    @property
    def positions(self) -> tuple[int, int]:
        """The number, and the column that it decides."""
        return self.number, self.other

    def forbid(self, position: int, rows: PartialRows) -> Flags | None:
        """Forbid the states of the other column that do not go with the numbers."""
        if position != self.other or self.number not in rows:
            return None
        numbers = rows.values[self.number]
        interval = np.searchsorted(self.edges, numbers, side="right")  # NaN: the last
        return np.asarray(~self.allowed[interval] & ~np.isnan(numbers)[:, None])

    def narrow(self, position: int, rows: PartialRows, interval: Interval) -> None:
        """Narrow the number to the intervals that go with the other column's states."""
        if position != self.number or self.other not in rows:
            return
        states = rows.states_of(self.other)
        ends = np.concatenate([[-np.inf], self.edges, [np.inf]])
        first = self.allowed.argmax(axis=0)
        last = len(self.allowed) - 1 - self.allowed[::-1].argmax(axis=0)
        interval.narrow(ends[first][states], ends[last + 1][states])

    def sentences(self, states: Sequence[States]) -> Iterator[str]:
        """Yield what the number decides, without its cut points."""
        number, other = states[self.number].column.name, states[self.other].column.name
        what = f"{number} decides {other}"
        if not self.allowed[:, -1].all():
            what = f"{number} decides if {other} is known"
        yield f"{what}, by {len(self.edges)} cut points"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "number": self.number,
            "other": self.other,
            "edges": self.edges.tolist(),
            "allowed": self.allowed.astype(int).tolist(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], states: Sequence[States]) -> Self:  # noqa: ARG003 - it says all itself
        """Return what `to_json` wrote."""
        edges = np.asarray(document["edges"], dtype=np.float64)
        allowed = np.asarray(document["allowed"], dtype=np.bool_)
        return cls(document["number"], document["other"], edges, allowed)


def learn(study: RuleStudy) -> Iterator[Rule]:
    """Learn which numbers decide a column, or whether it is missing, by cut points.

    Sorted by the number, each state of the other column must be one run of rows. Of all
    arrangements of the rows ``k!`` are so for k states, which `evidence` must find to be no
    accident. At least `MIN_ROWS` rows lie outside the largest band.

    Two columns that the same number decides exclude states of each other, which is learned too.
    """
    bands = list(_bands(study))
    yield from bands
    yield from _exclusions(bands)


class _Candidate(NamedTuple):
    """A number and a column that it may decide: its known states, or whether it is missing."""

    number: int
    other: int
    is_missing: bool


def _bands(study: RuleStudy) -> Iterator[Band]:
    coded, values = study.coded, study.values
    numbers = [
        position
        for position, known in enumerate(study.states)
        if not known.column.type.is_categorical
        and (coded[:, position] == known.missing - 1).any()  # has more than a few values
    ]
    limit = evidence.limit(2 * len(numbers) * len(study.states))
    sample = np.linspace(0, len(coded) - 1, min(len(coded), SAMPLE_ROWS)).astype(np.int64)
    for number in numbers:
        rows = sample[~np.isnan(values[sample, number])]
        rows = rows[np.argsort(values[rows, number], kind="stable")]
        candidates = [c for c in _candidates(study, number, coded[rows]) if c.other != number]
        if not candidates:
            continue
        order = np.argsort(values[:, number], kind="stable")
        order = order[~np.isnan(values[order, number])]
        for candidate in candidates:
            band = _band(study, candidate, order, limit)
            if band is not None:
                yield band


def _candidates(study: RuleStudy, number: int, coded: Int32s) -> Iterator[_Candidate]:
    """Yield the columns whose states form few enough runs in rows sorted by the number."""
    missing = np.array([known.missing for known in study.states])
    is_missing = coded == missing
    both = ~is_missing[1:] & ~is_missing[:-1]
    runs = 1 + ((coded[1:] != coded[:-1]) & both).sum(axis=0)
    for position in np.flatnonzero((runs <= missing) & (missing > 1)).tolist():
        yield _Candidate(number, position, is_missing=False)
    runs = 1 + (is_missing[1:] != is_missing[:-1]).sum(axis=0)
    for position in np.flatnonzero(runs == 2).tolist():
        yield _Candidate(number, position, is_missing=True)


def _band(study: RuleStudy, candidate: _Candidate, order: Int64s, limit: float) -> Band | None:
    """Return the band of a candidate, if all rows show it and it is no accident.

    Args:
        study: the study.
        candidate: what may decide what.
        order: int64: the rows in the order of the number, those that have one.
        limit: of the logarithm of the chance.
    """
    number, other, is_missing = candidate
    numbers, missing = study.values[:, number], study.states[other].missing
    state = study.coded[order, other]
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
    column = study.states[number].column
    edges = [_edge(column, low, high) for low, high in zip(below, above, strict=True)]
    by_interval = state[np.append(cuts, len(state) - 1)]
    allowed = np.zeros((len(by_interval), missing + 1), dtype=np.bool_)
    if is_missing:
        allowed[:, :missing] = by_interval[:, None] == 0
        allowed[:, missing] = by_interval == 1
    else:
        allowed[np.arange(len(by_interval)), by_interval] = True
        allowed[:, missing] = True
    return Band(number, other, np.array(edges), allowed)


def _edge(column: Column, low: float, high: float) -> float:
    """Return where the upper band begins: half a step before its first value, so never on a value.

    People cut at round numbers, so the roundest of the numbers between is taken.
    """
    half = column.step / 2
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


def _exclusions(bands: Sequence[Band]) -> Iterator[Exclusion]:
    """Yield what two columns exclude of each other because the same number decides both."""
    for one, other in itertools.combinations(bands, 2):
        if one.number != other.number or one.other == other.other:
            continue
        edges = np.union1d(one.edges, other.edges)
        inside = np.append(edges - np.diff(edges, prepend=edges[0] - 2) / 2, edges[-1] + 1)
        left = one.allowed[np.searchsorted(one.edges, inside, side="right")]
        right = other.allowed[np.searchsorted(other.edges, inside, side="right")]
        meet = left.T.astype(np.int64) @ right.astype(np.int64) > 0
        if not meet.all():
            yield Exclusion.between(one.other, other.other, ~meet)
