import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulacra
from benchmarks import rules
from benchmarks.questionnaires import QUESTIONNAIRES


@pytest.mark.parametrize("name", QUESTIONNAIRES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_a_study_in_code_breaks_none_of_its_rules(name: str, seed: int) -> None:
    study = QUESTIONNAIRES[name]
    rows = rules.frame(pa.table(study.draw(500, np.random.default_rng(seed))))
    for rule in study.rules:
        assert set(rule.columns) <= set(rows)
        assert not rule.broken_rows(rows).any(), rule.text


@pytest.mark.parametrize("name", QUESTIONNAIRES)
def test_independent_columns_break_most_rules(name: str) -> None:
    study, rng = QUESTIONNAIRES[name], np.random.default_rng(0)
    rows = rules.frame(pa.table(study.draw(2_000, rng)))
    shuffled = rows.apply(lambda column: rng.permutation(column.to_numpy()))
    for rule in study.rules:
        assert rule.broken_rows(shuffled).any(), rule.text


@pytest.mark.parametrize(
    ("rule", "obeying", "violating"),
    [
        (rules.skip("b", "a", ("Yes",)), {"a": "Yes", "b": "x"}, {"a": "No", "b": "x"}),
        (rules.skip("b", "a", ("Yes",)), {"a": "No", "b": None}, {"a": "Yes", "b": None}),
        (rules.lookup("b", "a", {"x": 1.0}), {"a": "x", "b": 1.0}, {"a": "x", "b": 2.0}),
        (rules.band("b", "a", (0, 5), ("l", "h")), {"a": 5, "b": "h"}, {"a": 5, "b": "l"}),
        (rules.total(("a", "b"), 10.0), {"a": 4.0, "b": 6.0}, {"a": 4.0, "b": 7.0}),
        (rules.total(("a", "b"), "c", 1), {"a": 1, "b": 2, "c": 3.0}, {"a": 1, "b": 2, "c": 3.1}),
        (rules.ordering("a", "b"), {"a": 1.0, "b": 1.0}, {"a": 2.0, "b": 1.0}),
        (rules.implies("a", (0.0,), "b", (0.0,)), {"a": 0.0, "b": 0.0}, {"a": 0.0, "b": 3.0}),
        (rules.exclusive_option("a", ("b",)), {"a": "Yes", "b": "No"}, {"a": "Yes", "b": "Yes"}),
        (rules.all_different(("a", "b")), {"a": 1.0, "b": 2.0}, {"a": 2.0, "b": 2.0}),
    ],
    ids=lambda value: value.text if isinstance(value, rules.Rule) else "",
)  # fmt: skip
def test_a_rule_tells_rows_that_keep_it_from_rows_that_break_it(
    rule: rules.Rule, obeying: dict[str, object], violating: dict[str, object]
) -> None:
    assert rule.broken_rows(pd.DataFrame([obeying, violating])).tolist() == [False, True]


def test_generated_rows_come_under_the_names_of_the_file() -> None:
    rng = np.random.default_rng(0)
    study = pa.table({"How old?": rng.integers(18, 60, 300), "sex": rng.choice(["f", "m"], 300)})
    model = simulacra.fit(study)
    assert list(rules.frame(model.generate(5, seed=1).table, model.schema)) == ["How old?", "sex"]
