"""Statistical checks against truths known in code; seeds are fixed, so none of them can flicker.

Each bound names how often a sound engine would break it if the seeds were drawn anew.
"""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

import simulacra

RESPONDENTS, ROWS = 4_000, 20_000


def known(size: int, rng: np.random.Generator) -> pa.Table:
    """Answers where `trust` doubles the odds of staying per point, and pay is a spiked scale."""
    group = rng.choice(["a", "b", "c"], size, p=[0.6, 0.3, 0.1])
    trust = rng.integers(1, 6, size)
    odds = 0.25 * 2.0 ** (trust - 1) * np.where(group == "c", 3, 1)
    stays = rng.random(size) < odds / (1 + odds)
    pay = np.round(np.exp(rng.normal(7, 0.4, size) + 0.2 * trust), 1)
    return pa.table(
        {
            "group": group,
            "trust": trust,
            "stays": stays,
            "pay": np.where(rng.random(size) < 0.2, 1_500.0, pay),
        }
    )


@pytest.fixture(scope="module")
def study() -> pa.Table:
    return known(RESPONDENTS, np.random.default_rng(11))


@pytest.fixture(scope="module")
def model(study: pa.Table) -> simulacra.Model:
    return simulacra.fit(study)


@pytest.fixture(scope="module")
def synthetic(model: simulacra.Model) -> pa.Table:
    return model.generate(ROWS, seed=3).table


@pytest.mark.parametrize("column", ["group", "trust", "stays"])
def test_shares_are_those_of_the_study(study: pa.Table, synthetic: pa.Table, column: str) -> None:
    """Standard error at most 0.0035: one false alarm in 10,000 draws of a level at 0.015."""
    levels = set(study[column].to_pylist())
    assert set(synthetic[column].to_pylist()) == levels
    for level in levels:
        share = np.mean(np.array(synthetic[column].to_pylist()) == level)
        assert share == pytest.approx(
            np.mean(np.array(study[column].to_pylist()) == level), abs=0.015
        )


def test_a_scale_is_that_of_the_study(study: pa.Table, synthetic: pa.Table) -> None:
    """Kolmogorov's 1 in 10,000 point for 4,000 against 20,000 rows is 0.038."""
    distance = stats.ks_2samp(study["pay"].to_numpy(), synthetic["pay"].to_numpy()).statistic
    assert distance < 0.038


def test_a_spike_stays_a_spike(synthetic: pa.Table) -> None:
    """Of the study's 0.2 with a standard error of 0.0063 and the draw's of 0.0028: 4 of both."""
    assert np.mean(synthetic["pay"].to_numpy() == 1_500.0) == pytest.approx(0.2, abs=0.028)


def test_a_known_dependence_stays(synthetic: pa.Table) -> None:
    """The log odds of staying rise by log 2 a point.

    A study of 4,000 rows: a standard error of about 0.025 for the slope; 0.13 is five of them.
    """
    plain = synthetic.filter(pa.compute.not_equal(synthetic["group"], "c"))
    trust, stays = plain["trust"].to_numpy(), np.array(plain["stays"].to_pylist())
    odds = [np.mean(stays[trust == point]) for point in range(1, 6)]
    slope = np.polyfit(range(5), np.log(np.array(odds) / (1 - np.array(odds))), 1)[0]
    assert slope == pytest.approx(np.log(2), abs=0.13)


def test_other_columns_follow_the_conditioned_ones(model: simulacra.Model) -> None:
    """With more of group c more people stay, as Bayes' rule has it for the population.

    The study's 400 people of group c give a standard error of 0.02; 0.08 is four of them.
    """
    truth = known(400_000, np.random.default_rng(12))
    stays = np.array(truth["stays"].to_pylist())
    group = np.array(truth["group"].to_pylist())
    expected = 0.8 * stays[group == "c"].mean() + 0.2 * stays[group == "a"].mean()
    out = model.generate(5_000, seed=4, categorical={"group": {"c": 0.8, "a": 0.2}})
    assert np.mean(out.table["stays"].to_pylist()) == pytest.approx(expected, abs=0.08)
    assert expected > stays.mean() + 0.1


def test_nobodys_own_number_comes_out_more_often_than_by_chance(
    study: pa.Table, synthetic: pa.Table
) -> None:
    """A number of a single respondent is drawn from around it, on a grid of tenths."""
    values, counts = np.unique(study["pay"].to_numpy(), return_counts=True)
    alone = values[counts == 1]
    pay = synthetic["pay"].to_numpy()
    share_of_own = np.mean(np.isin(pay, alone))
    share_beside = np.mean(np.isin(pay, np.setdiff1d(np.round(alone + 0.1, 1), values)))
    assert share_of_own < 2.5 * share_beside
