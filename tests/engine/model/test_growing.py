"""Growing a tree against plain loops: the same answers, computed slowly."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns.arrays import Floats, Int32s, Int64s
from simulacra.engine.model import growing
from simulacra.engine.model.kernels import LEAF
from tests.engine.model import trees


@given(st.lists(st.integers(0, 20), max_size=60), st.data())
def test_sort_is_a_stable_argsort(codes: list[int], data: st.DataObject) -> None:
    rows = trees.ints(data.draw(st.permutations(range(len(codes)))))[: len(codes) // 2 + 1]
    ordered = growing.sort(trees.ints(codes), rows, 21)
    np.testing.assert_array_equal(ordered, rows[np.argsort(trees.ints(codes)[rows], kind="stable")])
    assert ordered.dtype == np.int32


def explained(indicators: Floats, is_left: npt.NDArray[np.bool_]) -> float:
    """Return the squared sums of the indicators over their rows, on both sides."""
    sides = (indicators[is_left], indicators[~is_left])
    return float(sum((side.sum(axis=0) ** 2).sum() / len(side) for side in sides if len(side)))


def indicators_of(target: Int32s, *, is_scale: bool) -> Floats:
    """Return one indicator a level, or one a cut of the scale."""
    if not is_scale:
        return np.asarray(target[:, None] == np.unique(target), dtype=np.float64)
    return np.asarray(target[:, None] <= cuts_of(target), dtype=np.float64)


def cuts_of(target: Int32s) -> Int32s:
    cuts = np.empty(2 * growing.MAX_CUTS + 2, np.int32)
    count = growing._cuts(np.argsort(target, kind="stable").astype(np.int32), target, cuts)
    assert 0 < count <= len(cuts)
    return cuts[:count]


def best_by_force(features: Int32s, indicators: Floats, least: int) -> float:
    """Return what the best split of all explains; -1 if none leaves enough rows on both sides."""
    best = -1.0
    for feature in features:
        for cut in np.unique(feature)[:-1]:
            is_left = feature <= cut
            if min(is_left.sum(), (~is_left).sum()) >= least:
                best = max(best, explained(indicators, is_left))
    return best


@pytest.mark.parametrize("is_scale", [trees.LEVELS, trees.SCALE], ids=["levels", "scale"])
@given(trees.studies(), st.integers(1, 8))
def test_the_first_split_is_the_best_of_all(
    is_scale: bool,  # noqa: FBT001 - a parameter of the test
    study: tuple[Int32s, Int32s],
    least: int,
) -> None:
    """So few rows that no place on a feature is skipped."""
    features, target = study
    feature, threshold, _ = trees.tree_of(features, target, least, is_scale=is_scale)
    if len(np.unique(target)) == 1 or len(target) < 2 * least:
        assert feature.tolist() == [LEAF]
        return
    indicators = indicators_of(target, is_scale=is_scale)
    best = best_by_force(features, indicators, least)
    unsplit = explained(indicators, np.ones(len(target), dtype=bool))
    if best <= unsplit * (1 + 1e-8) + 1e-8:
        assert feature.tolist() == [LEAF] or best > unsplit
        return
    is_left = features[feature[0]] <= threshold[0]
    assert explained(indicators, is_left) == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("is_scale", [trees.LEVELS, trees.SCALE], ids=["levels", "scale"])
@given(trees.studies(), st.integers(1, 8))
def test_leaves_hold_enough_rows_and_children_come_after_their_parents(
    is_scale: bool,  # noqa: FBT001 - a parameter of the test
    study: tuple[Int32s, Int32s],
    least: int,
) -> None:
    features, target = study
    tree = trees.tree_of(features, target, least, is_scale=is_scale)
    feature, threshold, left = tree
    assert len(feature) == len(threshold) == len(left)
    assert all(part.dtype == np.int32 for part in tree)
    inner = np.flatnonzero(feature != LEAF)
    assert (left[inner] > inner).all()
    children = np.concatenate([left[inner], left[inner] + 1])
    np.testing.assert_array_equal(np.sort(children), np.arange(1, len(feature)))
    counts = np.bincount(trees.leaves_of(tree, features), minlength=len(feature))
    assert not counts[inner].any()
    if len(inner):
        assert (counts[feature == LEAF] >= least).all()


@given(trees.studies(), st.integers(1, 8))
def test_a_tree_sees_only_the_rows_it_is_grown_on(study: tuple[Int32s, Int32s], least: int) -> None:
    features, target = study
    rows = np.arange(0, len(target), 2, dtype=np.int32)
    sizes, size = features.max(axis=1).astype(np.int64) + 1, int(target.max()) + 1
    ordered = np.ones(len(features), dtype=np.bool_)
    growth = trees.without_evidence(least)
    told = trees.unweighted(target)
    grown = growing.grow(features, sizes, ordered, told, size, rows, trees.LEVELS, growth)
    alone = trees.tree_of(
        features[:, rows].copy(), target[rows].copy(), least, is_scale=trees.LEVELS
    )
    for part, expected in zip(grown, alone, strict=True):
        np.testing.assert_array_equal(part, expected)


@pytest.mark.parametrize("is_scale", [trees.LEVELS, trees.SCALE], ids=["levels", "scale"])
@pytest.mark.parametrize(
    ("feature", "target"),
    [(np.arange(50), np.full(50, 3)), (np.full(50, 3), np.arange(50))],
    ids=["target", "feature"],
)
def test_a_constant_target_or_feature_gives_a_stump(
    feature: Int64s,
    target: Int64s,
    is_scale: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    tree = trees.tree_of(trees.ints(feature[None, :]), trees.ints(target), 5, is_scale=is_scale)
    assert [part.tolist() for part in tree] == [[LEAF], [0], [0]]


@given(st.lists(st.integers(0, 30), min_size=2, max_size=300).filter(lambda t: len(set(t)) > 1))
def test_cuts_rise_and_each_of_them_divides_the_node(target: list[int]) -> None:
    cuts = cuts_of(trees.ints(target))
    assert (np.diff(cuts) > 0).all()
    assert min(target) <= cuts[0]
    assert cuts[-1] < max(target)


def test_both_sides_of_a_spike_are_cuts() -> None:
    target = trees.ints(np.concatenate([np.arange(1000), np.full(400, 333)]))
    assert {332, 333} <= set(cuts_of(target).tolist())
