"""Indices: one number that sums up all predecessors of a link, for its trees to split on.

A tree looks at one predecessor a split, so that of a battery of items that all tell a little it
sees five or six. Ridge regression (Hoerl & Kennard 1970) adds up what all of them tell; the trees
find the rest.
"""

import dataclasses

import numpy as np

from simulacra.engine.model import kernels
from simulacra.engine.model.coding import Indicators
from simulacra.engine.model.forest import Features
from simulacra.engine.model.kernels import Codes, Floats, Indices

PENALTY = 0.1
"""Of standardised predecessors."""
CUTS = 255


@dataclasses.dataclass(frozen=True)
class Index:
    """A weighted sum of predecessors, cut into codes.

    Attributes:
        weights: float64, by predecessor.
        cuts: float64, ascending: where one code ends and the next begins.
    """

    weights: Floats
    cuts: Floats

    def codes(self, features: Features) -> Codes:
        """Return the code of each row, int32."""
        return kernels.project(
            features.codes, features.start, features.places, self.weights, self.cuts
        )


def fit(features: Features, rows: Indices, target: Indicators, number: int) -> list[Index]:
    """Return indices of the first principal components of a target.

    Args:
        features: of the seed rows.
        rows: int64, the rows to fit on.
        target: float32, those rows x indicators.
        number: how many components.
    """
    seen = Features(features.codes[:, rows], features.start, features.places)
    placed = seen.placed().astype(np.float64)
    spread = placed.std(axis=1)
    varying = spread > 0
    scaled = (placed[varying] - placed[varying].mean(axis=1)[:, None]) / spread[varying][:, None]
    centred = (target - target.mean(axis=0)).astype(np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    gram = scaled @ scaled.T / len(rows) + PENALTY * np.eye(len(scaled))
    made = []
    for axis in axes.T[::-1][:number]:
        weights = np.zeros(len(placed))
        weights[varying] = np.linalg.solve(gram, scaled @ (centred @ axis) / len(rows))
        weights[varying] /= spread[varying]
        sums = np.zeros(len(rows))
        for weight, column in zip(weights, placed, strict=True):  # in the order of the kernel
            sums += weight * column
        shares = np.linspace(0, 1, CUTS + 2)[1:-1]
        made.append(Index(weights, np.unique(np.quantile(sums, shares))))
    return made
