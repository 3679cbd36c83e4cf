from collections.abc import Mapping

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.rules import exclusive_options
from tests.studies import rule_survey

ROWS = 400
SEEDS = st.integers(0, 2**32 - 1)


def learned(columns: Mapping[str, object]) -> list[tuple[int, int, list[list[bool]]]]:
    return [
        (rule.first, rule.second, rule.table.tolist())
        for rule in exclusive_options.learn(rule_survey.rule_study(columns))
    ]


@given(SEEDS)
def test_a_rare_none_of_these_is_chosen_alone(seed: int) -> None:
    """Twelve rows choose it, which no single option proves: 12 of 400 miss one of 0.3 by chance."""
    rng = np.random.default_rng(seed)
    options = rng.random((ROWS, 8)) < 0.3
    options[:12] = False
    options[12:, 0] |= ~options[12:].any(axis=1)
    none = np.arange(ROWS) < 12
    rules = learned({**{f"o{i}": option for i, option in enumerate(options.T)}, "none": none})
    both = [[False, False, False], [False, True, False], [False] * 3]
    assert rules == [(option, 8, both) for option in range(8)]


@given(SEEDS)
def test_an_option_that_once_meets_another_is_none_of_them(seed: int) -> None:
    rng = np.random.default_rng(seed)
    options = rng.random((ROWS, 4)) < 0.5
    none = np.asarray(~options.any(axis=1))
    none[np.flatnonzero(options.any(axis=1))[0]] = True
    assert learned({**{f"o{i}": option for i, option in enumerate(options.T)}, "none": none}) == []


def test_independent_options_are_not_taken_for_exclusive_ones() -> None:
    """A false one in at most 1 study of 100; three among 100 are 1 false alarm in 12."""
    false_rules = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        false_rules += learned({f"o{i}": rng.random(ROWS) < 0.03 * (i + 1) for i in range(6)})
    assert len(false_rules) < 3
