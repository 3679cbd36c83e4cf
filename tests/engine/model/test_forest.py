import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from simulacra.engine import privacy_levels
from simulacra.engine.columns.arrays import Int32s
from simulacra.engine.model import forest, kernels
from simulacra.engine.model.forest import Features, Forest, Target

ROWS = 400
STANDARD = forest.FINENESS[privacy_levels.STANDARD]
NONE_TAKEN = np.zeros((0, 0), np.int32)


def target_of(codes: npt.NDArray[np.generic]) -> Target:
    """Two or more levels without an order."""
    return Target(codes.astype(np.int32), int(codes.max()) + 1, False, False, np.ones(len(codes)))  # noqa: FBT003


def numbers_of(codes: Int32s) -> Target:
    """Finely graded numbers, with up to 90 codes."""
    return Target(codes, 90, is_ordered=True, is_fine=True, weights=np.ones(len(codes)))


def features_of(codes: Int32s) -> Features:
    return Features.of(codes, [None] * len(codes))


@pytest.fixture(scope="module")
def values() -> npt.NDArray[np.float64]:
    return np.random.default_rng(0).random((3, ROWS))


@pytest.fixture(scope="module")
def features(values: npt.NDArray[np.float64]) -> Features:
    """Three columns of noise, each value a code of its own."""
    return features_of(values.argsort(axis=1).argsort(axis=1).astype(np.int32))


@pytest.fixture(scope="module")
def target(values: npt.NDArray[np.float64]) -> Target:
    """Which half of the first column a row is in."""
    return target_of(values[0] > 0.5)


@pytest.fixture(scope="module")
def grown(features: Features, target: Target) -> Forest:
    return Forest.grow(features, target, np.random.default_rng(1))


def stump_of(target: Target) -> Forest:
    nothing = np.zeros((0, len(target.codes)), np.int32)
    return Forest.grow(features_of(nothing), target, np.random.default_rng(0))


# Features


def test_a_tree_sees_ranks_of_levels_and_codes_of_numbers() -> None:
    codes = np.array([[0, 1, 2], [5, 0, 3], [1, 1, 0]], np.int32)
    level_ranks = [np.array([2, 0, 1], np.int32), None, np.array([1, 0], np.int32)]
    features = Features.of(codes, level_ranks)
    assert features.ranked().tolist() == [[2, 0, 1], [5, 0, 3], [0, 0, 1]]
    assert features.offset_of.tolist() == [0, -1, 3]
    assert features.ranks.dtype == features.ranked().dtype == np.int32


def test_leaves_are_the_same_whoever_ranks_the_levels() -> None:
    """A row falls to the same leaf by its level's rank as by the level."""
    rng = np.random.default_rng(10)
    codes = rng.integers(0, 6, (2, ROWS)).astype(np.int32)
    features = Features.of(codes, [rng.permutation(6).astype(np.int32), None])
    grown = Forest.grow(features, target_of(codes[0] % 2), np.random.default_rng(11))
    assert len(grown.feature) > forest.TREES
    np.testing.assert_array_equal(
        grown.leaves(features, ROWS, np.random.default_rng(12)),
        grown.leaves(features_of(features.ranked()), ROWS, np.random.default_rng(12)),
    )


def test_one_level_is_parted_from_all_others_whatever_its_rank() -> None:
    """The middle one of seven levels differs; no cut through an order of them parts it at once."""
    rng = np.random.default_rng(18)
    codes = rng.integers(0, 7, (1, ROWS)).astype(np.int32)
    features = Features.of(codes, [np.arange(7, dtype=np.int32)])
    grown = Forest.grow(features, target_of(codes[0] == 3), np.random.default_rng(19))
    assert (grown.threshold[grown.roots] == ~3).all()
    assert (np.bincount(grown.feature[grown.roots]) == forest.TREES).all()


def test_donors_come_in_proportion_to_their_weight() -> None:
    """Dealt evenly: of 8,000 rows a donor of weight 3 has three times the rows of one of weight 1.

    Exact but for the rounding of one row a donor.
    """
    stump = stump_of(target_of(np.zeros(20)))
    weight = np.where(np.arange(20) < 10, 3.0, 1.0)
    leaves = np.zeros(8_000, np.int32)
    donors = stump.draw(leaves, NONE_TAKEN, np.random.default_rng(0), weight)
    counts = np.bincount(donors, minlength=20)
    assert np.abs(counts - 8_000 * weight / weight.sum()).max() <= 1


# Trees and leaves


