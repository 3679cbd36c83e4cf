from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns.arrays import Int32s
from simulacra.engine.model import exchanging
from simulacra.engine.rules import orderings
from simulacra.engine.rules.orderings import Ordering
from simulacra.engine.rules.ruleset import Rules
from tests.studies import rule_survey

ROWS = 200


def rules() -> Rules:
    """Return one rule: the first column is at most the second."""
    rng = np.random.default_rng(0)
    low = rng.integers(0, 50, 400)
    study = rule_survey.rule_study({"low": low, "high": low + rng.integers(0, 20, 400)})
    (rule,) = orderings.learn(study)
    assert rule == Ordering(0, 1, is_strict=False)
    return Rules(study.states, (rule,))


RULES = rules()


def exchanged(
    low: np.ndarray, high: np.ndarray, leaves: Int32s, taken: Int32s, seed: int = 0
) -> Mapping[str, np.ndarray]:
    """Exchange values of the second column, and return what became of them."""
    values, donors = high.copy(), np.arange(len(high), dtype=np.int32)
    checker = RULES.checker(1, {0: low})
    broken = np.flatnonzero(checker.broken(values))
    left = exchanging.exchange(
        checker, donors, values, leaves, taken, broken, np.random.default_rng(seed)
    )
    return {"values": values, "donors": donors, "broken": broken, "left": left}


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_an_exchange_keeps_the_marginal_and_breaks_no_rule(seed: int, leaves: int) -> None:
    rng = np.random.default_rng(seed)
    low, high = rng.integers(0, 50, (2, ROWS)).astype(np.float64)
    of = rng.integers(0, leaves, ROWS).astype(np.int32)
    taken = rng.integers(0, ROWS, (3, ROWS)).astype(np.int32)
    after = exchanged(low, high, of, taken, seed)
    np.testing.assert_array_equal(np.sort(after["values"]), np.sort(high))
    np.testing.assert_array_equal(after["values"], high[after["donors"]])
    is_broken = RULES.broken_by(1, after["values"], {0: low})
    np.testing.assert_array_equal(np.flatnonzero(is_broken), np.sort(after["left"]))
    assert set(after["left"]) <= set(after["broken"])


def test_most_rows_find_a_partner_in_their_leaf() -> None:
    """Of 200 rows some 30 break the rule by chance; their leaf has partners enough."""
    rng = np.random.default_rng(2)
    low, high = rng.integers(0, 40, ROWS).astype(float), rng.integers(20, 70, ROWS).astype(float)
    leaves = (np.arange(ROWS) % 2).astype(np.int32)
    after = exchanged(low, high, leaves, np.zeros((0, ROWS), np.int32))
    assert len(after["broken"]) > 10
    assert not len(after["left"])
    moved = np.flatnonzero(after["donors"] != np.arange(ROWS))
    assert np.mean(leaves[after["donors"][moved]] == leaves[moved]) > 0.9


def test_no_row_gets_a_second_value_of_one_respondent() -> None:
    """The donor of the only value that would do has given a value to the row before."""
    low, high = np.array([30.0, 0.0]), np.array([10.0, 40.0])
    leaves = np.zeros(2, np.int32)
    assert not len(exchanged(low, high, leaves, np.full((1, 2), 9, np.int32))["left"])
    assert exchanged(low, high, leaves, np.array([[1, 9]], np.int32))["left"].tolist() == [0]


def test_a_value_that_belongs_to_its_row_is_not_exchanged() -> None:
    low, high = np.array([30.0, 0.0]), np.array([10.0, 40.0])
    after = exchanged(low, high, np.array([0, -1], np.int32), np.zeros((0, 2), np.int32))
    assert after["values"].tolist() == [10.0, 40.0]
    assert after["left"].tolist() == [0]


@pytest.mark.parametrize("seed", range(3))
def test_the_same_stream_gives_the_same_exchange(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low, high = rng.integers(0, 50, (2, ROWS)).astype(np.float64)
    nothing = np.zeros((0, ROWS), np.int32)
    one, other = (exchanged(low, high, np.zeros(ROWS, np.int32), nothing, 5) for _ in range(2))
    np.testing.assert_array_equal(one["values"], other["values"])
