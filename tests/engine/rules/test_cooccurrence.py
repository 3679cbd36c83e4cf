from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest

from simulacra.engine.rules import cooccurrence, exclusions
from simulacra.engine.rules.exclusions import Exclusion
from tests.studies import rule_survey

ROWS = 400


def learned(columns: Mapping[str, object]) -> tuple[list[Exclusion], list[str]]:
    """Return the exclusions of a table, and their sentences."""
    study = rule_survey.rule_study(columns)
    rules = exclusions.learn(study)
    return rules, [sentence for rule in rules for sentence in rule.sentences(study.states)]


def test_rows_that_were_not_counted_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    left = np.repeat(["a", "b"], ROWS // 2)
    right = np.where(left == "a", "x", "y")
    assert learned({"left": left, "right": right})[1] == ["left decides right"]
    monkeypatch.setattr(cooccurrence, "MAX_COUNTED_ROWS", ROWS // 2)
    right[1] = "y"  # between the rows that are counted
    assert learned({"left": left, "right": right})[1] == ["left is never 'b' with right 'x'"]


def related() -> list[object]:
    rng = np.random.default_rng(3)
    first = rng.integers(0, 6, ROWS)
    return [first, first // 2, rng.integers(0, 3, ROWS), pa.array(first, mask=first > 3)]


def test_blocks_of_states_give_what_one_block_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    in_one_block, sentences = learned(dict(zip("abcd", related(), strict=True)))
    monkeypatch.setattr(cooccurrence, "BLOCK", 4)
    monkeypatch.setattr(cooccurrence, "CHUNK", 37)
    in_blocks, _ = learned(dict(zip("abcd", related(), strict=True)))
    assert len(sentences) >= 3
    assert [rule.to_json() for rule in in_one_block] == [rule.to_json() for rule in in_blocks]
