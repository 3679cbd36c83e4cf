import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from simulacra.engine import forest
from simulacra.engine.forest import Forest

ROWS = 400


@pytest.fixture(scope="module")
def features() -> npt.NDArray[np.float32]:
    return np.random.default_rng(0).random((ROWS, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def grown(features: npt.NDArray[np.float32]) -> Forest:
    target = (features[:, :1] > 0.5).astype(np.float32)
    return Forest.grow(features, target, np.random.default_rng(1))


def test_every_tree_holds_every_row_once(grown: Forest) -> None:
    assert len(grown.roots) == forest.TREES
    assert np.bincount(grown.donors).tolist() == [forest.TREES] * ROWS


def test_leaves_hold_the_rows_that_fall_into_them(
    grown: Forest, features: npt.NDArray[np.float32]
) -> None:
    rng = np.random.default_rng(2)
    for _ in range(10):
        leaves = grown.leaves(features, rng)
        assert (grown.feature[leaves] == forest.LEAF).all()
        for row, leaf in enumerate(leaves.tolist()):
            start = grown.start[leaf]
            assert row in grown.donors[start : start + grown.count[leaf]]


def test_a_row_may_go_down_any_tree(grown: Forest, features: npt.NDArray[np.float32]) -> None:
    same = np.repeat(features[:1], 4_000, axis=0)
    leaves = grown.leaves(same, np.random.default_rng(3))
    assert len(np.unique(leaves)) == forest.TREES
    # Four equal shares of 4,000: a false alarm once in a million fixed seeds.
    assert stats.chisquare(np.unique(leaves, return_counts=True)[1]).pvalue > 1e-6


def test_no_leaf_is_small(grown: Forest) -> None:
    assert (grown.count[grown.feature == forest.LEAF] >= forest.MIN_LEAF_ROWS).all()


def test_splits_follow_the_target(grown: Forest, features: npt.NDArray[np.float32]) -> None:
    donors = grown.draw(grown.leaves(features, np.random.default_rng(4)), np.random.default_rng(5))
    likeness = (features[donors, 0] > 0.5) == (features[:, 0] > 0.5)
    assert likeness.mean() > 0.97


def test_without_features_the_only_leaf_holds_every_row() -> None:
    stump = Forest.grow(
        np.zeros((50, 0), np.float32), np.zeros((50, 1), np.float32), np.random.default_rng(0)
    )
    leaves = stump.leaves(np.zeros((5, 0), np.float32), np.random.default_rng(0))
    assert leaves.tolist() == [0] * 5
    assert stump.count.tolist() == [50]


def test_donors_of_a_leaf_are_drawn_alike() -> None:
    stump = Forest.grow(
        np.zeros((20, 0), np.float32), np.zeros((20, 1), np.float32), np.random.default_rng(0)
    )
    donors = stump.draw(np.zeros(20_000, dtype=np.int64), np.random.default_rng(1))
    # A false alarm once in a million seeds; the seed is fixed.
    assert stats.chisquare(np.bincount(donors, minlength=20)).pvalue > 1e-6


def test_weighted_donors_come_in_proportion(grown: Forest) -> None:
    rng = np.random.default_rng(6)
    weight = np.where(np.arange(ROWS) % 3 == 0, 0.0, rng.random(ROWS))
    leaf = int(np.flatnonzero(grown.feature == forest.LEAF)[0])
    members = grown.donors[grown.start[leaf] : grown.start[leaf] + grown.count[leaf]]
    donors, mean = grown.draw_weighted(np.full(50_000, leaf), weight, rng)
    counts = np.bincount(donors, minlength=ROWS)
    assert counts[members].sum() == 50_000
    assert not counts[weight == 0].any()
    drawn = members[weight[members] > 0]
    expected = 50_000 * weight[drawn] / weight[members].sum()
    # A false alarm once in a million seeds; the seed is fixed.
    assert stats.chisquare(counts[drawn], expected).pvalue > 1e-6
    assert mean == pytest.approx(weight[members].mean())


def test_a_donor_without_weight_is_never_drawn_with_a_positive_mean(grown: Forest) -> None:
    rng = np.random.default_rng(7)
    leaves = np.flatnonzero(grown.feature == forest.LEAF)
    for scale in (1e-300, 1e-12, 1.0, 1e12):
        weight = np.where(rng.random(ROWS) < 0.95, 0.0, scale * 10.0 ** rng.uniform(-9, 9, ROWS))
        donors, mean = grown.draw_weighted(rng.choice(leaves, 50_000), weight, rng)
        assert (weight[donors[mean > 0]] > 0).all()
        assert (mean >= 0).all()


def test_a_leaf_without_any_weight_has_mean_zero(grown: Forest) -> None:
    leaves = np.flatnonzero(grown.feature == forest.LEAF)
    _, mean = grown.draw_weighted(leaves, np.zeros(ROWS), np.random.default_rng(8))
    assert not mean.any()


def test_trees_grow_on_a_sample_and_are_filled_with_all_rows(
    monkeypatch: pytest.MonkeyPatch, features: npt.NDArray[np.float32]
) -> None:
    monkeypatch.setattr(forest, "MAX_GROWING_ROWS", 60)
    target = (features[:, :1] > 0.5).astype(np.float32)
    small = Forest.grow(features, target, np.random.default_rng(1))
    assert len(small.donors) == forest.TREES * ROWS
    assert len(small.feature) <= forest.TREES * 2 * 60 / forest.MIN_LEAF_ROWS
