import numpy as np
import pytest

from simulacra.engine.model import ridge
from simulacra.engine.model.forest import Features

ROWS = 2_000


@pytest.fixture(scope="module")
def items() -> tuple[Features, np.ndarray]:
    """Twelve items of five points that a latent trait drives alike, and the trait's own answer."""
    rng = np.random.default_rng(0)
    trait = rng.normal(size=ROWS)
    answers = np.digitize(trait + rng.normal(size=(13, ROWS)), [-1.5, -0.5, 0.5, 1.5])
    codes = answers[:12].astype(np.int32)
    return Features.of(codes, [None] * 12), answers[12]


def test_an_index_correlates_more_than_any_of_its_items(items: tuple[Features, np.ndarray]) -> None:
    features, answer = items
    target = (answer[:, None] <= np.arange(4)).astype(np.float32)
    (index,) = ridge.fit(features, np.arange(ROWS), target, 1)
    summed = index.codes(features)
    by_items = max(abs(np.corrcoef(item, answer)[0, 1]) for item in features.codes)
    assert abs(np.corrcoef(summed, answer)[0, 1]) > by_items + 0.1


def test_levels_enter_by_their_ranks() -> None:
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 3, (2, ROWS)).astype(np.int32)
    ranks = np.array([2, 0, 1], dtype=np.int32)
    features = Features.of(codes, [ranks, None])
    target = (ranks[codes[0]] + codes[1] > 2)[:, None].astype(np.float32)
    (index,) = ridge.fit(features, np.arange(ROWS), target, 1)
    sums = index.weights[0] * ranks[codes[0]] + index.weights[1] * codes[1]
    np.testing.assert_array_equal(index.codes(features), np.searchsorted(index.cuts, sums))
    assert len(np.unique(index.codes(features))) <= len(index.cuts) + 1


def test_constant_predecessors_have_no_weight() -> None:
    codes = np.vstack([np.zeros(50), np.arange(50)]).astype(np.int32)
    features = Features.of(codes, [None, None])
    target = (np.arange(50)[:, None] < 25).astype(np.float32)
    (index,) = ridge.fit(features, np.arange(50), target, 1)
    assert index.weights[0] == 0
    assert index.weights[1] != 0