def test_every_tree_holds_every_row_once(grown: Forest) -> None:
    assert len(grown.roots) == forest.TREES
    assert np.bincount(grown.donors).tolist() == [forest.TREES] * ROWS


def test_leaves_hold_the_rows_that_fall_into_them(grown: Forest, features: Features) -> None:
    rng = np.random.default_rng(2)
    for _ in range(10):
        leaves = grown.leaves(features, ROWS, rng)
        assert (grown.feature[leaves] == kernels.LEAF).all()
        for row, leaf in enumerate(leaves.tolist()):
            start = grown.start[leaf]
            assert row in grown.donors[start : start + grown.count[leaf]]


def test_donors_of_a_leaf_lie_in_the_order_of_their_target(features: Features) -> None:
    codes = np.random.default_rng(13).integers(0, 90, ROWS).astype(np.int32)
    trees = Forest.grow(features, numbers_of(codes), np.random.default_rng(14))
    for leaf in np.flatnonzero(trees.feature == kernels.LEAF):
        members = trees.donors[trees.start[leaf] : trees.start[leaf] + trees.count[leaf]]
        assert (np.diff(codes[members]) >= 0).all()


def test_a_row_may_go_down_any_tree(grown: Forest, features: Features) -> None:
    same = features_of(np.repeat(features.codes[:, :1], 4_000, axis=1))
    leaves = grown.leaves(same, 4_000, np.random.default_rng(3))
    assert len(np.unique(leaves)) == forest.TREES
    # Equal shares of 4,000: a false alarm once in a million fixed seeds.
    assert stats.chisquare(np.unique(leaves, return_counts=True)[1]).pvalue > 1e-6


def test_trees_of_a_forest_cut_the_ground_differently(features: Features) -> None:
    codes = np.random.default_rng(15).integers(0, 90, ROWS).astype(np.int32)
    trees = Forest.grow(features, numbers_of(codes), np.random.default_rng(16))
    assert len(np.unique(trees.threshold[trees.roots])) > 1


@pytest.mark.parametrize(
    ("is_fine", "least"),
    [(False, STANDARD.of_levels.min_rows), (True, STANDARD.of_numbers.min_rows)],
)
def test_no_leaf_is_small(
    features: Features,
    is_fine: bool,  # noqa: FBT001 - a parameter of the test
    least: int,
) -> None:
    codes = features.codes[0] if is_fine else features.codes[0] // 100
    target = Target(codes, int(codes.max()) + 1, is_fine, is_fine, np.ones(len(codes)))
    trees = Forest.grow(features, target, np.random.default_rng(1))
    assert len(trees.feature) > forest.TREES
    assert (trees.count[trees.feature == kernels.LEAF] >= least).all()


def test_splits_follow_the_target(
    grown: Forest, features: Features, values: npt.NDArray[np.float64]
) -> None:
    leaves = grown.leaves(features, ROWS, np.random.default_rng(4))
    donors = grown.draw(leaves, NONE_TAKEN, np.random.default_rng(5))
    likeness = (values[0, donors] > 0.5) == (values[0] > 0.5)
    assert likeness.mean() > 0.97


def test_without_features_the_only_leaf_holds_every_row() -> None:
    stump = stump_of(target_of(np.zeros(50)))
    leaves = stump.leaves(features_of(np.zeros((0, 5), np.int32)), 5, np.random.default_rng(0))
    assert leaves.tolist() == [0] * 5
    assert stump.count.tolist() == [50]


def test_a_target_of_one_code_is_not_split(features: Features) -> None:
    trees = Forest.grow(features, target_of(np.zeros(ROWS)), np.random.default_rng(0))
    assert trees.feature.tolist() == [kernels.LEAF] * forest.TREES
    assert trees.count.tolist() == [ROWS] * forest.TREES


def test_trees_grow_on_a_sample_and_are_filled_with_all_rows(
    monkeypatch: pytest.MonkeyPatch, features: Features, target: Target
) -> None:
    monkeypatch.setattr(forest, "MAX_GROWING_ROWS", 60)
    small = Forest.grow(features, target, np.random.default_rng(1))
    assert len(small.donors) == forest.TREES * ROWS
    assert len(small.feature) <= forest.TREES * 2 * 60 / STANDARD.of_levels.min_rows


