"""Small forests whose leaves hold donors: respondents that a synthetic row may take a value from.

A forest is plain arrays, so that it can be saved without pickling. Its trees are grown on random
parts of the respondents, so that they cut the same ground differently, and filled with all of them.
"""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np

from simulacra.engine import privacy_levels
from simulacra.engine.columns.arrays import Flags, Floats, Int32s, Int64s
from simulacra.engine.columns.tree_codes import TreeCoding
from simulacra.engine.model import growing, kernels
from simulacra.engine.model.growing import Growth
from simulacra.engine.model.kernels import LEAF

TREES = 4
MAX_GROWING_ROWS = 30_000


class Fineness(NamedTuple):
    """How closely forests follow the respondents.

    Large parts need little evidence: weak relations add up, and a large leaf singles nobody out.
    Relations of finely graded numbers are the tighter ones, so smaller parts count as large; but
    weak evidence for them is paid for in privacy, since a number singles out more than a level.

    Attributes:
        of_levels: how far trees grow whose target is a level or on a short scale.
        of_numbers: how far others grow.
        growing_share: of the rows that one tree is grown on. The rest has no say in its splits, so
            that fewer splits are made for the sake of single respondents.
    """

    of_levels: Growth
    of_numbers: Growth
    growing_share: float


FINENESS = {
    privacy_levels.STANDARD: Fineness(
        of_levels=Growth(min_rows=7, large=60, evidence=2.0, evidence_of_large=0.5),
        of_numbers=Growth(min_rows=7, large=20, evidence=3.0, evidence_of_large=0.5),
        growing_share=0.8,
    ),
    privacy_levels.STRICT: Fineness(
        of_levels=Growth(min_rows=20, large=20, evidence=4.0, evidence_of_large=4.0),
        of_numbers=Growth(min_rows=20, large=20, evidence=4.0, evidence_of_large=4.0),
        growing_share=0.8,
    ),
}
"""By privacy level. Strict trees part what differs beyond doubt, and nothing else: small groups
lose less by that than by large leaves, at the same privacy (docs/benchmarks/privacy.md)."""
MAX_DONOR_ROWS = 100_000
"""Rows that one tree is filled with; of more, each tree takes a part of its own."""


@dataclasses.dataclass(frozen=True)
class Target:
    """What a forest is to tell apart.

    Attributes:
        codes: int32, one a respondent.
        size: one more than the largest code.
        is_ordered: whether the order of the codes means something.
        is_fine: whether there are too many codes to treat each as a level.
        weights: float64, one a respondent: how many people each stands for, with mean 1.
        privacy: one of `privacy_levels.ALL`.
    """

    codes: Int32s
    size: int
    is_ordered: bool
    is_fine: bool
    weights: Floats
    privacy: str = privacy_levels.STANDARD

    @classmethod
    def of(cls, coding: TreeCoding, codes: Int32s, weights: Floats, privacy: str) -> Self:
        """Return a column as a target."""
        return cls(codes, coding.size, coding.is_ordered, coding.is_fine, weights, privacy)

    @property
    def fineness(self) -> Fineness:
        """How closely its trees follow the respondents."""
        return FINENESS[self.privacy]

    @property
    def growth(self) -> Growth:
        """How far its trees grow."""
        return self.fineness.of_numbers if self.is_fine else self.fineness.of_levels


@dataclasses.dataclass(frozen=True)
class Features:
    """What a forest looks at: codes of the predecessors, and how a tree reorders their levels.

    Attributes:
        codes: int32, shape (predecessors, rows).
        offset_of: int64, shape (predecessors,): where its levels begin in `ranks`, or -1.
        ranks: int32: what a tree sees instead of the code of a level.
    """

    codes: Int32s
    offset_of: Int64s
    ranks: Int32s

    @classmethod
    def of(cls, codes: Int32s, level_ranks: Sequence[Int32s | None]) -> Self:
        """Join the ranks of the predecessors' levels; None leaves the codes of one as they are."""
        sizes = np.array([0 if ranks is None else len(ranks) for ranks in level_ranks], np.int64)
        offset_of = np.where(sizes > 0, np.cumsum(sizes) - sizes, -1)
        known = [ranks for ranks in level_ranks if ranks is not None]
        joined = np.concatenate(known) if known else np.zeros(0, dtype=np.int32)
        return cls(codes, offset_of, joined.astype(np.int32))

    def joined(self, codes: Sequence[Int32s]) -> "Features":
        """Return the features with more of them behind, whose codes stay as they are."""
        if not codes:
            return self
        own = np.full(len(codes), -1, dtype=np.int64)
        return Features(
            np.vstack([self.codes, *codes]), np.concatenate([self.offset_of, own]), self.ranks
        )

    def ranked(self) -> Int32s:
        """Return the codes as the trees see them, int32, shape (predecessors, rows)."""
        ranked = [
            codes if first < 0 else self.ranks[first + codes]
            for codes, first in zip(self.codes, self.offset_of.tolist(), strict=True)
        ]
        return np.stack(ranked).astype(np.int32)


