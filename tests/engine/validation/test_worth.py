"""From errors to a number of interviews."""

import numpy as np
import pytest

from simulacra.engine.validation import worth


def test_it_is_the_sample_size_with_the_same_error() -> None:
    """40 questions missed by samples of 50 interviews, 5 times.

    The sum of 200 squares has a standard deviation of 10 %, so 40 % off is four of them.
    """
    rng = np.random.default_rng(1)
    errors = rng.normal(0, np.sqrt(1 / 50), (5, 40)) ** 2
    found = worth.worth(errors, np.ones((5, 40)), rng)
    assert found.interviews == pytest.approx(1 / errors.mean())
    assert found.interviews == pytest.approx(50, rel=0.4)
    assert found.low < (found.interviews or 0) < (found.high or 0)


def test_an_error_below_chance_leaves_a_lower_end_alone() -> None:
    errors = np.random.default_rng(1).normal(-0.001, 0.01, (5, 40))
    errors -= errors.mean() + 0.0005
    found = worth.worth(errors, np.ones((5, 40)), np.random.default_rng(1))
    assert found.interviews is None
    assert found.high is None
    assert 100 < found.low < np.inf


def test_of_few_questions_nothing_is_said() -> None:
    errors = np.array([[0.01, 0.01, 0.01, 0.02]] * 5)
    variances = np.array([[1.0, 1.0, 1.0, 0.0]] * 5)
    found = worth.worth(errors, variances, np.random.default_rng(1))
    assert found == worth.Worth(None, 0.0, None)
    enough = worth.worth(errors, np.ones((5, 4)), np.random.default_rng(1))
    assert enough.interviews == pytest.approx(80)


def test_chance_that_errors_go_along_with_is_taken_off() -> None:
    rng = np.random.default_rng(1)
    chance = rng.normal(size=(5, 20))
    np.testing.assert_allclose(worth.steady(0.3 + chance, chance), 0.3)
    steady = worth.steady(0.3 - chance, chance)
    np.testing.assert_allclose(steady, 0.3 - chance)  # never added
    np.testing.assert_allclose(worth.steady(chance[:1], chance[:1]), chance[:1])