@pytest.mark.parametrize("most", [10, 50, 130])
def test_of_many_rows_each_tree_is_filled_with_a_part_and_all_trees_with_every_row(
    monkeypatch: pytest.MonkeyPatch, features: Features, target: Target, most: int
) -> None:
    """A part of the rows, and those that the tree was grown on."""
    growing = 60
    monkeypatch.setattr(forest, "MAX_DONOR_ROWS", most)
    monkeypatch.setattr(forest, "MAX_GROWING_ROWS", growing)
    trees = Forest.grow(features, target, np.random.default_rng(1))
    held = max(most, -(-ROWS // forest.TREES))
    ends = [*trees.roots[1:].tolist(), len(trees.feature)]
    for root, end in zip(trees.roots.tolist(), ends, strict=True):
        assert held <= trees.count[root:end].sum() <= held + growing
    assert np.bincount(trees.donors, minlength=ROWS).min() >= forest.TREES * held // ROWS
    assert (trees.count[trees.feature == kernels.LEAF] >= STANDARD.of_levels.min_rows).all()


@pytest.mark.parametrize("rows", [1, 30, 200])
def test_donors_are_taken_from_among_the_rows_that_are_given(
    features: Features, target: Target, rows: int
) -> None:
    among = np.sort(np.random.default_rng(17).permutation(ROWS)[:rows]).astype(np.int32)
    trees = Forest.grow(features, target, np.random.default_rng(1), among=among)
    assert np.unique(trees.donors).tolist() == among.tolist()
    assert len(trees.donors) == forest.TREES * rows
    drawn = trees.draw(
        trees.leaves(features, ROWS, np.random.default_rng(2)), NONE_TAKEN, np.random.default_rng(3)
    )
    assert np.isin(drawn, among).all()


# Drawing


def test_donors_of_a_leaf_are_drawn_alike() -> None:
    """They are dealt: of 20,000 rows each of 20 donors has its thousand."""
    stump = stump_of(target_of(np.zeros(20)))
    leaves = np.zeros(20_000, dtype=np.int32)
    donors = stump.draw(leaves, NONE_TAKEN, np.random.default_rng(1))
    assert np.bincount(donors, minlength=20).tolist() == [1_000] * 20


def test_a_single_row_may_have_any_donor() -> None:
    stump, rng = stump_of(target_of(np.zeros(20))), np.random.default_rng(15)
    donors = [int(stump.draw(np.zeros(1, np.int32), NONE_TAKEN, rng)[0]) for _ in range(4_000)]
    # A false alarm once in a million seeds; the seed is fixed.
    assert stats.chisquare(np.bincount(donors, minlength=20)).pvalue > 1e-6


def test_a_row_is_not_given_a_donor_twice(grown: Forest, features: Features) -> None:
    rng = np.random.default_rng(16)
    leaves = grown.leaves(features, ROWS, rng)
    taken = np.stack([np.arange(ROWS), grown.draw(leaves, NONE_TAKEN, rng)]).astype(np.int32)
    donors = grown.draw(leaves, taken, rng)
    assert not (donors == taken).any()
    only = stump_of(target_of(np.zeros(1)))
    assert only.draw(np.zeros(3, np.int32), np.zeros((1, 3), np.int32), rng).tolist() == [0] * 3


def test_weighted_donors_come_in_proportion(grown: Forest) -> None:
    rng = np.random.default_rng(6)
    weight = np.where(np.arange(ROWS) % 3 == 0, 0.0, rng.random(ROWS))
    leaf = int(np.flatnonzero(grown.feature == kernels.LEAF)[0])
    members = grown.donors[grown.start[leaf] : grown.start[leaf] + grown.count[leaf]]
    donors, mean = grown.draw_weighted(np.full(50_000, leaf, np.int32), weight, rng)
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
    leaves = np.flatnonzero(grown.feature == kernels.LEAF).astype(np.int32)
    for scale in (1e-300, 1e-12, 1.0, 1e12):
        weight = np.where(rng.random(ROWS) < 0.95, 0.0, scale * 10.0 ** rng.uniform(-9, 9, ROWS))
        donors, mean = grown.draw_weighted(rng.choice(leaves, 50_000), weight, rng)
        assert (weight[donors[mean > 0]] > 0).all()
        assert (mean >= 0).all()


def test_a_leaf_without_any_weight_has_mean_zero(grown: Forest) -> None:
    leaves = np.flatnonzero(grown.feature == kernels.LEAF).astype(np.int32)
    _, mean = grown.draw_weighted(leaves, np.zeros(ROWS), np.random.default_rng(8))
    assert not mean.any()


def test_a_forest_is_of_the_type_that_the_loops_are_compiled_for(grown: Forest) -> None:
    for name in ("roots", "feature", "threshold", "left", "start", "count", "donors"):
        assert getattr(grown, name).dtype == np.int32