@dataclasses.dataclass(frozen=True)
class Forest:
    """Trees over one numbering of nodes, and the donors of every leaf.

    Attributes:
        roots: int32, the root node of each tree.
        feature: int32, by node: the feature to compare, or `LEAF`.
        threshold: int32, by node: a row whose code is at most this goes left.
        left: int32, by node: the left child; the right one comes next.
        start, count: int32, by node: where a leaf's donors lie in `donors`, and how many.
        donors: int32: row numbers of respondents, leaf by leaf, in the order of their target.
    """

    roots: Int32s
    feature: Int32s
    threshold: Int32s
    left: Int32s
    start: Int32s
    count: Int32s
    donors: Int32s

    @classmethod
    def grow(
        cls,
        features: Features,
        target: Target,
        rng: np.random.Generator,
        among: Int32s | None = None,
    ) -> Self:
        """Grow the forest of one conditional model.

        Args:
            features: of the respondents; with no predecessors the only leaf holds every row.
            target: what to tell apart.
            rng: chooses the rows that each tree is grown on and filled with.
            among: int32: the respondents to learn from and to take donors from; by default all.
        """
        rows = len(target.codes)
        among = np.arange(rows, dtype=np.int32) if among is None else among
        by_target = growing.sort(target.codes, among, target.size)
        if not len(features.codes):
            return cls._joined([(*_stump(), by_target)], [np.zeros(rows, dtype=np.int32)])
        ranked = features.ranked()
        order = rng.permutation(among)
        trees, leaves = [], []
        for index in range(TREES):
            grown_on = _grown_on(target, among, rng)
            tree = _tree(ranked, features.offset_of < 0, target, grown_on)
            held = _part_of(order, index, rows)
            held[grown_on] = True  # so that no leaf is empty
            filled = by_target[held[by_target]]
            node = np.zeros(rows, dtype=np.int32)
            unranked = np.full(len(ranked), -1)
            kernels.descend(ranked, unranked, features.ranks, *tree, node)
            trees.append((*tree, filled))
            leaves.append(node)
        return cls._joined(trees, leaves)

    @classmethod
    def _joined(
        cls, trees: Sequence[tuple[Int32s, Int32s, Int32s, Int32s]], leaves: Sequence[Int32s]
    ) -> Self:
        """Give the nodes of all trees numbers of one row, and sort their donors by leaf."""
        sizes = np.array([len(feature) for feature, *_ in trees])
        roots = np.cumsum(sizes) - sizes
        donors, counts = [], []
        for (feature, _, _, filled), node in zip(trees, leaves, strict=True):
            donors.append(growing.sort(node, filled, len(feature)))
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

    def hollow(self) -> "Forest":
        """Return the trees without their donors, which `filled` finds again."""
        nothing = np.zeros(0, dtype=np.int32)
        return dataclasses.replace(self, start=nothing, count=nothing, donors=nothing)

    def filled(self, features: Features, target: Target, among: Int32s | None = None) -> "Forest":
        """Return the trees with the donors that `grow` gave them.

        Of a study of up to `MAX_DONOR_ROWS` respondents alone: of more, each tree has only a part.

        Args:
            features: of the respondents, as the forest was grown on them.
            target: likewise.
            among: likewise.
        """
        rows = len(target.codes)
        among = np.arange(rows, dtype=np.int32) if among is None else among
        by_target = growing.sort(target.codes, among, target.size)
        trees, leaves = [], []
        for root, end in itertools.pairwise([*self.roots.tolist(), len(self.feature)]):
            node = np.full(rows, root, dtype=np.int32)
            kernels.descend(
                *(features.codes, features.offset_of, features.ranks),
                *(self.feature, self.threshold, self.left, node),
            )
            own = slice(root, end)
            tree = (self.feature[own], self.threshold[own], self.left[own] - np.int32(root))
            trees.append((*tree, by_target))
            leaves.append(node - np.int32(root))
        return self._joined(trees, leaves)

    def leaves(self, features: Features, rows: int, rng: np.random.Generator) -> Int32s:
        """Send each row down one tree, drawn at random, and return the leaves it ends in."""
        node = self.roots[rng.integers(len(self.roots), size=rows)]
        kernels.descend(
            *(features.codes, features.offset_of, features.ranks),
            *(self.feature, self.threshold, self.left, node),
        )
        return node

    def draw(
        self,
        leaves: Int32s,
        taken: Int32s,
        rng: np.random.Generator,
        weight: Floats | None = None,
        weight_of_others: Floats | None = None,
    ) -> Int32s:
        """Draw a donor from each leaf, all donors of a leaf alike or in proportion to a weight.

        A leaf's donors are dealt evenly to its rows, which takes noise off that a bootstrap would
        add; and none is given to a row that has it already, unless the leaf has no other.

        Args:
            leaves: int32, one a row.
            taken: int32, columns x rows: the donors that the rows have.
            rng: of the dealing.
            weight: float64, positive, one a respondent.
            weight_of_others: likewise, for the rows that are given another donor than their first.
        """
        offset = rng.random(len(self.count))
        order = rng.permutation(len(leaves))
        shares = kernels.deal_shares(leaves, order, offset)
        if weight is None:
            last = self.count[leaves] - 1
            within = np.minimum((shares * self.count[leaves]).astype(np.int64), last)
            positions = np.asarray(self.start[leaves] + within, dtype=np.int64)
        else:
            positions = self._at(leaves, shares, self._sums(weight))
        if len(taken):
            turn = rng.random(len(leaves))
            begin = self._begin(leaves, turn, weight_of_others)
            kernels.avoid_repeats(
                positions, taken, self.donors, leaves, begin, self.start, self.count
            )
        return np.asarray(self.donors[positions])

    def draw_weighted(
        self,
        leaves: Int32s,
        weight: Floats,
        rng: np.random.Generator,
        survey_weights: Floats | None = None,
    ) -> tuple[Int32s, Floats]:
        """Draw donors in proportion to `weight`, one a respondent, times their survey weights.

        Returns:
            The donors, and each leaf's mean weight, in which each respondent counts by the survey
            weight. Where that is 0 the donor means nothing.
        """
        if survey_weights is None:
            sums = self._sums(weight)
            size: Floats | Int32s = self.count[leaves]
        else:
            sums = self._sums(weight * survey_weights)
            size = self._within(leaves, self._sums(survey_weights))
        total = self._within(leaves, sums)
        donors = self.donors[self._at(leaves, rng.random(len(leaves)), sums)]
        # Rounding at a leaf's edge may hit a donor without weight; such a draw counts for nothing.
        mean = np.where(weight[donors] > 0, total / size, 0.0)
        return donors, mean

    def _begin(self, leaves: Int32s, turn: Floats, weight: Floats | None) -> Int64s:
        """Return which donor of its leaf each row looks at first, int64, for a turn of 0 to 1."""
        if weight is None:
            return (turn * self.count[leaves]).astype(np.int64)
        return self._at(leaves, turn, self._sums(weight)) - self.start[leaves]

    def _within(self, leaves: Int32s, sums: Floats) -> Floats:
        """Return the sum over each leaf's donors, float64; see `_sums`."""
        return np.asarray(sums[self.start[leaves] + self.count[leaves]] - sums[self.start[leaves]])

    def _sums(self, weight: Floats) -> Floats:
        """Return the sum of the weights before each donor in the list, and of all, float64."""
        return np.concatenate([[0.0], np.cumsum(weight[self.donors])])

    def _at(self, leaves: Int32s, shares: Floats, sums: Floats) -> Int64s:
        """Return where in the list of donors a share of each leaf's weight is reached, int64."""
        first, count = self.start[leaves], self.count[leaves]
        reached = sums[first] + shares * (sums[first + count] - sums[first])
        positions = np.searchsorted(sums, reached, side="right") - 1
        return np.asarray(np.clip(positions, first, first + count - 1), dtype=np.int64)


