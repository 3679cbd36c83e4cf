from collections.abc import Mapping

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.rules import coverings
from simulacra.engine.rules.coverings import Covering
from simulacra.engine.rules.states import PartialRows
from tests.studies import rule_survey

ROWS = 400


def learned(columns: Mapping[str, object]) -> list[Covering]:
    return list(coverings.learn(rule_survey.rule_study(columns)))


@given(st.integers(0, 2**32 - 1))
def test_none_of_these_is_chosen_where_nothing_else_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, two, three, apart = rng.random((4, ROWS)) < 0.4
    none = ~(one | two | three)
    options = {"apart": apart, "one": one, "two": two, "three": three, "none": none}
    (rule,) = learned(options)
    assert rule == Covering((1, 2, 3, 4), (1, 1, 1, 1))


def test_the_last_option_is_forced_whichever_it_is() -> None:
    rule = Covering((0, 1, 2), (1, 1, 1))
    drawn = {0: np.array([0.0, 1, 0, np.nan]), 2: np.zeros(4)}
    forced = rule.forbid(1, PartialRows(drawn, (), 4))
    assert forced is not None
    assert forced.tolist() == [[True, False, False], [False] * 3, [True, False, False], [False] * 3]
    assert rule.forbid(2, PartialRows({0: np.zeros(4)}, (), 4)) is None  # there is one to come


def test_independent_options_cover_nothing() -> None:
    """A false covering in at most 1 study of 100; three among 100 are 1 false alarm in 12."""
    false_rules = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        false_rules += learned({f"o{i}": rng.random(ROWS) < 0.6 for i in range(6)})
    assert len(false_rules) < 3
