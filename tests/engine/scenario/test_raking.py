import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, minimize

from simulacra.engine.scenario import raking
from simulacra.engine.scenario.raking import Marginal, Moment

Floats = npt.NDArray[np.float64]


def table(mass: Floats) -> tuple[Floats, list[npt.NDArray[np.int64]]]:
    """One particle a cell."""
    groups = np.indices(mass.shape).reshape(mass.ndim, -1).astype(np.int64)
    return mass.ravel().astype(float), list(groups)


def marginals_of(mass: Floats) -> list[Floats]:
    axes = range(mass.ndim)
    return [mass.sum(axis=tuple(set(axes) - {axis})) for axis in axes]


def rake(mass: Floats, targets: list[Floats]) -> tuple[raking.RakingResult, Floats]:
    weights, groups = table(mass)
    raked = raking.rake(weights, [Marginal(g, t) for g, t in zip(groups, targets, strict=True)])
    return raked, raked.weights.reshape(mass.shape)


def shares(size: int) -> st.SearchStrategy[Floats]:
    parts = st.lists(st.integers(1, 20), min_size=size, max_size=size)
    return parts.map(lambda given_: np.array(given_) / sum(given_))


def test_without_marginals_the_weights_are_normalised() -> None:
    raked = raking.rake(np.array([1.0, 3.0]), [])
    assert raked.weights.tolist() == [0.25, 0.75]
    assert raking.sum_of(raked.targets) == 1


