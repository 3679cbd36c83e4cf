from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.rules import identities
from simulacra.engine.rules.identities import Identity
from simulacra.engine.rules.interval import Interval
from simulacra.engine.rules.states import PartialRows
from tests.studies import rule_survey

ROWS = 300
SEEDS = st.integers(0, 2**32 - 1)


def learned(columns: Mapping[str, object]) -> list[Identity]:
    return identities.learn(rule_survey.rule_study(columns))


def shape(rule: Identity) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return rule.positions, rule.coefficients


@given(SEEDS)
def test_a_total_is_the_sum_of_its_parts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = rng.gamma(2, 40, (ROWS, 3)).round(2)
    (rule,) = learned(
        {
            "noise": rng.normal(size=ROWS).round(3),
            "a": parts[:, 0],
            "b": parts[:, 1],
            "c": parts[:, 2],
            "total": parts.sum(axis=1).round(2),
        }
    )
    assert shape(rule) == ((1, 2, 3, 4), (1, 1, 1, -1))
    assert (rule.constant, rule.tolerance) == (0, 0)


@given(SEEDS)
def test_an_allocation_adds_up_where_it_was_asked_for(seed: int) -> None:
    rng = np.random.default_rng(seed)
    split = rng.multinomial(100, [0.5, 0.3, 0.2], ROWS)
    skipped = rng.random(ROWS) < 0.4
    columns: dict[str, object] = {
        f"part_{i}": pa.array(split[:, i], mask=skipped) for i in range(3)
    }
    columns["holes"] = pa.array(rng.normal(size=ROWS).round(3), mask=rng.random(ROWS) < 0.3)
    (rule,) = learned(columns)
    assert shape(rule) == ((0, 1, 2), (1, 1, 1))
    assert rule.constant == 100


@given(SEEDS)
def test_rounded_means_are_identities_within_rounding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = rng.integers(0, 100, (ROWS, 4))
    mean = items.mean(axis=1).round(1)
    (rule,) = learned({**{f"i{i}": items[:, i] for i in range(4)}, "mean": mean})
    assert shape(rule) == ((0, 1, 2, 3, 4), (1, 1, 1, 1, -4))
    assert 0 < rule.tolerance <= 0.2 + 1e-9


def test_two_identities_that_share_a_column() -> None:
    rng = np.random.default_rng(1)
    a, b, c = rng.integers(0, 50, (3, ROWS))
    rules = learned({"a": a, "b": b, "ab": a + b, "c": c, "abc": a + b + c})
    assert sorted(rule.positions for rule in rules) == [(0, 1, 2), (0, 1, 3, 4), (2, 3, 4)]
    assert all(rule.tolerance == 0 for rule in rules)


def test_a_shorter_identity_that_follows_from_two_others_is_learned_too() -> None:
    """Without it a sale price would be bound only by columns that may come after it."""
    rng = np.random.default_rng(4)
    price, discount, other = rng.integers(100, 200, (3, ROWS))
    sale = price - discount
    columns = {"price": price, "discount": discount, "sale": sale, "other": other}
    study = rule_survey.rule_study({**columns, "difference": sale - other})
    known = {
        positions: Identity(positions, coefficients, 0.0, 0.0)
        for positions, coefficients in {
            (0, 1, 3, 4): (1, -1, -1, -1),
            (2, 3, 4): (1, -1, -1),
        }.items()
    }
    identities._add_implied(study, known)
    assert shape(known[0, 1, 2]) == ((0, 1, 2), (1, -1, -1))


def test_a_part_is_not_bound_as_long_as_another_may_still_be_missing() -> None:
    rng = np.random.default_rng(5)
    parts = rng.integers(0, 50, (ROWS, 2))
    total = pa.array(parts.sum(axis=1), mask=rng.random(ROWS) < 0.3)
    study = rule_survey.rule_study({"a": parts[:, 0], "b": parts[:, 1], "total": total})
    (rule,) = identities.learn(study)
    rows = PartialRows({0: np.array([49.0])}, study.states, 1)
    interval = Interval.unbounded(1)
    rule.narrow(1, rows, interval)
    assert (interval.low[0], interval.high[0]) == (-np.inf, np.inf)


def test_strongly_correlated_columns_are_no_identity() -> None:
    rng = np.random.default_rng(2)
    score = rng.normal(50, 10, ROWS)
    noisy = score + rng.normal(0, 0.3, ROWS)
    assert learned({"score": score.round(2), "noisy": noisy.round(2)}) == []


def test_independent_columns_add_up_to_nothing() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        columns: dict[str, object] = {f"c{i}": rng.integers(1, 6, ROWS) for i in range(20)}
        assert learned(columns) == []
