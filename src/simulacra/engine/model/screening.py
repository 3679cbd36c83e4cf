"""Which predecessors a link of a wide table looks at: those that explain most of its target."""

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from simulacra.engine.model import coding
from simulacra.engine.model.kernels import Codes, Indices

MAX_ROWS = 2_000
BINS = 12


@dataclasses.dataclass(frozen=True)
class Screen:
    """A sample of the seed rows, each column cut into a few bins.

    Attributes:
        rows: int64, the rows of the sample.
        member: float32, bins of all columns x rows of the sample: 1 where a row is in a bin.
        first: int64, by column: its first bin.
    """

    rows: Indices
    member: npt.NDArray[np.float32]
    first: Indices

    @classmethod
    def of(cls, codes: Codes) -> Self:
        """Prepare the columns of a study once, for all its links."""
        rows = coding.sample(codes.shape[1], MAX_ROWS)
        binned = [_bins(column) for column in codes[:, rows]]
        sizes = np.array([int(bins.max()) + 1 for bins in binned])
        first = np.cumsum(sizes) - sizes
        member = np.zeros((int(sizes.sum()), len(rows)), dtype=np.float32)
        for start, bins in zip(first, binned, strict=True):
            member[start + bins, np.arange(len(rows))] = 1
        return cls(rows, member, first)

    def strongest(
        self, target: coding.Indicators, candidates: Sequence[int], at_most: int
    ) -> list[int]:
        """Return the columns whose bins explain most of a target's sum of squares, in order.

        What groups drawn at random explain on average is taken off.

        Args:
            target: float32, rows of the sample x indicators.
            candidates: positions of columns.
            at_most: how many to return.
        """
        centred = target - target.mean(axis=0)
        counts = self.member.sum(axis=1)
        between = ((self.member @ centred) ** 2).sum(axis=1) / np.maximum(counts, 1)
        explained = np.add.reduceat(between, self.first)
        groups = np.add.reduceat(counts > 0, self.first, dtype=np.int64)
        strength = explained - float((centred**2).sum()) * (groups - 1) / len(self.rows)
        order = np.argsort(-strength[np.asarray(candidates)], kind="stable")[:at_most]
        return sorted(candidates[place] for place in order.tolist())


def _bins(codes: Codes) -> Indices:
    """Cut a column into a few groups of rows; the rows of one code stay together."""
    distinct, counts = np.unique(codes, return_counts=True)
    if len(distinct) <= BINS:
        return np.searchsorted(distinct, codes)
    share = (np.cumsum(counts) - counts / 2) / len(codes)
    group = np.unique((share * BINS).astype(np.int64), return_inverse=True)[1]
    return np.asarray(group[np.searchsorted(distinct, codes)])
