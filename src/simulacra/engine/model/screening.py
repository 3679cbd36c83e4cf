"""Which predecessors a column of a wide table looks at: those that explain most of it."""

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np

from simulacra.engine import processors
from simulacra.engine.columns.arrays import Float32s, Floats, Int32s, Int64s
from simulacra.engine.columns.tree_codes import TreeCoding
from simulacra.engine.model import targets

MAX_PREDECESSORS = 32
"""In a wide table only the strongest predecessors are looked at, as otherwise cost would grow with
the square of the columns."""
MAX_ROWS = 2_000
BINS = 12


@dataclasses.dataclass(frozen=True)
class Screen:
    """A sample of the respondents, each column cut into a few bins.

    Attributes:
        rows: int64: the respondents of the sample.
        member: float32, shape (bins of all columns, sample): where a respondent is in a bin how
            many people the respondent stands for, 1 if all for as many; elsewhere 0.
        first: int64, shape (columns,): the first bin of each.
        weights: float32, shape (sample,): how many people each stands for; None if all for as many.
    """

    rows: Int64s
    member: Float32s
    first: Int64s
    weights: Float32s | None = None

    @classmethod
    def of(cls, codes: Int32s, weights: Floats | None = None) -> Self:
        """Prepare the columns of a study once, for all its conditional models.

        Args:
            codes: int32, shape (columns, respondents).
            weights: float64, shape (respondents,), positive; None if all are equal.
        """
        rows = targets.spaced_rows(codes.shape[1], MAX_ROWS)
        binned = [_bins(column) for column in codes[:, rows]]
        sizes = np.array([int(bins.max()) + 1 for bins in binned])
        first = np.cumsum(sizes) - sizes
        member = np.zeros((int(sizes.sum()), len(rows)), dtype=np.float32)
        for start, bins in zip(first, binned, strict=True):
            member[start + bins, np.arange(len(rows))] = 1
        if weights is None:
            return cls(rows, member, first)
        own = weights[rows].astype(np.float32)
        return cls(rows, member * own, first, own)

    def strength(self, target: Float32s) -> Float32s:
        """Return how much of a target's sum of squares each column explains.

        What groups drawn at random explain on average is taken off: for each group the variance of
        one value times the sum of its squared weights over that of its weights, which is 1 where
        all are equal; and once the same of all rows, whose mean is known.

        Args:
            target: float32, shape (sample, indicators).

        Returns:
            float32, shape (columns,).
        """
        weights, counts = self.weights, self.member.sum(axis=1)
        sums = np.where(counts > 0, counts, 1)
        if weights is None:
            centred = target - target.mean(axis=0)
            squares, total, of_all = float((centred**2).sum()), float(len(self.rows)), 1.0
        else:
            total = float(weights.sum())
            centred = target - weights @ target / np.float32(total)
            squares = float((weights @ centred**2).sum())
            of_all = float((weights**2).sum()) / total
        between = ((self.member @ centred) ** 2).sum(axis=1) / sums
        explained = np.add.reduceat(between, self.first)
        of_groups = (self.member**2).sum(axis=1) / sums
        groups = np.add.reduceat(of_groups, self.first, dtype=np.float64)
        by_chance = squares * (groups - of_all) / total
        return np.asarray(explained - by_chance, dtype=np.float32)


def strengths(
    codings: Sequence[TreeCoding], codes: Int32s, weights: Floats | None = None
) -> Float32s:
    """Return how much each column explains of each other one, float32, shape (columns, columns).

    Args:
        codings: of the columns.
        codes: int32, shape (columns, respondents).
        weights: float64, shape (respondents,), positive; None if all are equal.
    """
    screen = Screen.of(codes, weights)

    def strength(position: int) -> Float32s:
        target = targets.indicators(codings[position], codes[position, screen.rows])
        return screen.strength(target)

    return np.stack([*processors.share(strength, range(len(codes)), uses_blas=True)])


def strongest(strength: Float32s, candidates: Sequence[int], at_most: int) -> list[int]:
    """Return the positions of the strongest columns among candidates, in their order.

    Args:
        strength: float32, shape (columns,).
        candidates: positions of columns.
        at_most: how many to return.
    """
    order = np.argsort(-strength[np.asarray(candidates)], kind="stable")[:at_most]
    return sorted(candidates[index] for index in order.tolist())


def _bins(codes: Int32s) -> Int64s:
    """Cut a column into a few groups of rows; the rows of one code stay together."""
    distinct, counts = np.unique(codes, return_counts=True)
    if len(distinct) <= BINS:
        return np.searchsorted(distinct, codes)
    share = (np.cumsum(counts) - counts / 2) / len(codes)
    group = np.unique((share * BINS).astype(np.int64), return_inverse=True)[1]
    return np.asarray(group[np.searchsorted(distinct, codes)])
