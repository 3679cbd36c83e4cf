"""Small forests whose leaves hold donors: seed rows that a synthetic row may take a value from.

A forest is plain arrays, so that it can be saved without pickling. Its trees are grown on random
parts of the seed rows, so that they cut the same ground differently, and filled with all of them.
"""

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from simulacra.engine.model import kernels
from simulacra.engine.model.kernels import LEAF, Codes

TREES = 4
GROWING_SHARE = 0.95
"""Share of the rows that one tree is grown on."""
MAX_GROWING_ROWS = 30_000
LEAF_ROWS_OF_A_SCALE = 7
LEAF_ROWS_OF_LEVELS = 60
"""Rows a leaf has at least, of those that its tree is grown on: fewer where the target is a finely
graded number, whose relations are the tighter ones."""
MAX_DONOR_ROWS = 100_000
"""Rows that one tree is filled with; of more, each tree takes a part of its own."""

Rows = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Target:
    """What a forest is to tell apart.

    Attributes:
        codes: int32, one a seed row.
        size: one more than the largest code.
        is_scale: whether the order of the codes means something.
        is_fine: whether there are too many codes to treat each as a level.
    """

    codes: Codes
    size: int
    is_scale: bool
    is_fine: bool


@dataclasses.dataclass(frozen=True)
class Features:
    """What a forest looks at: codes of the predecessors, and how a tree reorders them.

    Attributes:
        codes: int32, predecessors x rows.
        start: int64, by predecessor: where its own codes begin in `places`, or -1.
        places: int32: what a tree sees instead of a code.
    """

    codes: Codes
    start: Rows
    places: Codes

    @classmethod
    def of(cls, codes: Codes, places: Sequence[Codes | None]) -> Self:
        """Join the places of the predecessors; None leaves the codes of one as they are."""
        sizes = np.array([0 if given is None else len(given) for given in places], dtype=np.int64)
        start = np.where(sizes > 0, np.cumsum(sizes) - sizes, -1)
        joined = [given for given in places if given is not None]
        flat = np.concatenate(joined) if joined else np.zeros(0, dtype=np.int32)
        return cls(codes, start, flat.astype(np.int32))

    def joined(self, codes: Sequence[Codes]) -> "Features":
        """Return the features with more of them behind, whose codes stay as they are."""
        if not codes:
            return self
        own = np.full(len(codes), -1, dtype=np.int64)
        return Features(
            np.vstack([self.codes, *codes]), np.concatenate([self.start, own]), self.places
        )

    def placed(self) -> Codes:
        """Return the codes as the trees see them."""
        made = [
            codes if first < 0 else self.places[first + codes]
            for codes, first in zip(self.codes, self.start.tolist(), strict=True)
        ]
        return np.stack(made).astype(np.int32)


