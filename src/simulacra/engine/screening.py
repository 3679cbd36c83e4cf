"""Which predecessors a link of a wide table looks at: those that explain most of its target."""

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from simulacra.engine.encoding import Floats, Indices

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
    def of(cls, values: Floats) -> Self:
        """Prepare the columns of a study once, for all its links."""
        rows = np.linspace(0, len(values) - 1, min(len(values), MAX_ROWS)).astype(np.int64)
        binned = [_bins(column) for column in values[rows].T]
        sizes = np.array([int(bins.max()) + 1 for bins in binned])
        first = np.cumsum(sizes) - sizes
        member = np.zeros((int(sizes.sum()), len(rows)), dtype=np.float32)
        for start, bins in zip(first, binned, strict=True):
            member[start + bins, np.arange(len(rows))] = 1
        return cls(rows, member, first)

    def strongest(
        self, target: npt.NDArray[np.float32], candidates: Sequence[int], at_most: int
    ) -> list[int]:
        """Return the columns whose bins explain most of a target's sum of squares, in order.

        What groups drawn at random would explain is taken off, so that many bins are no advantage.
        """
        centred = target[self.rows] - target[self.rows].mean(axis=0)
        counts = self.member.sum(axis=1)
        between = ((self.member @ centred) ** 2).sum(axis=1) / np.maximum(counts, 1)
        explained = np.add.reduceat(between, self.first)
        groups = np.add.reduceat(counts > 0, self.first, dtype=np.int64)
        strength = explained - float((centred**2).sum()) * (groups - 1) / len(self.rows)
        order = np.argsort(-strength[np.asarray(candidates)], kind="stable")[:at_most]
        return sorted(candidates[place] for place in order.tolist())


def _bins(values: Floats) -> Indices:
    """Cut a column into a few groups of rows; missing values are one of them."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.int64)
    cuts = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
    return np.where(np.isnan(values), len(cuts) + 1, np.searchsorted(cuts, values))
