from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.engine.scenario import balancing
from simulacra.engine.scenario.raking import Moment

EVERY = np.ones(5_000, dtype=np.bool_)


def cloud(seed: int) -> tuple[np.random.Generator, npt.NDArray[Any], npt.NDArray[Any]]:
    """Return cells and weights of particles, some of which cannot be picked."""
    rng = np.random.default_rng(seed)
    cell_of = rng.integers(0, 6, len(EVERY))
    return rng, cell_of, rng.random(len(EVERY)) * (rng.random(len(EVERY)) < 0.8)


def moments(rng: np.random.Generator, cell_of: npt.NDArray[Any]) -> list[Moment]:
    """Return means near those of the particles: of money, of whole numbers, among some cells."""
    money = np.array(rng.gamma(3, 12, len(EVERY)).round(2), dtype=np.float64)
    whole = rng.poisson(6, len(EVERY)).astype(np.float64)
    some = cell_of < 3
    return [Moment(money, 37.0, EVERY), Moment(whole, 6.1, EVERY), Moment(whole, 5.8, some)]


@settings(max_examples=8)
@given(st.integers(0, 10_000), st.integers(1, 80))
def test_no_row_leaves_its_cell_and_no_mean_is_farther(seed: int, rows: int) -> None:
    rng, cell_of, weights = cloud(seed)
    asked = moments(rng, cell_of)
    picked = rng.choice(np.flatnonzero(weights), rows)
    balanced = balancing.balance(picked, cell_of, weights, asked, rng)
    np.testing.assert_array_equal(cell_of[balanced], cell_of[picked])
    assert (weights[balanced] > 0).all()

    def missed(rows_: npt.NDArray[Any]) -> float:
        off = [np.where(it.members, it.values - it.target, 0) for it in asked]
        return float(sum((one[rows_].sum() / np.abs(one[weights > 0]).max()) ** 2 for one in off))

    assert missed(balanced) <= missed(picked) + 1e-12


@pytest.mark.parametrize("rows", [40, 400])
def test_several_means_are_met_to_half_a_step(rows: int) -> None:
    rng, cell_of, weights = cloud(1)
    asked = moments(rng, cell_of)[:2]
    picked = rng.choice(np.flatnonzero(weights), rows)
    balanced = balancing.balance(picked, cell_of, weights, asked, rng)
    for it, step in zip(asked, (0.01, 1.0), strict=True):
        assert it.values[balanced].sum() == pytest.approx(it.target * rows, abs=step / 2 + 1e-6)


def test_a_single_row_is_exchanged_for_the_nearest() -> None:
    values = np.arange(5_000) / 100
    moment = Moment(values, 20.0, EVERY)
    rng = np.random.default_rng(1)
    cell_of = np.zeros(5_000, dtype=np.int64)
    (row,) = balancing.balance(np.array([4_999]), cell_of, np.ones(5_000), [moment], rng)
    assert values[row] == 20


def test_particles_are_offered_as_often_as_they_weigh() -> None:
    """Of 10,000 draws with a chance of 0.9 the count has a standard deviation of 30; 6 of them."""
    offers = balancing._Offers(np.array([0, 0, 1, 0]), np.array([1.0, 9.0, 5.0, 0.0]))
    drawn = offers.draw(np.zeros(10_000, dtype=np.int64), np.random.default_rng(2))
    counts = np.bincount(drawn, minlength=4)
    assert counts[1] == pytest.approx(9_000, abs=180)
    assert counts[2:].tolist() == [0, 0]
