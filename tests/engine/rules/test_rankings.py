from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.engine.rules import rankings
from simulacra.engine.rules.rankings import FREE, Ranking
from simulacra.engine.rules.states import PartialRows
from tests.studies import rule_survey

LEVELS = np.array([f"brand {letter}" for letter in "ABCDEFGHIJ"])


def ranks(rows: int, options: int, seed: int) -> np.ndarray:
    """Return the rank of each option, the later ones lower on the whole."""
    rng = np.random.default_rng(seed)
    liked = rng.normal(size=(rows, options)) + np.linspace(0, 1.5, options)
    return liked.argsort(axis=1).argsort(axis=1) + 1


def choices(rows: int, options: int, places: int, seed: int) -> np.ndarray:
    return LEVELS[ranks(rows, options, seed).argsort(axis=1)[:, :places]]


def named(values: np.ndarray, stem: str = "q") -> dict[str, object]:
    return {f"{stem}{index}": values[:, index] for index in range(values.shape[1])}


def learned(columns: Mapping[str, object]) -> list[Ranking]:
    return list(rankings.learn(rule_survey.rule_study(columns)))


@settings(max_examples=10)
@given(st.integers(4, 9), st.integers(0, 2**32 - 1))
def test_ranks_and_choices_are_rankings(options: int, seed: int) -> None:
    age = np.random.default_rng(seed).integers(1, 40, 300)
    columns = {"age": age, **named(ranks(300, options, seed)), "other": age[::-1].copy()}
    (rule,) = learned(columns)
    assert rule.positions == tuple(range(1, options + 1))
    (of_choices,) = learned({"age": age, **named(choices(300, options, 3, seed))})
    assert of_choices.positions == (1, 2, 3)


def test_one_value_may_come_in_several_columns() -> None:
    """0 for what was not ranked, and a level such as none."""
    unranked = np.where(ranks(400, 6, 0) > 4, 0, ranks(400, 6, 0))
    (rule,) = learned(named(unranked))
    assert rule.values[0] == (FREE, 1, 2, 3, 4, FREE, FREE)
    picked = choices(400, 5, 3, 0).astype(object)
    picked[:150, 2] = picked[:60, 1] = "None"
    (of_levels,) = learned(named(picked))
    assert FREE in of_levels.values[1][:-1]
    both = picked.copy()
    both[150:250, 2] = both[150:250, 1]
    assert all(len(rule.columns) < 3 for rule in learned(named(both)))


@pytest.mark.parametrize(
    "columns",
    [
        named(np.random.default_rng(0).integers(1, 6, (400, 5))),
        named(LEVELS[np.random.default_rng(0).integers(0, 5, (400, 4))]),
        named(np.arange(400)[:, None] % 7 + [1, 11, 21]),
        named(ranks(12, 5, 0)[np.arange(400) % 12][:, :2]),
        named(ranks(400, 4, 0) + 3),
        {
            "a": np.append(choices(400, 5, 2, 0)[:, 0], ["own"] * 9),
            "b": np.append(choices(400, 5, 2, 0)[:, 1], ["none"] * 9),
        },
    ],
    ids=[
        "ratings",
        "levels",
        "scales of their own",
        "two columns of numbers",
        "from 4 on",
        "two columns of levels of their own",
    ],
)
def test_other_batteries_are_none(columns: dict[str, object]) -> None:
    assert not learned(columns)


def test_ratings_give_no_false_ranking() -> None:
    """A false one in at most 1 study of 100; two among 60 are 1 false alarm in 8."""
    false = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        low = rng.integers(1, 4, (120, 1))
        false += bool(learned(named(np.clip(low + rng.integers(0, 8, (120, 6)), 1, 9))))
    assert false < 2


def test_values_of_other_columns_are_forbidden() -> None:
    states = rule_survey.rule_study(named(ranks(300, 4, 0))).states
    rule = Ranking((0, 1, 2, 3), ((1, 2, 3, 4, FREE, FREE),) * 4)
    rows = PartialRows({0: np.array([2.0, np.nan]), 2: np.array([4.0, 1.0])}, states, 2)
    forbidden = rule.forbid(1, rows)
    assert forbidden is not None
    assert forbidden.tolist() == [
        [False, True, False, True, False, False],
        [True, False, False, False, False, False],
    ]
    with pytest.raises(ValueError, match="each state"):
        Ranking.from_json({"positions": [0, 1], "values": [[1, 2], [1, 2]]}, states)


def test_made_rows_repeat_no_rank() -> None:
    """The pairwise exclusions of so few respondents would leave repeats in most rows."""
    columns = named(ranks(200, 7, 3), "rank_") | named(choices(200, 8, 3, 4), "choice_")
    age = np.random.default_rng(0).integers(18, 80, 200)
    model = simulacra.fit(pa.table({**columns, "age": age}))
    assert "rank_0, rank_1, rank_2, rank_3, rank_4, rank_5, rank_6 are all different" in model.rules
    for shares in (None, {"choice_0": {"brand A": 0.6}}):
        table = model.generate(500, seed=1, categorical=shares).table
        for stem, width in (("rank_", 7), ("choice_", 3)):
            rows = zip(*(table[f"{stem}{i}"].to_pylist() for i in range(width)), strict=True)
            assert all(len({*row}) == width for row in rows)
