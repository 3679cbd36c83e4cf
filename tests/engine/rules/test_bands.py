from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.rules import bands
from simulacra.engine.rules.bands import Band
from simulacra.engine.rules.exclusions import Exclusion
from simulacra.engine.rules.rule import Rule
from tests.studies import rule_survey

ROWS = 600
SEEDS = st.integers(0, 2**32 - 1)


def learn(columns: Mapping[str, object]) -> list[Rule]:
    return list(bands.learn(rule_survey.rule_study(columns)))


def learned(columns: Mapping[str, object]) -> list[Band]:
    """Return the bands alone."""
    return [rule for rule in learn(columns) if isinstance(rule, Band)]


@given(SEEDS)
def test_age_bands_are_learned_with_their_cut_points(seed: int) -> None:
    rng = np.random.default_rng(seed)
    age = np.concatenate([np.arange(18, 90), rng.integers(18, 90, ROWS - 72)])
    names = np.array(["young", "middle", "old"])
    skipped = (rng.random(ROWS) < 0.1) & (np.arange(ROWS) >= 72)
    band = pa.array(names[np.searchsorted([30, 60], age, side="right")], mask=skipped)
    (rule,) = learned({"age": age, "band": band})
    assert rule.edges.tolist() == [29.5, 59.5]
    assert rule.allowed[:, -1].all()  # missing goes with any age


@given(SEEDS)
def test_a_question_asked_from_an_age_on_is_learned(seed: int) -> None:
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, ROWS)
    pension = pa.array(rng.gamma(2, 500, ROWS).round(2), mask=age < 65)
    (rule,) = learned({"age": age, "pension": pension})
    assert rule.edges[0] == pytest.approx(64.5, abs=2)
    assert rule.allowed[:, -1].tolist() == [True, False]
    assert rule.allowed[:, :-1].all(axis=1).tolist() == [False, True]


@pytest.mark.parametrize(
    ("low", "high", "cut"),
    [(49_876.12, 50_431.9, 50_000), (64, 65, 65), (-3.2, 1.7, 0), (0.87, 0.91, 0.9), (7, 7, 7)],
)
def test_people_cut_at_round_numbers(low: float, high: float, cut: float) -> None:
    assert bands._roundest(low, high) == cut


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e6))
def test_the_roundest_number_lies_between(low: float, width: float) -> None:
    assert low <= bands._roundest(low, low + width) <= low + width


def test_a_number_in_bands_decides_nothing_if_one_row_is_out_of_place() -> None:
    age = np.linspace(18, 90, ROWS).round(1)
    band = np.where(age < 40, "young", "old")
    assert len(learned({"age": age, "band": band})) == 1
    band[300] = "young"
    assert learned({"age": age, "band": band}) == []


def test_columns_that_one_number_decides_exclude_each_other() -> None:
    age = np.linspace(18, 90, ROWS).round(1)
    band, retired = np.where(age < 40, "young", "old"), np.where(age < 65, "no", "yes")
    *_, exclusion = learn({"age": age, "band": band, "retired": retired})
    assert isinstance(exclusion, Exclusion)
    assert exclusion.positions == (1, 2)
    assert exclusion.table[:2, :2].tolist() == [
        [False, False],
        [False, True],
    ]  # nobody is young and retired


def test_independent_numbers_decide_nothing() -> None:
    """A false band in at most 1 study of 100; two among 100 are 1 false alarm in 4."""
    false_bands = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        false_bands += learn(
            {
                "n": rng.normal(size=ROWS).round(3),
                "two": rng.choice(["a", "b"], ROWS),
                "rare": rng.random(ROWS) < 0.03,
                "gaps": pa.array(rng.normal(size=ROWS).round(3), mask=rng.random(ROWS) < 0.03),
            }
        )
    assert len(false_bands) < 3