@dataclasses.dataclass(frozen=True)
class Forest:
    """Trees over one numbering of nodes, and the donors of every leaf.

    Attributes:
        roots: int32, the root node of each tree.
        feature: int32, by node: the feature to compare, or `LEAF`.
        threshold: int32, by node: a row whose code is at most this goes left.
        left: int32, by node: the left child; the right one comes next.
        start, count: int32, by node: where a leaf's donors lie in `donors`, and how many.
        donors: int32, seed rows, leaf by leaf, in the order of their target.
    """

    roots: Codes
    feature: Codes
    threshold: Codes
    left: Codes
    start: Codes
    count: Codes
    donors: Codes

    @classmethod
    def grow(
        cls,
        features: Features,
        target: Target,
        rng: np.random.Generator,
        among: Codes | None = None,
    ) -> Self:
        """Grow the forest of one link.

        Args:
            features: of the seed rows; with no predecessors the only leaf holds every row.
            target: what to tell apart.
            rng: chooses the rows that each tree is grown on and filled with.
            among: int32, the rows to learn from and to take donors from; by default all.
        """
        rows = len(target.codes)
        among = np.arange(rows, dtype=np.int32) if among is None else among
        by_target = kernels.sort(target.codes, among, target.size)
        if not len(features.codes):
            return cls._joined([(*_stump(), by_target)], [np.zeros(rows, dtype=np.int32)])
        placed = features.placed()
        order = rng.permutation(among)
        trees, leaves = [], []
        for index in range(TREES):
            grown_on = _grown_on(target, among, rng)
            tree = _tree(placed, target, grown_on)
            held = _part_of(order, index, rows)
            held[grown_on] = True  # so that no leaf is empty
            filled = by_target[held[by_target]]
            node = np.zeros(rows, dtype=np.int32)
            whole = np.full(len(placed), -1)
            kernels.descend(placed, whole, features.places, *tree, node)
            trees.append((*tree, filled))
            leaves.append(node)
        return cls._joined(trees, leaves)

    @classmethod
    def _joined(
        cls, trees: Sequence[tuple[Codes, Codes, Codes, Codes]], leaves: Sequence[Codes]
    ) -> Self:
        """Give the nodes of all trees numbers of one row, and sort their donors by leaf."""
        sizes = np.array([len(feature) for feature, *_ in trees])
        roots = np.cumsum(sizes) - sizes
        donors, counts = [], []
        for (feature, _, _, filled), node in zip(trees, leaves, strict=True):
            donors.append(kernels.sort(node, filled, len(feature)))
            counts.append(np.bincount(node[filled], minlength=len(feature)))
        count = np.concatenate(counts)
        return cls(
            roots=roots.astype(np.int32),
            feature=np.concatenate([feature for feature, *_ in trees]),
            threshold=np.concatenate([threshold for _, threshold, *_ in trees]),
            left=np.concatenate(
                [left + root for (_, _, left, _), root in zip(trees, roots, strict=True)]
            ).astype(np.int32),
            start=(np.cumsum(count) - count).astype(np.int32),
            count=count.astype(np.int32),
            donors=np.concatenate(donors),
        )

    def leaves(self, features: Features, rows: int, rng: np.random.Generator) -> Codes:
        """Send each row down one tree, drawn at random, and return the leaves it ends in."""
        node = self.roots[rng.integers(len(self.roots), size=rows)]
        kernels.descend(
            *(features.codes, features.start, features.places),
            *(self.feature, self.threshold, self.left, node),
        )
        return node

    def draw(self, leaves: Codes, taken: Codes, rng: np.random.Generator) -> Codes:
        """Draw a donor from each leaf, all donors of a leaf alike.

        A leaf's donors are dealt evenly to its rows, which takes noise off that a bootstrap would
        add; and none is given to a row that has it already, unless the leaf has no other.

        Args:
            leaves: int32, one a row.
            taken: int32, columns x rows: the donors that the rows have.
            rng: of the dealing.
        """
        offset = rng.random(len(self.count))
        order = rng.permutation(len(leaves))
        places = kernels.deal(leaves, order, offset, self.start, self.count)
        if len(taken):
            turn = rng.random(len(leaves))
            kernels.part_donors(places, taken, self.donors, leaves, turn, self.start, self.count)
        return np.asarray(self.donors[places])

    def draw_weighted(
        self, leaves: Codes, weight: npt.NDArray[np.float64], rng: np.random.Generator
    ) -> tuple[Codes, npt.NDArray[np.float64]]:
        """Draw donors in proportion to `weight`, one a seed row.

        Returns:
            The donors, and each leaf's mean weight. Where that is 0 the donor means nothing.
        """
        running = np.concatenate([[0.0], np.cumsum(weight[self.donors])])
        before = running[self.start[leaves]]
        total = running[self.start[leaves] + self.count[leaves]] - before
        place = np.searchsorted(running, before + rng.random(len(leaves)) * total, side="right") - 1
        last = self.start[leaves] + self.count[leaves] - 1
        donors = self.donors[np.clip(place, self.start[leaves], last)]
        # Rounding at a leaf's edge may hit a donor without weight; such a draw counts for nothing.
        mean = np.where(weight[donors] > 0, total / self.count[leaves], 0.0)
        return donors, mean


def _stump() -> tuple[Codes, Codes, Codes]:
    zero = np.zeros(1, dtype=np.int32)
    return zero + LEAF, zero, zero


def _least(target: Target) -> int:
    return LEAF_ROWS_OF_A_SCALE if target.is_fine else LEAF_ROWS_OF_LEVELS


def _grown_on(target: Target, among: Codes, rng: np.random.Generator) -> Codes:
    """Draw the rows that one tree is grown on."""
    rows = len(among)
    number = min(max(int(GROWING_SHARE * rows), min(rows, 2 * _least(target))), MAX_GROWING_ROWS)
    return np.sort(rng.permutation(among)[:number])


def _tree(placed: Codes, target: Target, rows: Codes) -> tuple[Codes, Codes, Codes]:
    sizes = placed.max(axis=1).astype(np.int64) + 1
    return kernels.grow(
        *(placed, sizes, target.codes, target.size, rows, target.is_scale, _least(target))
    )


def _part_of(order: Codes, index: int, rows: int) -> npt.NDArray[np.bool_]:
    """Tell which rows a tree is filled with: all of an order, or a stretch of it."""
    wanted = min(len(order), max(MAX_DONOR_ROWS, -(-len(order) // TREES)))
    stretch = (np.arange(wanted) + index * len(order) // TREES) % len(order)
    chosen = np.zeros(rows, dtype=bool)
    chosen[order[stretch]] = True
    return chosen
