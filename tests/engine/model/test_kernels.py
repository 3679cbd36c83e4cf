"""The compiled loops against plain ones: the same answers, computed slowly."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns.arrays import Floats, Int32s, Int64s
from simulacra.engine.model import kernels
from simulacra.engine.model.kernels import LEAF
from tests.engine.model import trees

# Going down


@given(trees.studies(), st.integers(1, 4), st.integers(0, 2**32))
def test_descend_is_a_walk(study: tuple[Int32s, Int32s], least: int, seed: int) -> None:
    features, target = study
    tree = trees.tree_of(features, target, least, is_scale=trees.SCALE)
    others = trees.ints(np.random.default_rng(seed).integers(0, 14, (len(features), 40)))
    node, start = np.zeros(40, np.int32), np.full(len(features), -1)
    kernels.descend(others, start, np.zeros(0, np.int32), *tree, node)
    np.testing.assert_array_equal(node, trees.leaves_of(tree, others))


@given(trees.studies(), st.integers(1, 4), st.integers(0, 2**32))
def test_descend_sees_ranks_where_a_feature_has_some(
    study: tuple[Int32s, Int32s], least: int, seed: int
) -> None:
    """Every other feature is seen through ranks, a stretch of twelve for each."""
    rng = np.random.default_rng(seed)
    features, target = study
    number = len(features)
    offset_of = np.where(np.arange(number) % 2 == 0, 12 * (np.arange(number) // 2), -1)
    ranks = trees.ints(rng.integers(0, 12, 12 * number))
    seen = np.stack(
        [
            codes if first < 0 else ranks[first + codes]
            for codes, first in zip(features, offset_of.tolist(), strict=True)
        ]
    )
    tree = trees.tree_of(trees.ints(seen), target, least, is_scale=trees.LEVELS)
    node = np.zeros(features.shape[1], np.int32)
    kernels.descend(features, offset_of, ranks, *tree, node)
    np.testing.assert_array_equal(node, trees.leaves_of(tree, seen))


def test_rows_begin_at_the_node_that_is_given() -> None:
    """Two trees of one split each, in one numbering."""
    feature, threshold = trees.ints([0, LEAF, LEAF, 0, LEAF, LEAF]), trees.ints([4, 0, 0, 1, 0, 0])
    left, node = trees.ints([1, 0, 0, 4, 0, 0]), trees.ints([0, 3, 0, 3, 2])
    codes, start = trees.ints([[3, 3, 5, 1, 0]]), np.full(1, -1)
    kernels.descend(codes, start, np.zeros(0, np.int32), feature, threshold, left, node)
    assert node.tolist() == [1, 5, 2, 4, 2]


# Dealing


@st.composite
def dealings(draw: st.DrawFn) -> tuple[Int32s, Int32s, Int32s]:
    """The leaves of some rows, and where the donors of each leaf lie."""
    count = draw(st.lists(st.integers(1, 30), min_size=1, max_size=5))
    leaves = draw(st.lists(st.integers(0, len(count) - 1), min_size=1, max_size=200))
    return trees.ints(leaves), trees.ints(np.cumsum(count) - count), trees.ints(count)


def deal(leaves: Int32s, order: Int64s, offset: Floats, first: Int32s, count: Int32s) -> Int64s:
    """Return the position of each row's donor, all donors of a leaf alike."""
    shares = kernels.deal_shares(leaves, order, offset)
    return np.asarray(first[leaves] + (shares * count[leaves]).astype(np.int64))


@given(dealings(), st.integers(0, 2**32))
def test_every_donor_is_dealt_its_expected_number_rounded_down_or_up(
    dealing: tuple[Int32s, Int32s, Int32s], seed: int
) -> None:
    leaves, first, count = dealing
    rng = np.random.default_rng(seed)
    order, offset = rng.permutation(len(leaves)), rng.random(len(count))
    positions = deal(leaves, order, offset, first, count)
    assert (positions >= first[leaves]).all()
    assert (positions < (first + count)[leaves]).all()
    for leaf in np.unique(leaves):
        rows = int(np.sum(leaves == leaf))
        dealt = np.bincount(positions[leaves == leaf] - first[leaf], minlength=count[leaf])
        assert dealt.sum() == rows
        assert dealt.min() >= rows // count[leaf]
        assert dealt.max() <= -(-rows // count[leaf])


def test_who_gets_which_donor_is_chance() -> None:
    """4,000 deals of 12 rows from 5 donors: each pair is met 800 times on average.

    The standard error is at most 25.3 for each of the 60 pairs, so that six of them are a false
    alarm in ten million seeds; the seed is fixed.
    """
    rng = np.random.default_rng(0)
    leaves, first, count = np.zeros(12, np.int32), trees.ints([0]), trees.ints([5])
    met = np.zeros((12, 5))
    for _ in range(4_000):
        positions = deal(leaves, rng.permutation(12), rng.random(1), first, count)
        met[np.arange(12), positions] += 1
    assert np.abs(met - 800).max() < 6 * 25.3


# Avoiding repeats


@given(dealings(), st.integers(0, 4), st.integers(0, 2**32))
def test_a_taken_donor_is_left_only_where_the_leaf_has_no_other(
    dealing: tuple[Int32s, Int32s, Int32s], columns: int, seed: int
) -> None:
    leaves, first, count = dealing
    rng = np.random.default_rng(seed)
    donors = trees.ints(rng.integers(0, 20, count.sum()))
    taken = trees.ints(rng.integers(0, 20, (columns, len(leaves))))
    before = deal(leaves, rng.permutation(len(leaves)), rng.random(len(count)), first, count)
    positions = before.copy()
    begin = (rng.random(len(leaves)) * count[leaves]).astype(np.int64)
    kernels.avoid_repeats(positions, taken, donors, leaves, begin, first, count)
    for row, leaf in enumerate(leaves.tolist()):
        stretch = range(first[leaf], first[leaf] + count[leaf])
        has = set(taken[:, row].tolist())
        assert positions[row] in stretch
        if donors[before[row]] not in has or {donors[position] for position in stretch} <= has:
            assert positions[row] == before[row]
        else:
            assert donors[positions[row]] not in has


def test_the_search_for_another_donor_begins_anywhere() -> None:
    """6,000 rows between three other donors: a false alarm once in a million seeds."""
    rows = 6_000
    positions, leaves = np.zeros(rows, np.int64), np.zeros(rows, np.int32)
    taken, begin = np.full((1, rows), 7, np.int32), np.random.default_rng(0).integers(4, size=rows)
    kernels.avoid_repeats(
        positions, taken, trees.ints([7, 4, 5, 6]), leaves, begin, trees.ints([0]), trees.ints([4])
    )
    counts = np.bincount(positions, minlength=4)
    assert counts[0] == 0
    # The donor after the taken one is found from two beginnings, the others from one.
    expected = np.array([3_000, 1_500, 1_500])
    assert (np.abs(counts[1:] - expected) < 5 * np.sqrt(expected)).all()
