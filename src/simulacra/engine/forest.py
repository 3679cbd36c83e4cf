"""Small forests whose leaves hold donors: seed rows that a synthetic row may take a value from.

A forest is plain arrays, so that it can be saved without pickling; growing is scikit-learn's
(multi-output regression trees, Breiman et al. 1984).
"""

import dataclasses
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.tree import DecisionTreeRegressor

TREES = 4
MIN_LEAF_ROWS = 10
GROWING_SHARE = 0.75
"""Share of the rows that one tree is grown on; its leaves are filled with all of them."""
MAX_GROWING_ROWS = 30_000
LEAF = -1

Features = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Forest:
    """Trees over one numbering of nodes, and the donors of every leaf.

    Attributes:
        roots: int32, the root node of each tree.
        feature: int32, by node: the feature to compare, or `LEAF`.
        threshold: float64, by node: a row with ``feature <= threshold`` goes left.
        left, right: int32, by node: the children.
        start, count: int32, by node: where a leaf's donors lie in `donors`, and how many.
        donors: int32, seed rows, leaf by leaf.
    """

    roots: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float64]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    start: npt.NDArray[np.int32]
    count: npt.NDArray[np.int32]
    donors: npt.NDArray[np.int32]

    @classmethod
    def grow(
        cls, features: Features, target: npt.NDArray[np.float32], rng: np.random.Generator
    ) -> Self:
        """Grow the forest of one link.

        Args:
            features: float32, rows x predecessors; with none, the only leaf holds every row.
            target: float32, rows x indicators.
            rng: chooses the rows that each tree is grown on.
        """
        if features.shape[1] == 0:
            return cls._joined([_stump(len(target))])
        return cls._joined([_tree(features, target, rng) for _ in range(TREES)])

    @classmethod
    def _joined(cls, trees: "list[dict[str, npt.NDArray[np.generic]]]") -> Self:
        sizes = np.array([len(tree["feature"]) for tree in trees])
        roots = np.cumsum(sizes) - sizes
        held = np.array([len(tree["donors"]) for tree in trees])
        first = np.cumsum(held) - held
        shifted = {
            name: np.concatenate([tree[name] + by for tree, by in zip(trees, offsets, strict=True)])
            for name, offsets in (
                ("left", roots),
                ("right", roots),
                ("start", first),
                ("feature", np.zeros_like(roots)),
                ("count", np.zeros_like(roots)),
                ("donors", np.zeros_like(roots)),
            )
        }
        threshold = np.concatenate([tree["threshold"] for tree in trees])
        whole = {name: values.astype(np.int32) for name, values in shifted.items()}
        return cls(roots=roots.astype(np.int32), threshold=threshold, **whole)

    def leaves(self, features: Features, rng: np.random.Generator) -> Rows:
        """Send each row down one tree, drawn at random, and return the leaves it ends in."""
        if len(self.feature) == 1:
            return np.zeros(len(features), dtype=np.int64)
        node = self.roots[rng.integers(len(self.roots), size=len(features))].astype(np.int64)
        moving = np.arange(len(features))
        while len(moving):
            here = node[moving]
            moving, here = moving[self.feature[here] != LEAF], here[self.feature[here] != LEAF]
            goes_left = features[moving, self.feature[here]] <= self.threshold[here]
            node[moving] = np.where(goes_left, self.left[here], self.right[here])
        return node

    def draw(self, leaves: Rows, rng: np.random.Generator) -> Rows:
        """Draw a donor from each leaf, all donors of a leaf alike."""
        place = (rng.random(len(leaves)) * self.count[leaves]).astype(np.int64)
        return np.asarray(self.donors[self.start[leaves] + place], dtype=np.int64)

    def draw_weighted(
        self, leaves: Rows, weight: npt.NDArray[np.float64], rng: np.random.Generator
    ) -> tuple[Rows, npt.NDArray[np.float64]]:
        """Draw donors in proportion to `weight`, one a seed row.

        Returns:
            The donors, and each leaf's mean weight. Where that is 0 the donor means nothing.
        """
        running = np.concatenate([[0.0], np.cumsum(weight[self.donors])])
        before = running[self.start[leaves]]
        total = running[self.start[leaves] + self.count[leaves]] - before
        place = np.searchsorted(running, before + rng.random(len(leaves)) * total, side="right") - 1
        last = self.start[leaves] + self.count[leaves] - 1
        donors = self.donors[np.clip(place, self.start[leaves], last)].astype(np.int64)
        # Rounding at a leaf's edge may hit a donor without weight; such a draw counts for nothing.
        mean = np.where(weight[donors] > 0, total / self.count[leaves], 0.0)
        return donors, mean


def _stump(rows: int) -> "dict[str, npt.NDArray[np.generic]]":
    zero = np.zeros(1, dtype=np.int32)
    return {
        "feature": zero + LEAF,
        "threshold": np.zeros(1),
        "left": zero,
        "right": zero,
        "start": zero,
        "count": zero + rows,
        "donors": np.arange(rows, dtype=np.int32),
    }


def _tree(
    features: Features, target: npt.NDArray[np.float32], rng: np.random.Generator
) -> "dict[str, npt.NDArray[np.generic]]":
    rows = len(features)
    grown_on = min(max(int(GROWING_SHARE * rows), min(rows, 2 * MIN_LEAF_ROWS)), MAX_GROWING_ROWS)
    chosen = np.sort(rng.permutation(rows)[:grown_on])
    learner = DecisionTreeRegressor(
        min_samples_leaf=MIN_LEAF_ROWS, random_state=int(rng.integers(2**31))
    )
    grown = learner.fit(features[chosen], target[chosen]).tree_
    leaves = grown.apply(features)
    count = np.bincount(leaves, minlength=grown.node_count)
    return {
        "feature": np.where(grown.children_left < 0, LEAF, grown.feature),
        "threshold": grown.threshold,
        "left": grown.children_left,
        "right": grown.children_right,
        "start": np.cumsum(count) - count,
        "count": count,
        "donors": np.argsort(leaves, kind="stable"),
    }
