"""Ridge indices: one number that sums up all predecessors, for the trees to split on.

A tree looks at one predecessor a split, so that of a battery of items that all tell a little it
sees five or six. Ridge regression (Hoerl & Kennard 1970) adds up what all of them tell; the trees
split on that sum and find the rest.
"""

import dataclasses

import numpy as np

from simulacra.engine.columns.arrays import Float32s, Floats, Int32s, Int64s
from simulacra.engine.model import kernels
from simulacra.engine.model.forest import Features

PENALTY = 0.1
"""Of standardised predecessors."""
CUTS = 255


@dataclasses.dataclass(frozen=True)
class RidgeIndex:
    """A weighted sum of predecessors, cut into codes.

    Attributes:
        weights: float64, by predecessor.
        cuts: float64, ascending: where one code ends and the next begins.
    """

    weights: Floats
    cuts: Floats

    def codes(self, features: Features) -> Int32s:
        """Return the code of each row, int32."""
        sums = kernels.project(features.codes, features.offset_of, features.ranks, self.weights)
        return np.searchsorted(self.cuts, sums).astype(np.int32)


def fit(
    features: Features,
    rows: Int64s,
    target: Float32s,
    components: int,
    weights: Floats | None = None,
) -> list[RidgeIndex]:
    """Return indices of the first principal components of a target.

    Args:
        features: of the respondents.
        rows: int64: the respondents to fit on.
        target: float32, shape (those rows, indicators).
        components: how many.
        weights: float64, shape (those rows,): how much each counts; None if all alike.
    """
    sampled = Features(features.codes[:, rows], features.offset_of, features.ranks)
    ranked = sampled.ranked().astype(np.float64)
    spread = ranked.std(axis=1)
    varies = spread > 0
    middle = np.average(ranked[varies], axis=1, weights=weights)
    scaled = (ranked[varies] - middle[:, None]) / spread[varies][:, None]
    centred = (target - np.average(target, axis=0, weights=weights)).astype(np.float64)
    if weights is not None:  # least squares of weighted rows: each times the root of its weight
        root = np.sqrt(weights / weights.mean())
        scaled, centred = scaled * root, centred * root[:, None]
    _, axes = np.linalg.eigh(centred.T @ centred)
    gram = scaled @ scaled.T / len(rows) + PENALTY * np.eye(len(scaled))
    indices = []
    for axis in axes.T[::-1][:components]:
        weights = np.zeros(len(ranked))
        weights[varies] = np.linalg.solve(gram, scaled @ (centred @ axis) / len(rows))
        weights[varies] /= spread[varies]
        sums = np.zeros(len(rows))
        for weight, column in zip(weights, ranked, strict=True):  # in the order of the kernel
            sums += weight * column
        shares = np.linspace(0, 1, CUTS + 2)[1:-1]
        indices.append(RidgeIndex(weights, np.unique(np.quantile(sums, shares))))
    return indices