def _stump() -> tuple[Int32s, Int32s, Int32s]:
    zero = np.zeros(1, dtype=np.int32)
    return zero + LEAF, zero, zero


def _grown_on(target: Target, among: Int32s, rng: np.random.Generator) -> Int32s:
    """Draw the rows that one tree is grown on."""
    least = min(len(among), 2 * target.growth.min_rows)
    number = max(int(target.fineness.growing_share * len(among)), least)
    number = min(number, MAX_GROWING_ROWS)
    return np.sort(rng.permutation(among)[:number])


def _tree(
    ranked: Int32s, has_order: Flags, target: Target, rows: Int32s
) -> tuple[Int32s, Int32s, Int32s]:
    sizes = ranked.max(axis=1).astype(np.int64) + 1
    return growing.grow(
        *(ranked, sizes, has_order, growing.Told(target.codes, target.weights), target.size),
        *(rows, target.is_ordered, target.growth),
    )


def _part_of(order: Int32s, index: int, rows: int) -> Flags:
    """Tell which rows a tree is filled with: all of an order, or a stretch of it."""
    count = min(len(order), max(MAX_DONOR_ROWS, -(-len(order) // TREES)))
    stretch = (np.arange(count) + index * len(order) // TREES) % len(order)
    chosen = np.zeros(rows, dtype=bool)
    chosen[order[stretch]] = True
    return chosen
