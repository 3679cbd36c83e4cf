"""The composite of a model that shrinks and of respondents who are few: simulated, no fits."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import t as student

from simulacra.engine.columns.arrays import Floats
from simulacra.engine.margins import composite
from simulacra.engine.margins.composite import Composite, Replicated
from simulacra.engine.margins.respondents import Direct

STATISTICS, REPLICATES = 24, 20
UNIT, GROUPS = np.ones(STATISTICS), np.arange(STATISTICS)


@dataclasses.dataclass(frozen=True)
class Trial:
    """A group of respondents, a model of them, and the truth."""

    truth: Floats
    made: Floats
    direct: Direct
    replicated: Replicated

    def combined(self) -> Composite:
        """Return the composite estimate."""
        return composite.combine(
            *(self.made, self.direct, self.replicated, UNIT, GROUPS), shrink=1.0, own_noise=0.0
        )

    def is_held(self, estimate: Floats, width: Floats) -> Floats:
        """Return whether the truth lies so near, one a statistic."""
        return np.asarray(np.abs(estimate - self.truth) <= width, dtype=np.float64)


def trial(rng: np.random.Generator, size: int, kept: float, lift: float) -> Trial:
    """Return a model that has part of what sets a group apart, and varies as that part does."""
    truth = rng.normal(0, lift, STATISTICS)
    off = rng.normal(0, 1 / np.sqrt(size), STATISTICS)
    noise = rng.normal(0, 0.05, (REPLICATES + 1, STATISTICS))
    again = rng.normal(0, 1 / np.sqrt(size), (REPLICATES, STATISTICS))
    own = truth + off
    made_b = kept * (own + again) + noise[1:]
    return Trial(
        truth,
        kept * own + noise[0],
        Direct(
            values=own,
            spread=UNIT,
            per_variance=UNIT / size,
            freedom=UNIT * (size + 4),
            is_heard=UNIT > 0,
            is_scarce=UNIT < 0,
        ),
        Replicated(np.stack([made_b, made_b], axis=1), own + again),
    )


@pytest.mark.parametrize("kept", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("size", [5, 20, 80])
def test_intervals_hold_the_truth_however_much_the_model_has_missed(size: int, kept: float) -> None:
    """150 groups of 24 statistics: 0.95, standard error 0.004; five of them and the bias of few."""
    rng, held = np.random.default_rng(5), []
    for _ in range(150):
        one = trial(rng, size, kept, 0.6)
        found = one.combined()
        width = student.ppf(0.975, found.freedom) * np.sqrt(found.variance)
        held.append(one.is_held(found.values, width))
    assert 0.92 <= np.mean(held) <= 0.99


def test_replicates_alone_do_not_hold_what_all_of_them_miss() -> None:
    """So that the test above can fail: a model without the group is held in less than half."""
    rng, held = np.random.default_rng(6), []
    for _ in range(50):
        one = trial(rng, 20, 0.0, 0.6)
        spread = one.replicated.made.mean(axis=1).std(axis=0, ddof=1)
        held.append(one.is_held(one.made, student.ppf(0.975, REPLICATES - 1) * spread))
    assert np.mean(held) < 0.5


def test_a_model_without_bias_keeps_its_narrow_intervals() -> None:
    """No lift, so nothing is missed: the composite stays near a model that is better informed."""
    rng, widths, biases = np.random.default_rng(7), [], []
    for _ in range(100):
        found = trial(rng, 20, 0.0, 0.0).combined()
        widths.append(np.sqrt(found.variance).mean())
        biases.append(found.bias)
    assert np.median(widths) < 0.5 / np.sqrt(20)
    assert np.mean(biases) < 0.02  # of chance alone: 24 squares, cut at 0


def test_respondents_who_are_not_heard_leave_the_model_as_it_is() -> None:
    one = trial(np.random.default_rng(8), 20, 0.5, 0.6)
    unheard = dataclasses.replace(one.direct, is_heard=UNIT < 0, values=np.full(STATISTICS, np.nan))
    found = dataclasses.replace(one, direct=unheard).combined()
    np.testing.assert_array_equal(found.values, one.made)
    assert found.bias == 0
    np.testing.assert_allclose(found.freedom, REPLICATES - 1)


def test_replicates_that_agree_on_nobody_are_no_proof_of_nobody() -> None:
    one = trial(np.random.default_rng(9), 20, 1.0, 0.0)
    alike = one.replicated.made.copy()
    alike[:, :, 0] = 0.0
    made = np.where(np.arange(STATISTICS) == 0, 0.0, one.made)
    own = dataclasses.replace(one.direct, values=np.where(np.arange(STATISTICS) == 0, 0, one.made))
    scarce = dataclasses.replace(own, is_scarce=np.arange(STATISTICS) == 0)
    replicated = Replicated(alike, one.replicated.direct)
    narrow, wide = (
        dataclasses.replace(one, made=made, direct=each, replicated=replicated).combined()
        for each in (own, scarce)
    )
    assert narrow.variance[0] < 0.1 * np.median(narrow.variance)
    assert wide.variance[0] > 0.5 * np.median(wide.variance)


def test_a_replicate_without_a_value_does_not_count() -> None:
    one = trial(np.random.default_rng(10), 20, 0.5, 0.6)
    made, direct = one.replicated.made.copy(), one.replicated.direct.copy()
    made[3, :, 5], direct[3, 5] = np.nan, np.nan
    found = dataclasses.replace(one, replicated=Replicated(made, direct)).combined()
    assert np.isfinite(found.values).all()
    np.testing.assert_allclose(found.variance, one.combined().variance, rtol=0.5)
