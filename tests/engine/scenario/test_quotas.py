import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.scenario import quotas

PARTS = st.lists(st.floats(0, 1), min_size=1, max_size=8).filter(lambda given_: sum(given_) > 1e-6)


@given(PARTS, st.integers(0, 10_000))
def test_whole_quotas_sum_exactly_and_lie_within_one_row(parts: list[float], rows: int) -> None:
    targets = np.array(parts) / sum(parts)
    counts = quotas.whole_quotas(targets, rows)
    assert counts.sum() == rows
    assert (np.abs(counts - targets * rows) < 1).all()


def test_whole_quotas_of_nothing_are_nothing() -> None:
    assert quotas.whole_quotas(np.zeros(3), 10).tolist() == [0, 0, 0]


@given(PARTS, st.integers(1, 500), st.integers(0, 99))
def test_systematic_resampling_holds_floor_or_ceiling(
    parts: list[float], rows: int, seed: int
) -> None:
    weights = np.array(parts)
    picked = quotas.systematic(weights, rows, np.random.default_rng(seed))
    expected = weights / weights.sum() * rows
    held = np.bincount(picked, minlength=len(weights))
    assert held.sum() == rows
    assert (held >= np.floor(expected - 1e-6)).all()
    assert (held <= np.ceil(expected + 1e-6)).all()
    assert not held[weights == 0].any()


@given(
    st.integers(0, 9_999),
    st.lists(st.integers(2, 5), min_size=1, max_size=3),
    st.integers(1, 400),
)
def test_every_quota_is_exact_where_all_cells_are_occupied(
    seed: int, sizes: list[int], rows: int
) -> None:
    rng = np.random.default_rng(seed)
    cells = np.indices(sizes).reshape(len(sizes), -1)
    groups = [np.repeat(axis, 3) for axis in cells]
    wanted_rows = [quotas.whole_quotas(rng.dirichlet(np.ones(size)), rows) for size in sizes]
    picked = quotas.pick(rng.random(len(groups[0])) + 0.01, groups, wanted_rows, rows, rng)
    assert len(picked) == rows
    for group, quota in zip(groups, wanted_rows, strict=True):
        assert np.bincount(group[picked], minlength=len(quota)).tolist() == quota.tolist()


@given(st.integers(0, 9_999), st.integers(1, 200))
def test_two_sparse_marginals_come_out_exact_where_the_weights_have_them(
    seed: int, rows: int
) -> None:
    rng = np.random.default_rng(seed)
    filled = rng.choice(20, size=8, replace=False)
    counts = np.bincount(rng.choice(filled, rows), minlength=20)  # quotas that can be met
    first, second = np.divmod(filled, 5)
    wanted_rows = [counts.reshape(4, 5).sum(axis=axis) for axis in (1, 0)]
    picked = quotas.pick(rng.random(8) + 0.01, [first, second], wanted_rows, rows, rng)
    assert np.bincount(first[picked], minlength=4).tolist() == wanted_rows[0].tolist()
    assert np.bincount(second[picked], minlength=5).tolist() == wanted_rows[1].tolist()


def test_a_quota_without_particles_is_left_out() -> None:
    rng = np.random.default_rng(0)
    group = np.zeros(50, dtype=np.int64)
    picked = quotas.pick(np.ones(50), [group], [np.array([7, 3])], 10, rng)
    assert len(picked) == 10


def test_particles_without_weight_are_never_picked() -> None:
    rng = np.random.default_rng(0)
    weights = np.array([0.0, 1.0, 0.0, 2.0])
    group = np.array([0, 0, 1, 1])
    picked = quotas.pick(weights, [group], [np.array([70, 30])], 100, rng)
    assert np.bincount(picked).tolist() == [0, 70, 0, 30]


@pytest.mark.parametrize("particles", [20_000, 200_000])
def test_many_cells_take_bounded_time(particles: int) -> None:
    rng = np.random.default_rng(3)
    groups = [rng.integers(0, 50, particles) for _ in range(3)]
    wanted_rows = [quotas.whole_quotas(rng.dirichlet(np.ones(50)), 5_000) for _ in range(3)]
    weights = np.ones(particles)
    for group, quota in zip(groups, wanted_rows, strict=True):
        weights *= (quota / 5_000)[group]
    picked = quotas.pick(weights, groups, wanted_rows, 5_000, rng)
    for group, quota in zip(groups, wanted_rows, strict=True):
        assert np.abs(np.bincount(group[picked], minlength=50) - quota).max() <= 1


def test_quotas_of_a_dozen_marginals_hold_together() -> None:
    """Single moves do not settle so many; an integer program over all cells does."""
    rng = np.random.default_rng(4)
    groups = [rng.integers(0, 2 + index % 2, 600) for index in range(12)]
    held = rng.integers(0, 600, 200)  # so that there are rows with these quotas
    wanted = [np.bincount(group[held], minlength=int(group.max()) + 1) for group in groups]
    picked = quotas.pick(rng.random(600), groups, wanted, 200, rng)
    for group, quota in zip(groups, wanted, strict=True):
        assert np.bincount(group[picked], minlength=len(quota)).tolist() == quota.tolist()
