"""What respondents say of a scenario themselves."""

import numpy as np
import pytest
from scipy.stats import beta, norm

from simulacra.engine.margins import respondents
from simulacra.engine.margins.figures import Layout
from simulacra.engine.margins.respondents import PRIOR, Direct, Respondents
from simulacra.engine.margins.statistics import Part, Statistics

NONE = np.zeros(0)
PARTS = (Part(0, 0, 2, NONE, NONE.astype(bool)), Part(1, 2, 0, NONE, NONE.astype(bool)))
STATISTICS = Statistics(PARTS, Layout(()))
"""The shares of two levels, and a mean."""


def direct(values: dict[int, np.ndarray], behind: np.ndarray) -> Direct:
    return respondents.direct(STATISTICS, Respondents(values, np.ones(len(behind)), behind))


def test_who_has_no_value_does_not_count() -> None:
    rng = np.random.default_rng(1)
    level, number = rng.integers(0, 2, 100).astype(float), rng.normal(size=100)
    number[:60] = np.nan
    found = direct({0: level, 1: number}, np.ones(100))
    np.testing.assert_allclose(1 / found.per_variance, [100, 100, 40])
    assert found.values[2] == pytest.approx(np.nanmean(number))
    assert found.spread[0] == pytest.approx(0.5, abs=0.01)


def test_the_few_who_weigh_most_decide_how_sure_a_variance_is() -> None:
    """Twenty respondents are half of the weight, four hundred the other half."""
    weights = np.r_[np.full(20, 1 / 20), np.full(400, 1 / 400)]
    rng = np.random.default_rng(2)
    found = direct({0: rng.integers(0, 2, 420).astype(float), 1: rng.normal(size=420)}, weights)
    assert found.freedom[0] - PRIOR + 1 == pytest.approx(22, abs=1)
    assert 1 / found.per_variance[0] == pytest.approx(76, abs=1)


def test_two_respondents_who_agree_do_not_pass_for_a_narrow_group() -> None:
    rng = np.random.default_rng(3)
    number, behind = rng.normal(size=200), np.zeros(200)
    number[:2], behind[:2] = 1.5, 1.0
    found = direct({0: np.zeros(200), 1: number}, behind)
    assert found.spread[2] > 0.7
    assert found.is_heard.all()


def test_nobody_behind_a_scenario_is_not_heard() -> None:
    found = direct({0: np.zeros(20), 1: np.arange(20.0)}, np.zeros(20))
    assert not found.is_heard.any()
    assert np.isnan(found.values).all()


def test_weights_that_are_almost_nothing_count_by_their_proportions() -> None:
    rng = np.random.default_rng(4)
    values = {0: rng.integers(0, 2, 50).astype(float), 1: rng.normal(size=50)}
    weights = rng.random(50)
    large, small = direct(values, weights), direct(values, weights * 1e-200)
    np.testing.assert_allclose(large.values, small.values)
    np.testing.assert_allclose(large.per_variance, small.per_variance)


def test_a_level_that_nobody_has_may_be_as_common_as_jeffreys_says() -> None:
    """The upper end of the interval with Jeffreys' prior (Brown, Cai & DasGupta 2001)."""
    found = direct({0: np.zeros(30), 1: np.arange(30.0)}, np.ones(30))
    none = np.arcsin(np.sqrt(found.smoothed(found.values)[1]))
    highest = np.sin(none + norm.ppf(0.975) * 0.5 / np.sqrt(30)) ** 2
    assert highest == pytest.approx(beta.ppf(0.975, 0.5, 30.5), abs=0.01)
    assert found.is_scarce[:2].all()
