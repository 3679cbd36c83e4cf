from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.rules import exclusions, states
from simulacra.engine.rules.exclusions import Exclusions
from tests.studies import rule_survey

ROWS = 400
SEEDS = st.integers(0, 2**32 - 1)


def learned(columns: Mapping[str, object]) -> tuple[Exclusions, list[str]]:
    """Return the exclusions of a table, and their lines."""
    study = rule_survey.study(columns)
    known = states.of_all(study.schema, study.values)
    found = exclusions.learn(known, states.coded(known, study.values))
    return found, list(found.lines(known, ()))


@given(SEEDS)
def test_a_skip_pattern_is_learned(seed: int) -> None:
    rng = np.random.default_rng(seed)
    owns = rng.choice(["Yes", "No"], ROWS)
    brand = pa.array(rng.choice(["X", "Y", "Z"], ROWS), mask=owns == "No")
    spend = pa.array(rng.gamma(2, 50, ROWS).round(2), mask=owns == "No")
    _, lines = learned({"owns": owns, "brand": brand, "spend": spend})
    assert "brand is missing exactly when owns is 'No'" in lines
    assert "spend is missing exactly when owns is 'No'" in lines
    assert "spend is missing exactly when brand is missing" in lines


@given(SEEDS)
def test_an_exclusive_option_is_learned(seed: int) -> None:
    rng = np.random.default_rng(seed)
    none = rng.random(ROWS) < 0.3
    one, two = (rng.random((2, ROWS)) < 0.5) & ~none
    found, lines = learned({"none": none, "one": one, "two": two})
    assert lines == [
        "none is never 'true' with one 'true'",
        "none is never 'true' with two 'true'",
    ]
    assert found.tables[0, 1].sum() == 3  # missing, which no row is, with either level of the other


@given(SEEDS)
def test_a_heavy_number_is_a_state(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pages = rng.poisson(0.8, ROWS)
    seconds = np.where(pages > 0, rng.gamma(2, 30, ROWS).round(1) + 0.1, 0.0)
    found, _ = learned({"pages": pages, "seconds": seconds})
    table = found.tables[0, 1]
    assert table[0, 1:].all()
    assert table[1:-1, 0].all()
    assert not table[0, 0]


@given(SEEDS)
def test_a_function_covers_rare_levels(seed: int) -> None:
    """Five rows at least keep a level from being pooled; alone they would prove nothing."""
    rng = np.random.default_rng(seed)
    town = np.concatenate([np.arange(8).repeat(20), np.arange(6), rng.choice(6, ROWS - 166)])
    state = pa.array(np.array(["A", "B", "C"])[town % 3], mask=rng.random(ROWS) < 0.1)
    found, lines = learned({"town": [f"t{one}" for one in town], "state": state})
    assert lines == ["town decides state"]
    assert (~found.tables[0, 1][:-1, :-1]).sum(axis=1).tolist() == [1] * 8


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
        false += bool(learned(columns)[0].tables)
    assert false < 4


def test_rows_that_were_not_counted_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    one = np.repeat(["a", "b"], ROWS // 2)
    other = np.where(one == "a", "x", "y")
    assert learned({"one": one, "other": other})[1] == ["one decides other"]
    monkeypatch.setattr(exclusions, "MAX_COUNTED_ROWS", ROWS // 2)
    other[1] = "y"  # between the rows that are counted
    assert learned({"one": one, "other": other})[1] == ["one is never 'b' with other 'x'"]


def test_blocks_of_states_give_what_one_block_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, lines = learned(dict(zip("abcd", _related(), strict=True)))
    monkeypatch.setattr(exclusions, "BLOCK", 4)
    monkeypatch.setattr(exclusions, "CHUNK", 37)
    parts, _ = learned(dict(zip("abcd", _related(), strict=True)))
    assert len(lines) >= 3
    assert whole.to_json() == parts.to_json()


def _related() -> list[object]:
    rng = np.random.default_rng(3)
    first = rng.integers(0, 6, ROWS)
    return [first, first // 2, rng.integers(0, 3, ROWS), pa.array(first, mask=first > 3)]
