"""Smoothing the numbers of a scenario: a donor of much weight shares it with its neighbours.

Under a scenario few donors may stand for many, and a histogram of their numbers is full of spikes
that the study does not have. So a row takes its number from a respondent whose value is next to the
donor's, as many places away at most as there are respondents that the donor stands for. That is
nearest-neighbour smoothing (Loftsgaarden & Quesenberry 1965): the values and their heaps are those
of the study, and the scale's relation to other columns is blurred by no more than what the weights
leave open.
"""

import dataclasses
from typing import Self

import numpy as np

from simulacra.engine.columns.arrays import Floats, Int32s, Int64s

HEAVY_SHARE = 0.01
"""Share of the respondents who give one value from which on it is a point of its own, such as no
spending at all. Nobody is moved onto it, away from it or across it."""


@dataclasses.dataclass(frozen=True)
class Ranking:
    """The respondents in the order of one number.

    Attributes:
        order: int64: those who have a value, by value.
        rank: int64, shape (respondents,): where each is in `order`; -1 without a value.
        first, last: int64, by rank: the ends of the stretch between two heavy values.
    """

    order: Int64s
    rank: Int64s
    first: Int64s
    last: Int64s

    @classmethod
    def of(cls, values: Floats) -> Self:
        """Rank the respondents by their values, float64, shape (respondents,)."""
        order = np.argsort(values, kind="stable")
        order = order[: np.count_nonzero(~np.isnan(values))]
        rank = np.full(len(values), -1, dtype=np.int64)
        rank[order] = np.arange(len(order))
        _, inverse, counts = np.unique(values[order], return_inverse=True, return_counts=True)
        is_heavy = counts[inverse] > HEAVY_SHARE * len(order)
        is_new = np.diff(inverse, prepend=-1) > 0
        begins = is_new & (is_heavy | np.concatenate([[True], is_heavy[:-1]]))
        begin = np.flatnonzero(begins)
        stretch = np.cumsum(begins) - 1
        ends = np.append(begin[1:], len(order)) - 1
        first, last = begin[stretch], ends[stretch]
        first = np.where(is_heavy, np.arange(len(order)), first)
        last = np.where(is_heavy, np.arange(len(order)), last)
        return cls(order, rank, first, last)


def spread(donors: Int32s, respondents: int) -> float:
    """Return how many respondents each donor stands for, beyond what so few rows show by chance.

    The effective number of donors (Kish 1965), less the part of rows that were drawn from equal
    weights.

    Args:
        donors: int32, shape (rows,): who gave each value.
        respondents: how many there are.
    """
    counts = np.bincount(donors).astype(np.float64)
    excess = float((counts**2).sum()) / len(donors) ** 2 - 1 / len(donors)
    return respondents * max(excess, 0.0)


def share(ranking: Ranking, donors: Int32s, places: float, rng: np.random.Generator) -> Int32s:
    """Return respondents whose values are next to those of the donors, int32, shape (rows,).

    Args:
        ranking: of the column.
        donors: int32, shape (rows,).
        places: how far away they are at most; see `spread`.
        rng: of the choice.
    """
    rank = ranking.rank[donors]
    known = np.flatnonzero(rank >= 0)
    if not len(known):
        return donors
    first, last = ranking.first[rank[known]], ranking.last[rank[known]]
    moved = rank[known] + np.round((2 * rng.random(len(known)) - 1) * places).astype(np.int64)
    # What would leave the stretch is reflected at its end, so that no end is drawn too often.
    length = last - first + 1
    within = np.mod(moved - first, 2 * length)
    within = np.where(within >= length, 2 * length - 1 - within, within)
    result = donors.copy()
    result[known] = ranking.order[first + within]
    return result
