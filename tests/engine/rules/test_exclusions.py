from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.rules import exclusions
from simulacra.engine.rules.exclusions import Exclusion
from tests.studies import rule_survey

ROWS = 400
SEEDS = st.integers(0, 2**32 - 1)


def learned(columns: Mapping[str, object]) -> tuple[list[Exclusion], list[str]]:
    """Return the exclusions of a table, in the order of their columns, and their sentences."""
    study = rule_survey.rule_study(columns)
    rules = sorted(exclusions.learn(study), key=lambda rule: rule.positions)
    return rules, [sentence for rule in rules for sentence in rule.sentences(study.states)]


@given(SEEDS)
def test_a_skip_pattern_is_learned(seed: int) -> None:
    rng = np.random.default_rng(seed)
    owns = rng.choice(["Yes", "No"], ROWS)
    brand = pa.array(rng.choice(["X", "Y", "Z"], ROWS), mask=owns == "No")
    spend = pa.array(rng.gamma(2, 50, ROWS).round(2), mask=owns == "No")
    _, sentences = learned({"owns": owns, "brand": brand, "spend": spend})
    assert "brand is missing exactly when owns is 'No'" in sentences
    assert "spend is missing exactly when owns is 'No'" in sentences
    assert "spend is missing exactly when brand is missing" in sentences


@given(SEEDS)
def test_a_zero_on_a_long_scale_may_be_rare(seed: int) -> None:
    """Who saw no page spent no time on any: 40 of 8,000, below the share of other values."""
    rng = np.random.default_rng(seed)
    pages = rng.integers(1, 300, 8_000)
    pages[:40] = 0
    seconds = rng.gamma(2, 30, 8_000).round(2) + 0.01
    seconds[:600] = 0
    _, sentences = learned({"pages": pages, "seconds": seconds})
    assert "some values of pages and seconds never meet" in sentences


@given(SEEDS)
def test_an_exclusive_option_is_learned(seed: int) -> None:
    rng = np.random.default_rng(seed)
    none = rng.random(ROWS) < 0.3
    one, two = (rng.random((2, ROWS)) < 0.5) & ~none
    rules, sentences = learned({"none": none, "one": one, "two": two})
    assert sentences == [
        "none is never 'true' with one 'true'",
        "none is never 'true' with two 'true'",
    ]
    assert rules[0].table.sum() == 3  # missing, which no row is, with either level of the other


@given(SEEDS)
def test_a_heavy_number_is_a_state(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pages = rng.poisson(0.8, ROWS)
    seconds = np.where(pages > 0, rng.gamma(2, 30, ROWS).round(1) + 0.1, 0.0)
    (rule,), _ = learned({"pages": pages, "seconds": seconds})
    table = rule.table
    assert table[0, 1:].all()
    assert table[1:-1, 0].all()
    assert not table[0, 0]


@given(SEEDS)
def test_a_function_covers_rare_levels(seed: int) -> None:
    """Five rows at least keep a level from being pooled; alone they would prove nothing."""
    rng = np.random.default_rng(seed)
    town = np.concatenate([np.arange(8).repeat(20), np.arange(6), rng.choice(6, ROWS - 166)])
    state = pa.array(np.array(["A", "B", "C"])[town % 3], mask=rng.random(ROWS) < 0.1)
    (rule,), sentences = learned({"town": [f"t{number}" for number in town], "state": state})
    assert sentences == ["town decides state"]
    assert (~rule.table[:-1, :-1]).sum(axis=1).tolist() == [1] * 8


def test_independent_columns_exclude_nothing() -> None:
    """A false exclusion in at most 1 study of 100, so 4 in 100 studies are 1 false alarm in 270.

    The seeds are fixed.
    """
    false = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        columns = {f"c{i}": rng.choice(list("abcdefgh")[: 2 + i], ROWS) for i in range(6)}
        columns["n"] = rng.poisson(2, ROWS)
        columns["m"] = pa.array(rng.gamma(1, 1, ROWS).round(2), mask=rng.random(ROWS) < 0.2)
        false += bool(learned(columns)[0])
    assert false < 4