@settings(deadline=None)
@given(shares(3), shares(4), shares(3), shares(4))
def test_independent_marginals_have_a_closed_form(
    rows: Floats, columns: Floats, row_targets: Floats, column_targets: Floats
) -> None:
    _, raked = rake(np.outer(rows, columns), [row_targets, column_targets])
    np.testing.assert_allclose(raked, np.outer(row_targets, column_targets), atol=1e-6)


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_marginals_that_can_be_met_are_met_and_odds_ratios_stay(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mass, wanted = rng.random((3, 4, 2)) + 0.05, rng.random((3, 4, 2)) + 0.05
    targets = marginals_of(wanted / wanted.sum())
    raked, mass_after = rake(mass, targets)
    for reached, target in zip(marginals_of(mass_after), targets, strict=True):
        np.testing.assert_allclose(reached, target, atol=1e-6)
    ratio = mass_after / mass  # of the form a_i b_j c_k: the I-projection
    logs = np.log(ratio)
    alone = logs - logs[:1] - logs[:, :1] + logs[:1, :1]
    np.testing.assert_allclose(alone, 0, atol=1e-6)
    assert raking.sum_of(raked.targets) == pytest.approx(1)


def test_a_share_of_zero_empties_its_group() -> None:
    _, mass_after = rake(np.ones((2, 3)), [np.array([0.0, 1.0]), np.array([0.5, 0.5, 0.0])])
    np.testing.assert_allclose(mass_after, [[0.0, 0.0, 0.0], [0.5, 0.5, 0.0]], atol=1e-9)


def test_factors_give_the_weights_up_to_a_constant() -> None:
    mass = np.array([[0.3, 0.2], [0.1, 0.4]])
    raked, mass_after = rake(mass, [np.array([0.7, 0.3]), np.array([0.2, 0.8])])
    product = mass * np.outer(*raked.factors)
    np.testing.assert_allclose(product / product.sum(), mass_after, atol=1e-9)


def test_a_marginal_at_the_edge_converges_slowly_but_counts_as_met() -> None:
    raked, mass_after = rake(
        np.array([[1.0, 1.0], [1.0, 0.0]]), [np.array([0.5, 0.5]), np.array([0.5, 0.5])]
    )
    assert raking.sum_of(raked.targets) == pytest.approx(1)
    np.testing.assert_allclose(mass_after, [[0.0, 0.5], [0.5, 0.0]], atol=1e-3)


def best_total(occupied: npt.NDArray[np.bool_], rows: Floats, columns: Floats) -> float:
    """The most that fits through a bipartite network, by its smallest cut (max-flow min-cut)."""
    cuts = []
    for is_included in itertools.product([False, True], repeat=len(rows)):
        reachable = occupied[list(is_included)].any(axis=0)
        cuts.append(rows[~np.array(is_included)].sum() + columns[reachable].sum())
    return float(min(cuts))


@settings(max_examples=25)
@given(
    st.lists(st.booleans(), min_size=12, max_size=12).filter(any),
    shares(3),
    shares(4),
)
def test_marginals_that_cannot_be_met_give_the_best_reachable_total(
    occupied: list[bool], row_targets: Floats, column_targets: Floats
) -> None:
    cells = np.array(occupied).reshape(3, 4)
    raked, mass_after = rake(cells.astype(float), [row_targets, column_targets])
    best = best_total(cells, row_targets, column_targets)
    assert raking.sum_of(raked.targets) == pytest.approx(best, abs=1e-5)
    assert mass_after.sum() == pytest.approx(best, abs=1e-4)
    assert (mass_after[~cells] == 0).all()
    for reached, target in zip(raked.targets, (row_targets, column_targets), strict=True):
        assert (reached <= target + 1e-6).all()


def test_an_empty_group_is_left_out_and_the_others_stay_proportional() -> None:
    mass = np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    raked, mass_after = rake(mass, [np.array([0.3, 0.5, 0.2]), np.array([0.6, 0.4])])
    np.testing.assert_allclose(raked.targets[0], [0.3, 0.5, 0.0], atol=1e-6)
    np.testing.assert_allclose(raked.targets[1], [0.48, 0.32], atol=1e-6)
    np.testing.assert_allclose(mass_after.sum(axis=0), [0.48, 0.32], atol=1e-6)


def test_conditions_that_exclude_each_other_leave_nothing() -> None:
    raked, mass_after = rake(np.eye(2), [np.array([1.0, 0.0]), np.array([0.0, 1.0])])
    assert raking.sum_of(raked.targets) == 0
    assert not mass_after.any()


def test_many_cells_take_bounded_time() -> None:
    rng = np.random.default_rng(1)
    groups = [rng.integers(0, 50, 100_000) for _ in range(3)]
    targets = [rng.dirichlet(np.full(50, 0.3)) for _ in range(3)]
    raked = raking.rake(
        rng.random(100_000), [Marginal(g, t) for g, t in zip(groups, targets, strict=True)]
    )
    for group, target in zip(groups, targets, strict=True):
        np.testing.assert_allclose(np.bincount(group, raked.weights), target, atol=1e-6)


@pytest.mark.parametrize(
    ("weights", "size"),
    [
        ([1, 1, 1, 1], 4),
        ([5, 0, 0], 1),
        ([0, 0], 0),
        ([], 0),
        ([3, 1], 1.6),
        ([3e-200, 1e-200], 1.6),  # whose squares are 0
        ([3e200, 1e200], 1.6),  # whose squares are infinite
    ],
)
def test_the_effective_sample_size_is_kishs(weights: list[float], size: float) -> None:
    assert raking.effective_sample_size(np.array(weights, float)) == pytest.approx(size)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_scaling_changes_no_digit_of_an_effective_sample_size(weights: list[float]) -> None:
    own = np.array(weights)
    if (own**2).sum() > 1e-300:
        plain = float(own.sum()) ** 2 / float((own**2).sum())
        assert raking.effective_sample_size(own) == pytest.approx(plain, rel=1e-15)
    assert 0.5 <= raking.scaled(own).max() < 1 or not own.any()


def projected(mass: Floats, conditions: list[Floats], right: list[float]) -> Floats:
    """Return the I-projection by a solver of its own: least divergence under linear conditions."""
    start = mass / mass.sum()
    found = minimize(
        lambda p: float((p * np.log(p / start)).sum()),
        start,
        jac=lambda p: np.log(p / start) + 1,
        method="SLSQP",
        constraints=LinearConstraint(
            np.array([np.ones(len(mass)), *conditions]), [1, *right], [1, *right]
        ),
        bounds=Bounds(1e-12, 1),
        options={"ftol": 1e-14, "maxiter": 1_000},
    )
    return np.asarray(found.x)


def within(values: Floats, members: npt.NDArray[np.bool_]) -> float:
    """Return a mean that members can have."""
    least, most = values[members].min(), values[members].max()
    return float(0.6 * least + 0.4 * most)


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_means_and_shares_within_a_base_are_the_i_projection(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mass = rng.random(18) + 0.1
    row, column = np.divmod(np.arange(18), 6)
    values, other = rng.random(18) * 10, rng.random(18)
    every, base = np.ones(18, dtype=np.bool_), column < 4
    shares, parts = rng.dirichlet([4, 4, 4]), rng.dirichlet([5, 5])
    half = (column % 2).astype(np.int64)
    raked = raking.rake(
        mass,
        [
            Marginal(row.astype(np.int64), shares),
            Marginal(np.where(base, half + 1, 0), np.array([0, *parts]), is_within=True),
        ],
        [Moment(values, 5.0, every), Moment(other, within(other, base), base)],
    )
    assume(raking.sum_of(raked.targets) > 1 - 1e-6)  # else they cannot all be met
    conditions = [
        *[(row == index).astype(float) for index in (0, 1)],
        base * ((half == 0) - parts[0]),
        values - 5.0,
        base * (other - within(other, base)),
    ]
    best = projected(mass, conditions, [shares[0], shares[1], 0, 0, 0])
    assume(best.min() > 1e-6)  # at an edge of what can be met, scaling converges ever more slowly
    np.testing.assert_allclose(raked.weights, best, atol=2e-4)


@given(st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_a_mean_alone_is_an_exponential_tilt(seed: int, part: float) -> None:
    rng = np.random.default_rng(seed)
    mass, values = rng.random(40) + 0.01, rng.normal(0, 3, 40)
    target = float(values.min() + part * np.ptp(values))
    raked = raking.rake(mass, [], [Moment(values, target, np.ones(40, dtype=np.bool_))])
    weights = raked.weights
    assert weights.sum() == pytest.approx(1)
    assert weights @ values == pytest.approx(target, abs=1e-5)
    start = mass / mass.sum()
    tilted = start * np.exp(raked.tilts[0] * (values - target))
    np.testing.assert_allclose(weights, tilted / tilted.sum(), atol=1e-6)


def test_shares_within_a_base_leave_its_size_where_it_is_nearest_to_the_start() -> None:
    """Half are in the base, where shares of 0.5 become 0.8: it shrinks by exp(-divergence)."""
    mass, groups = np.array([0.5, 0.25, 0.25]), np.array([0, 1, 2])
    raked = raking.rake(mass, [Marginal(groups, np.array([0.0, 0.8, 0.2]), is_within=True)])
    divergence = 0.8 * np.log(1.6) + 0.2 * np.log(0.4)
    base = 0.5 * np.exp(-divergence) / (0.5 + 0.5 * np.exp(-divergence))
    np.testing.assert_allclose(raked.weights, [1 - base, 0.8 * base, 0.2 * base], atol=1e-6)
    np.testing.assert_allclose(raked.targets[0], raked.weights)


def test_a_mean_that_holds_for_a_part_of_the_rows_alone_is_reached_partly() -> None:
    """Three of four rows at 0 and the rest at 10: a mean of 5 leaves half as many rows at 0."""
    groups, values = np.array([0, 1]), np.array([0.0, 10.0])
    moment = Moment(values, 5.0, np.ones(2, dtype=np.bool_))
    raked = raking.rake(np.ones(2), [Marginal(groups, np.array([0.75, 0.25]))], [moment])
    assert raked.reachable == pytest.approx(0.5, abs=1e-5)
    np.testing.assert_allclose(raked.weights, [0.25, 0.25], atol=1e-4)


@pytest.mark.parametrize("target", [-1.0, 11.0, 10.0])
def test_a_mean_beyond_all_values_leaves_nothing(target: float) -> None:
    values = np.array([0.0, 4.0, 9.0])
    raked = raking.rake(np.ones(3), [], [Moment(values, target, np.ones(3, dtype=np.bool_))])
    assert not raked.weights.any()
    assert raked.reachable == 0


def test_a_mean_among_nobody_leaves_nothing() -> None:
    moment = Moment(np.array([0.0, 4.0]), 2.0, np.zeros(2, dtype=np.bool_))
    assert raking.rake(np.ones(2), [], [moment]).reachable == 0


def test_shares_within_a_base_that_nobody_can_fill_leave_nothing() -> None:
    marginal = Marginal(np.array([0, 1, 1]), np.array([0.0, 0.5, 0.5]), is_within=True)
    raked = raking.rake(np.ones(3), [marginal])
    assert raked.reachable == 0
    assert not raked.weights.any()
